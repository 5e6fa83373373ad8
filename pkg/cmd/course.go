// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package cmd

import (
	"io"
	"sync"

	"github.com/spf13/cobra"
)

// course is how far a command has come, for the one who says how it ended. A
// command that goes on with another one shares it.
type course struct {
	mu     sync.Mutex
	run    string
	locked bool
	// conn is the connection of the command, ran the command as it was typed.
	conn *connection
	ran  *cobra.Command
}

// began notes the run that can be gone on with.
func (c *course) began(run string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.run = run
}

// locks notes that the lock was taken: from then on something may be changed.
func (c *course) locks() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.locked = true
}

// soFar returns the run, and whether anything may have been changed.
func (c *course) soFar() (run string, locked bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.run, c.locked
}

// resume is the command that goes on with the run; empty where there is none.
func (c *course) resume() string {
	run, _ := c.soFar()
	switch {
	case run == "":
		return ""
	case c.ran == nil:
		return "kubectl vantiq-upgrade resume " + run
	}
	return commandLine(c.ran, "resume", []string{run}, append(ownFlags(c.ran), "selector", "profile")...)
}

// goOn says how to go on after a stop.
func (c *course) goOn() string {
	run, locked := c.soFar()
	switch {
	case run != "":
		return "; what was done is written down, this goes on: " + c.resume()
	case locked:
		return "; run the same command again to go on"
	}
	return "; nothing was changed"
}

// stdout passes on what is written to it and knows whether there was anything: a
// result is one document, and nothing may follow it.
type stdout struct {
	io.Writer

	mu      sync.Mutex
	written bool
}

// Write implements io.Writer.
func (s *stdout) Write(p []byte) (int, error) {
	s.mu.Lock()
	s.written = s.written || len(p) > 0
	s.mu.Unlock()
	return s.Writer.Write(p)
}

func (s *stdout) isEmpty() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return !s.written
}
