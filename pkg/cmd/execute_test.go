// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package cmd

import (
	"errors"
	"fmt"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/journal"
)

// lineFor is the line on stderr.
func lineFor(err error) string {
	c := &course{}
	if message := c.describe(err); message != "" {
		return withPrefix(message, err)
	}
	return ""
}

func TestDescribe(t *testing.T) {
	nodes := schema.GroupResource{Resource: "nodes"}
	noRight := apierrors.NewForbidden(nodes, "", errors.New(`User "dev" cannot list resource "nodes"`))
	tests := map[string]struct {
		err  error
		want string
	}{
		"usage":              {errors.New("which pool?"), "error: which pool?"},
		"said already":       {&ExitError{Code: 2}, ""},
		"a missing right":    {fmt.Errorf("reading nodes: %w", noRight), `error: VU-217: reading nodes: nodes is forbidden: User "dev" cannot list resource "nodes"`},
		"an exit code's":     {&ExitError{Code: 3, Err: fmt.Errorf("reading nodes: %w", noRight)}, `error: VU-217: reading nodes: nodes is forbidden: User "dev" cannot list resource "nodes"`},
		"forbidden by quota": {fmt.Errorf("making it: %w", apierrors.NewForbidden(nodes, "n", errors.New("exceeded quota: q"))), `error: making it: nodes "n" is forbidden: exceeded quota: q`},
		"a lost lock":        {&ExitError{Code: 3, Err: &journal.LostError{Err: errors.New("the lock was removed by somebody else")}}, "error: VU-532: the lock was removed by somebody else"},
		"the server's":       {apierrors.NewNotFound(nodes, "n1"), `Error from server (NotFound): nodes "n1" not found`},
	}
	for name, tt := range tests {
		if got := lineFor(tt.err); got != tt.want {
			t.Errorf("%s: got %q, want %q", name, got, tt.want)
		}
	}
	if got, want := ErrorCode(&journal.HeldError{}), "VU-532"; string(got) != want {
		t.Errorf("a lock that is held: got %q, want %q", got, want)
	}
}
