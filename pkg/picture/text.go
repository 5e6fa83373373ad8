// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package picture

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
)

// The program that shows the picture chooses the font, so widths are taken from
// the widest of the common ones: a text may end early, it never runs over its box.
const (
	// monoAdvance is the width of a character of a fixed-width font, in thousandths of its size.
	monoAdvance = 605
	ellipsis    = "…"
	// boldness is by how much larger a bold text of a proportional font seems.
	boldness = 2
)

// monoWidth is the width of s in a fixed-width font of that size.
func monoWidth(s string, size int) int {
	return (cells(s)*size*monoAdvance + 999) / 1000
}

// cells counts columns as a terminal does; what is not ASCII may come from
// another font, and counts as wide.
func cells(s string) int {
	n := 0
	for _, r := range s {
		n += cell(r)
	}
	return n
}

func cell(r rune) int {
	if r < unicode.MaxASCII || r == '…' {
		return 1
	}
	return 2
}

// sansWidth is the width of s in a proportional font of that size.
func sansWidth(s string, size int) int {
	sum := 0
	for _, r := range s {
		sum += advance(r)
	}
	return (sum*size + 999) / 1000
}

func advance(r rune) int {
	switch {
	case strings.ContainsRune(" .,:;|!'ijlft()/", r):
		return 420
	case strings.ContainsRune("mwMW%—", r):
		return 980
	case r >= 'A' && r <= 'Z':
		return 740
	case r > unicode.MaxASCII && r != '…' && r != '·':
		return 1050
	}
	return 650
}

// fitMono shortens s to a width, keeping both ends: the end of a name is what
// tells a pod or a node from its neighbours.
func fitMono(s string, size, width int) string {
	if monoWidth(s, size) <= width {
		return s
	}
	room := width*1000/(size*monoAdvance) - 1
	if room < 1 {
		return ""
	}
	tail := min(room*2/3, 12)
	return head(s, room-tail) + ellipsis + end(s, tail)
}

// fitSans shortens s to a width at its end.
func fitSans(s string, size, width int) string {
	if sansWidth(s, size) <= width {
		return s
	}
	budget := width*1000/size - advance('…')
	for i, r := range s {
		budget -= advance(r)
		if budget < 0 {
			return strings.TrimRight(s[:i], " ") + ellipsis
		}
	}
	return s
}

// head is the beginning of s, end its end, of at most so many cells.
func head(s string, room int) string {
	for i, r := range s {
		room -= cell(r)
		if room < 0 {
			return s[:i]
		}
	}
	return s
}

func end(s string, room int) string {
	runes := []rune(s)
	first := len(runes)
	for first > 0 {
		room -= cell(runes[first-1])
		if room < 0 {
			break
		}
		first--
	}
	return string(runes[first:])
}

// printable replaces what would not be seen, or would change how its neighbours
// are seen: control characters and those that turn the direction of writing.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Cf, r) {
			return unicode.ReplacementChar
		}
		return r
	}, strings.ToValidUTF8(s, string(unicode.ReplacementChar)))
}

// cores writes thousandths of a core.
func cores(milli int64) string {
	return strconv.FormatFloat(float64(milli)/1000, 'f', decimals(float64(milli)/1000), 64)
}

// gib writes bytes in GiB.
func gib(bytes int64) string {
	value := float64(bytes) / (1 << 30)
	return strconv.FormatFloat(value, 'f', decimals(value), 64)
}

// decimals are as many as a bar of a picture bears out.
func decimals(value float64) int {
	if value >= 10 {
		return 0
	}
	return 1
}

// share is how much of all is used, in percent; -1 where all is unknown.
func share(used, all int64) int {
	if all <= 0 {
		return -1
	}
	return int(min(used, all*10) * 100 / all)
}

func percent(used, all int64) string {
	if s := share(used, all); s >= 0 {
		return strconv.Itoa(s) + "%"
	}
	return "–"
}

// plural writes a number with its noun.
func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
