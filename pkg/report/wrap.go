// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package report

import (
	"strings"
	"time"
)

// readableWidth is that of running text where there is no terminal to ask.
const readableWidth = 80

// wrapped breaks text between words, so that no line takes more than width
// columns where that can be; 0 leaves it whole. The first line begins at a column
// of its own, those after it with indent.
func wrapped(text string, width, column int, indent string) string {
	words := strings.Fields(text)
	if width <= 0 || len(words) == 0 {
		return strings.Join(words, " ")
	}
	var out strings.Builder
	out.WriteString(words[0])
	column += visible(words[0])
	for _, word := range words[1:] {
		if column+1+visible(word) > width {
			out.WriteString("\n" + indent + word)
			column = visible(indent + word)
			continue
		}
		out.WriteString(" " + word)
		column += 1 + visible(word)
	}
	return out.String()
}

// room is how many columns running text may take on a stream: like tables it
// stays off the last one. 0 means that nothing is broken.
func (s Style) room() int { return max(s.width-1, 0) }

// textWidth is how many columns running text takes where it is always broken.
func (s Style) textWidth() int {
	if s.width == 0 {
		return readableWidth
	}
	return s.room()
}

// bothZones writes a time in the zone of this machine and in UTC, with the day in
// UTC only where it is another one: an operator reads the one, logs of a cloud have
// the other.
func bothZones(t time.Time) string {
	local, utc := t.Local(), t.UTC()
	text := local.Format("2006-01-02 15:04 MST")
	switch {
	case local.Format("MST") == "UTC":
		return text
	case local.Format(time.DateOnly) == utc.Format(time.DateOnly):
		return text + utc.Format(" (15:04 UTC)")
	}
	if local.Year() != utc.Year() {
		return text + utc.Format(" (2006-01-02 15:04 UTC)")
	}
	return text + utc.Format(" (01-02 15:04 UTC)")
}
