// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"regexp"
	"strings"
)

const workflowsDir = ".github/workflows/"

// An action is code of somebody else with the rights of the workflow: a tag can be
// moved to other code, a commit cannot.
var (
	usesAction   = regexp.MustCompile(`^[\s-]*uses:`)
	pinnedAction = regexp.MustCompile(`^[\s-]*uses: \S+@[0-9a-f]{40} # v\S+$`)
	runsCommand  = regexp.MustCompile(`^[\s-]*run:`)
	runsMake     = regexp.MustCompile(`^[\s-]*run: make [a-z-]+$`)
)

// workflowBreaches keeps workflows to calling the Makefile, where everybody can run
// what they do.
func workflowBreaches(name, text string) []string {
	if !strings.HasPrefix(name, workflowsDir) {
		return nil
	}
	var breaches []string
	for i, line := range strings.Split(text, "\n") {
		if usesAction.MatchString(line) && !pinnedAction.MatchString(line) {
			breaches = append(breaches, fmt.Sprintf("%s:%d: pin the action as in owner/name@<40 hex digits> # v1.2.3", name, i+1))
		}
		if runsCommand.MatchString(line) && !runsMake.MatchString(line) {
			breaches = append(breaches, fmt.Sprintf("%s:%d: run one target of the Makefile, nothing else", name, i+1))
		}
	}
	return breaches
}
