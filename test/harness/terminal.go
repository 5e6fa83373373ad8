// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package harness

import (
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/creack/pty"
)

// Terminal is a command under way on a terminal of its own.
type Terminal struct {
	*Process
	keyboard *os.File
	read     chan struct{}

	mu   sync.Mutex
	text strings.Builder
}

// StartTerminal starts a kubectl on a terminal of 80 columns and 24 lines that
// calls itself name.
func (s *Sandbox) StartTerminal(tb testing.TB, name string, args ...string) *Terminal {
	tb.Helper()
	return s.terminal(tb, "kubectl", name, args)
}

// StartPluginTerminal starts the plugin by itself on such a terminal.
func (s *Sandbox) StartPluginTerminal(tb testing.TB, name string, args ...string) *Terminal {
	tb.Helper()
	return s.terminal(tb, "kubectl-vantiq_upgrade", name, args)
}

func (s *Sandbox) terminal(tb testing.TB, binary, name string, args []string) *Terminal {
	tb.Helper()
	t := &Terminal{Process: s.process(tb, binary, args), read: make(chan struct{})}
	t.Env = append(t.Env, "TERM="+name)
	var err error
	if t.keyboard, err = pty.StartWithSize(t.Cmd, &pty.Winsize{Cols: 80, Rows: 24}); err != nil {
		tb.Fatal(err)
	}
	go t.listen()
	t.watch()
	return t
}

// listen keeps what is written to the terminal, until the last writer is gone.
func (t *Terminal) listen() {
	defer close(t.read)
	buffer := make([]byte, 4096)
	for {
		n, err := t.keyboard.Read(buffer)
		t.mu.Lock()
		t.text.Write(buffer[:n])
		t.mu.Unlock()
		if err != nil {
			return
		}
	}
}

// Written is everything that was written to the terminal so far.
func (t *Terminal) Written() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.text.String()
}

// Type types on the keyboard.
func (t *Terminal) Type(keys string) {
	t.tb.Helper()
	if _, err := t.keyboard.WriteString(keys); err != nil {
		t.tb.Fatal(err)
	}
}

// Wait returns how the command ended; Stdout is what the terminal shows, with
// what has scrolled off it.
func (t *Terminal) Wait() Result {
	t.tb.Helper()
	r := t.Process.Wait()
	<-t.read
	_ = t.keyboard.Close()
	r.Stdout = Screen(t.Written())
	return r
}

// Screen is what a terminal shows of what was written to it. It knows what the
// plugin writes: lines, colours, the cursor up, and all below it erased.
func Screen(written string) string {
	lines, row, column := [][]rune{{}}, 0, 0
	runes := []rune(written)
	for i := 0; i < len(runes); i++ {
		switch r := runes[i]; r {
		case '\r':
			column = 0
		case '\n':
			if row++; row == len(lines) {
				lines = append(lines, nil)
			}
		case '\x1b':
			number, command, end := sequence(runes, i)
			i = end
			switch command {
			case 'A':
				row = max(row-max(number, 1), 0)
			case 'J':
				lines = lines[:row+1]
				lines[row] = lines[row][:min(column, len(lines[row]))]
			}
		default:
			for len(lines[row]) <= column {
				lines[row] = append(lines[row], ' ')
			}
			lines[row][column] = r
			column++
		}
	}
	var text strings.Builder
	for _, line := range lines {
		text.WriteString(strings.TrimRight(string(line), " ") + "\n")
	}
	return text.String()
}

// sequence reads an escape sequence that begins at i: its number, its letter
// and where it ends.
func sequence(runes []rune, i int) (number int, command rune, end int) {
	for i += 2; i < len(runes); i++ {
		if runes[i] < '0' || runes[i] > '9' {
			return number, runes[i], i
		}
		number = number*10 + int(runes[i]-'0')
	}
	return number, 0, i
}
