// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package cmd

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/report"
)

// errNotConfirmed is the operator's no.
var errNotConfirmed = errors.New("not confirmed; nothing was touched")

// confirm asks on a terminal, and insists on --yes where there is none to ask.
func (s *suite) confirm(ctx context.Context, yes bool, question string) error {
	if yes {
		return nil
	}
	if !report.IsTerminal(s.In) {
		return errors.New("stdin is no terminal, so nobody can be asked: add --yes to go on; nothing was touched")
	}
	s.limit.stop()
	defer s.limit.start()
	fmt.Fprintf(s.ErrOut, "%s [y/N] ", question)
	answers := make(chan string, 1)
	go func() {
		line, _ := bufio.NewReader(s.In).ReadString('\n')
		answers <- strings.ToLower(strings.TrimSpace(line))
	}()
	answer := ""
	select {
	case <-ctx.Done():
		fmt.Fprintln(s.ErrOut)
	case answer = <-answers:
	}
	switch {
	case ctx.Err() != nil: // also where both have happened
		return &ExitError{Code: codeInterrupted, Err: errNotConfirmed}
	case answer == "y" || answer == "yes":
		return nil
	}
	return errNotConfirmed
}

// counted is a number of things in words.
func counted(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
