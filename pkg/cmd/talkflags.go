// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package cmd

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"
)

// talkFlags say how much a drain tells, and in which form.
type talkFlags struct {
	quiet  bool
	events string
}

func (f *talkFlags) addFlags(cmd *cobra.Command) {
	addQuiet(cmd, &f.quiet)
	cmd.Flags().StringVar(&f.events, "events", eventsText, "Form of the progress on stderr: text, or json for one object a line (docs/events.md)")
	completeWith(cmd, "events", eventsText, eventsJSON)
}

func addQuiet(cmd *cobra.Command, quiet *bool) {
	cmd.Flags().BoolVarP(quiet, "quiet", "q", false, "Say nothing on stderr but errors, and the plan where it has to be asked about; the result goes to stdout all the same")
}

// validate takes asks, which is whether the operator would be asked.
func (f *talkFlags) validate(asks bool) error {
	switch {
	case f.events != eventsText && f.events != eventsJSON:
		return fmt.Errorf("--events must be text or json, got %q", f.events)
	case f.events == eventsJSON && f.quiet:
		return errors.New("--quiet silences the events that --events=json asks for: give one of them")
	case f.events == eventsJSON && asks:
		return errors.New("--events=json is for programs, which cannot be asked: add --yes")
	}
	return nil
}
