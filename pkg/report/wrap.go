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
	return broken(text, width, column, indent, func(string, bool) bool { return false })
}

// wrappedCommands is wrapped for text with commands in it. Where one is broken, the
// line ends with a backslash, and the comment behind it goes on as a comment, so that
// it can be pasted as it stands.
func wrappedCommands(text string, width, column int, indent string) string {
	return broken(text, width, column, indent, inCommandAfter)
}

// inCommandAfter reports whether the next word belongs to a command: one begins with
// the word kubectl, and ends with its clause.
func inCommandAfter(word string, inCommand bool) bool {
	if strings.TrimLeft(word, "(") == "kubectl" {
		return true
	}
	return inCommand && !strings.ContainsAny(word[len(word)-1:], ",;)")
}

// continued ends a line that is broken within a command.
const continued = " \\"

// comment begins what a shell leaves out of a command.
const comment = "#"

// broken breaks text; isInside reports whether what comes after a word belongs to a
// command, as the word itself did or did not.
func broken(text string, width, column int, indent string, isInside func(word string, inside bool) bool) string {
	words := strings.Fields(text)
	if width <= 0 || len(words) == 0 {
		return strings.Join(words, " ")
	}
	var out strings.Builder
	out.WriteString(words[0])
	column += visible(words[0])
	inside, before := isInside(words[0], false), ""
	for i, word := range words[1:] {
		note := inside && word == comment
		goesOn := !note && before == "" && isInside(word, inside)
		most := width
		if goesOn && i+2 < len(words) {
			most -= len(continued) // the next break may come behind this word
		}
		if column+1+visible(word) > most {
			if inside {
				out.WriteString(continued)
			}
			out.WriteString("\n" + indent + before + word)
			column = visible(indent + before + word)
		} else {
			out.WriteString(" " + word)
			column += 1 + visible(word)
		}
		inside = goesOn
		if note {
			before = comment + " "
		}
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
