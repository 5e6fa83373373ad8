// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

// Package picture_test looks at the placement picture in a real browser: headless
// Chromium, where it is installed. Nothing is installed or downloaded here. With
// PICTURE_SHOTS=DIR the screenshots stay in DIR.
package picture_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// browser is a Chromium that keeps everything it writes in folders of the test.
type browser struct{ program string }

func findBrowser(t *testing.T) *browser {
	t.Helper()
	program, err := exec.LookPath("chromium")
	if err != nil {
		t.Skip("skipped: no Chromium")
	}
	return &browser{program: program}
}

// run opens a page and returns what the browser writes to stdout and to stderr.
func (b *browser) run(t *testing.T, page string, dark bool, args ...string) (stdout, stderr string) {
	t.Helper()
	home := t.TempDir()
	// A browser that hangs must not hang the suite; this is no measure of speed.
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	all := []string{
		"--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
		"--disable-background-networking", "--disable-component-update", "--disable-sync",
		"--disable-breakpad", "--disable-dev-shm-usage", "--hide-scrollbars", "--enable-logging=stderr",
		"--user-data-dir=" + filepath.Join(home, "profile"),
	}
	if dark {
		all = append(all, "--blink-settings=preferredColorScheme=0")
	}
	all = append(all, args...)
	cmd := exec.CommandContext(ctx, b.program, append(all, "file://"+page)...)
	cmd.Env = append(os.Environ(), "HOME="+home, "XDG_CONFIG_HOME="+home, "XDG_CACHE_HOME="+home)
	var out, talk bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &talk
	cmd.WaitDelay = 10 * time.Second
	if err := cmd.Run(); err != nil && !errors.Is(err, exec.ErrWaitDelay) {
		t.Fatalf("running Chromium: %v\n%s", err, talk.String())
	}
	return out.String(), talk.String()
}

// write puts a page where the browser can read it.
func write(t *testing.T, name string, data []byte) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(file, data, 0o644); err != nil {
		t.Fatal(err)
	}
	return file
}

// shotFile is where a screenshot goes.
func shotFile(t *testing.T, ext string) string {
	t.Helper()
	dir := os.Getenv("PICTURE_SHOTS")
	if dir == "" {
		dir = t.TempDir()
	}
	return filepath.Join(dir, strings.NewReplacer("/", "-", " ", "-").Replace(t.Name())+ext)
}
