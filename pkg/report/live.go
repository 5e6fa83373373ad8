// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package report

import (
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/term"
	"k8s.io/utils/clock"
)

// redrawEvery is how often the area is drawn, at most: what changes in between
// goes out in one write, which a slow line bears better.
const redrawEvery = 200 * time.Millisecond

// usualWidth and usualHeight are those of a terminal that does not tell.
const usualWidth, usualHeight = 80, 24

// Live is a terminal with lines that scroll and, below them, an area that is
// drawn in place.
type Live struct {
	out   io.Writer
	size  func() (width, height int)
	clock clock.WithTicker
	draw  func(width, height int) []string

	mu sync.Mutex
	// waiting is what is written above the area at the next drawing.
	waiting strings.Builder
	// shown are the lines of the area that are on the screen.
	shown  []string
	closed bool
	stop   chan struct{}
	ended  chan struct{}
}

// CanLive reports whether a stream is a terminal that an area can be drawn on.
func CanLive(stream any, getenv func(string) string) bool {
	file, isFile := stream.(*os.File)
	return isFile && term.IsTerminal(int(file.Fd())) && canMoveCursor(file, getenv("TERM"))
}

// TerminalSize asks a terminal for its size each time that it is called.
func TerminalSize(stream any) func() (width, height int) {
	return func() (int, int) {
		file, isFile := stream.(*os.File)
		if !isFile {
			return usualWidth, usualHeight
		}
		width, height, err := term.GetSize(int(file.Fd()))
		if err != nil || width <= 0 || height <= 0 {
			return usualWidth, usualHeight
		}
		return width, height
	}
}

// NewLive begins to draw. draw gives the lines of the area, none of them as wide
// as the screen; it is called from another goroutine.
func NewLive(out io.Writer, size func() (int, int), c clock.WithTicker, draw func(width, height int) []string) *Live {
	l := &Live{out: out, size: size, clock: c, draw: draw, stop: make(chan struct{}), ended: make(chan struct{})}
	go l.run()
	return l
}

func (l *Live) run() {
	defer close(l.ended)
	ticker := l.clock.NewTicker(redrawEvery)
	defer ticker.Stop()
	for {
		select {
		case <-l.stop:
			return
		case <-ticker.C():
			l.refresh()
		}
	}
}

// Write puts whole lines above the area; they appear with the next drawing, and
// at once when there is no area any more.
func (l *Live) Write(text []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return l.out.Write(text)
	}
	return l.waiting.Write(text)
}

// Close writes what is waiting, takes the area away and ends the drawing.
func (l *Live) Close() {
	close(l.stop)
	<-l.ended
	l.mu.Lock()
	defer l.mu.Unlock()
	width, _ := l.size()
	fmt.Fprint(l.out, erase(l.shown, width)+l.waiting.String())
	l.shown, l.closed = nil, true
	l.waiting.Reset()
}

// refresh draws the area anew, below the lines that were written meanwhile. It
// writes nothing when nothing has changed.
func (l *Live) refresh() {
	width, height := l.size()
	lines := l.draw(width, height)
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.waiting.Len() == 0 && slices.Equal(lines, l.shown) {
		return
	}
	text := erase(l.shown, width) + l.waiting.String()
	if len(lines) > 0 {
		text += strings.Join(lines, "\n") + "\n"
	}
	l.waiting.Reset()
	l.shown = lines
	fmt.Fprint(l.out, text)
}

// erase takes the lines of the area off the screen. The cursor stands at the
// beginning of the line below them, or behind the ^C that was typed there. Lines
// that are wider than the screen is now have been broken by it.
func erase(lines []string, width int) string {
	if len(lines) == 0 {
		return ""
	}
	rows := 0
	for _, line := range lines {
		rows += 1 + max(visible(line)-1, 0)/width
	}
	return fmt.Sprintf("\r\x1b[%dA\x1b[J", rows)
}

// visible is the number of columns that a line takes, colours left out.
func visible(line string) int {
	n, inCode := 0, false
	for _, r := range line {
		switch {
		case r == '\x1b':
			inCode = true
		case inCode:
			inCode = r != 'm'
		default:
			n++
		}
	}
	return n
}

// Screen cuts a text to the lines and columns that an area may have.
func Screen(text string, width, height int) []string {
	lines := strings.Split(strings.TrimRight(text, "\n"), "\n")
	lines = lines[:min(len(lines), max(height-1, 1))]
	for i, line := range lines {
		lines[i] = cutVisible(strings.TrimRight(line, " "), width-1)
	}
	return lines
}

// cutVisible shortens a line to a width in columns, colours left out.
func cutVisible(line string, width int) string {
	if visible(line) <= width {
		return line
	}
	var cut strings.Builder
	n, inCode, coloured := 0, false, ""
	for _, r := range line {
		switch {
		case r == '\x1b':
			inCode, coloured = true, "\x1b[0m"
		case inCode:
			inCode = r != 'm'
		default:
			n++
		}
		if n == width {
			break
		}
		cut.WriteRune(r)
	}
	return cut.String() + "…" + coloured
}
