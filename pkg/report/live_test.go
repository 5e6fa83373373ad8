// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package report

import (
	"bytes"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"k8s.io/utils/clock"
)

// screen keeps what is written, and counts the writes.
type screen struct {
	mu     sync.Mutex
	text   bytes.Buffer
	writes int
}

func (w *screen) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.writes++
	return w.text.Write(p)
}

func (w *screen) take() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	defer w.text.Reset()
	return w.text.String()
}

// TestLive draws below the lines, draws nothing that has not changed, and leaves
// nothing but the lines.
func TestLive(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		out, width := &screen{}, 80
		var mu sync.Mutex
		area := []string{"one", "two"}
		l := NewLive(out, func() (int, int) { mu.Lock(); defer mu.Unlock(); return width, 24 }, clock.RealClock{},
			func(int, int) []string { mu.Lock(); defer mu.Unlock(); return area })
		step := func(want string) {
			t.Helper()
			time.Sleep(2 * redrawEvery)
			synctest.Wait()
			if got := out.take(); got != want {
				t.Errorf("%q, want %q", got, want)
			}
		}
		step("one\ntwo\n")
		step("")
		fmt.Fprintln(l, "first")
		fmt.Fprintln(l, "second")
		step("\r\x1b[2A\x1b[Jfirst\nsecond\none\ntwo\n")
		mu.Lock()
		area = []string{strings.Repeat("x", 60)}
		mu.Unlock()
		step("\r\x1b[2A\x1b[J" + strings.Repeat("x", 60) + "\n")
		mu.Lock()
		width, area = 40, []string{"three"} // the line of 60 has become two
		mu.Unlock()
		step("\r\x1b[2A\x1b[Jthree\n")
		before := out.writes
		for i := range 1000 {
			fmt.Fprintln(l, i)
		}
		time.Sleep(redrawEvery)
		synctest.Wait()
		if n := out.writes - before; n > 2 {
			t.Errorf("%d writes for a thousand lines", n)
		}
		out.take()
		fmt.Fprintln(l, "last")
		l.Close()
		step("\r\x1b[1A\x1b[Jlast\n")
		fmt.Fprintln(l, "after")
		step("after\n")
	})
}
