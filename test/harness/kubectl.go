// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package harness

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// commandTimeout ends a command that hangs, where the sandbox does not say
// otherwise.
const commandTimeout = 3 * time.Minute

// Result is how a command ended.
type Result struct {
	Stdout, Stderr string
	Code           int
	Took           time.Duration
	// State is how the operating system saw the process end.
	State *os.ProcessState
}

// Process is a command under way.
type Process struct {
	*exec.Cmd
	tb             testing.TB
	stdout, stderr stream
	started        time.Time
	limit          time.Duration
	done           chan error
}

// stream keeps what is written to it; it may be read meanwhile.
type stream struct {
	mu   sync.Mutex
	text bytes.Buffer
}

// Write implements io.Writer.
func (s *stream) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.Write(p)
}

// String is everything that was written so far.
func (s *stream) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.String()
}

// Told is what the command has written to stderr so far.
func (p *Process) Told() string { return p.stderr.String() }

// Kubectl runs a real kubectl to its end. It finds the plugin on its PATH and
// the sandbox in its KUBECONFIG; nothing else of this machine is visible to it.
func (s *Sandbox) Kubectl(tb testing.TB, args ...string) Result {
	tb.Helper()
	return s.StartKubectl(tb, args...).Wait()
}

// ThroughKubectl runs `kubectl vantiq-upgrade ARGS`, as an operator does.
func (s *Sandbox) ThroughKubectl(tb testing.TB, args ...string) Result {
	tb.Helper()
	return s.Kubectl(tb, append([]string{"vantiq-upgrade"}, args...)...)
}

// Plugin runs the plugin to its end. To start a kubectl that only becomes the plugin
// costs twice as much as the plugin's own start, so few tests do.
func (s *Sandbox) Plugin(tb testing.TB, args ...string) Result {
	tb.Helper()
	return s.StartPlugin(tb, args...).Wait()
}

// Via is the same sandbox for commands that take another way in.
func (s *Sandbox) Via(kubeconfig string) *Sandbox {
	other := *s
	other.Kubeconfig = kubeconfig
	return &other
}

// From is the same sandbox for commands that run in another folder, which is
// their home, too.
func (s *Sandbox) From(dir string) *Sandbox {
	other := *s
	other.home = dir
	return &other
}

// StartKubectl starts a kubectl. On unix kubectl becomes the plugin (execve), so
// the process is the plugin's.
func (s *Sandbox) StartKubectl(tb testing.TB, args ...string) *Process {
	tb.Helper()
	return s.start(tb, "kubectl", args)
}

// KubectlWith runs a kubectl that reads text from stdin.
func (s *Sandbox) KubectlWith(tb testing.TB, text string, args ...string) Result {
	tb.Helper()
	p := s.process(tb, "kubectl", args)
	p.Stdin = strings.NewReader(text)
	p.begin()
	return p.Wait()
}

// StartPlugin starts the plugin by itself, which spares starting a kubectl first.
func (s *Sandbox) StartPlugin(tb testing.TB, args ...string) *Process {
	tb.Helper()
	return s.start(tb, "kubectl-vantiq_upgrade", args)
}

func (s *Sandbox) start(tb testing.TB, binary string, args []string) *Process {
	tb.Helper()
	p := s.process(tb, binary, args)
	p.begin()
	return p
}

// begin starts a process whose output is kept.
func (p *Process) begin() {
	p.tb.Helper()
	p.Stdout, p.Stderr = &p.stdout, &p.stderr
	if err := p.Start(); err != nil {
		p.tb.Fatal(err)
	}
	p.watch()
}

// process is a program that has not been started.
func (s *Sandbox) process(tb testing.TB, binary string, args []string) *Process {
	tb.Helper()
	p := &Process{tb: tb, started: time.Now(), limit: cmp.Or(s.CommandTimeout, commandTimeout), done: make(chan error, 1)}
	p.Cmd = exec.Command(filepath.Join(s.bin, binary), args...)
	p.Dir = s.home
	p.Env = []string{
		"PATH=" + s.bin, "KUBECONFIG=" + s.Kubeconfig, "HOME=" + cmp.Or(s.home, s.Dir), "TZ=Asia/Tokyo",
		"GOCOVERDIR=" + os.Getenv("GOCOVERDIR"),
	}
	return p
}

// watch waits for the end of a process, and makes one of one that hangs.
func (p *Process) watch() {
	ctx, cancel := context.WithTimeout(context.Background(), p.limit)
	go func() {
		<-ctx.Done()
		if errors.Is(ctx.Err(), context.DeadlineExceeded) {
			_ = p.Process.Kill()
		}
	}()
	go func() {
		p.done <- p.Cmd.Wait()
		cancel()
	}()
}

// Wait returns how the command ended.
func (p *Process) Wait() Result {
	p.tb.Helper()
	err := <-p.done
	r := Result{Stdout: p.stdout.String(), Stderr: p.stderr.String(), Took: time.Since(p.started), State: p.ProcessState}
	var exit *exec.ExitError
	switch {
	case errors.As(err, &exit):
		r.Code = exit.ExitCode()
	case err != nil:
		p.tb.Fatal(err)
	}
	return r
}

// Want fails the test unless the command ended with code; it shows what it said.
func (r Result) Want(tb testing.TB, code int) Result {
	tb.Helper()
	if r.Code != code {
		tb.Fatalf("exit code %d, want %d\nstdout:\n%s\nstderr:\n%s", r.Code, code, r.Stdout, r.Stderr)
	}
	return r
}
