// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package cmd

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/cli-runtime/pkg/genericiooptions"

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

// TestFormatIn finds the format however it is written, and whatever else is wrong.
func TestFormatIn(t *testing.T) {
	for line, want := range map[string]string{
		"pools":                        "",
		"pools -o json":                "json",
		"pools -o=json":                "json",
		"pools -ojson":                 "json",
		"pools --output json":          "json",
		"pools --output=yaml":          "yaml",
		"pools -o JSON --bogus":        "json",
		"drain-pool x -yqo kyaml":      "kyaml",
		"pools -o name":                "",
		"pools -o wide -o json":        "json",
		"pools -o json -o wide":        "",
		"pools -o jsonpath={.items}":   "",
		"pools -o":                     "",
		"pools -- -o json":             "",
		"pools --selector=-o json":     "",
		"__complete pools -o json":     "",
		"nonsense --output=json --bad": "json",
	} {
		if got := formatIn(strings.Fields(line)); got != want {
			t.Errorf("%s: %q, want %q", line, got, want)
		}
	}
}

// TestExecute: with -o json an error is one object on stdout besides the line on
// stderr; in other formats stdout is empty; a result is all there is.
func TestExecute(t *testing.T) {
	tests := map[string]struct {
		args []string
		code int
		kind string
	}{
		"an unknown flag":       {[]string{"pools", "--bogus", "-o", "json"}, 1, "Failure"},
		"an unknown subcommand": {[]string{"pol", "-o", "json"}, 1, "Failure"},
		"a missing argument":    {[]string{"drain-pool", "-ojson"}, 1, "Failure"},
		"no kubeconfig":         {[]string{"pools", "--kubeconfig", "nowhere", "-o=json"}, 1, "Failure"},
		"for people":            {[]string{"pools", "--bogus"}, 1, ""},
		"a name":                {[]string{"pools", "--bogus", "-o", "name"}, 1, ""},
		"half a result":         {[]string{"version", "--kubeconfig", "nowhere", "-o", "json"}, 1, "Version"},
		"a result":              {[]string{"explain", "502", "-o", "json"}, 0, "FindingCode"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			streams, _, out, errOut := genericiooptions.NewTestIOStreams()
			system := testSystem()
			system.IOStreams = streams
			if code := Execute(t.Context(), system, tt.args); code != tt.code {
				t.Errorf("exit code %d, want %d", code, tt.code)
			}
			if said := errOut.String(); (tt.code != 0) != strings.HasPrefix(said, "error: ") || strings.Count(said, "\n") > 1 {
				t.Errorf("stderr: %q", said)
			}
			var object struct{ Kind, Message string }
			if err := json.Unmarshal(out.Bytes(), &object); (err == nil) != (tt.kind != "") || object.Kind != tt.kind {
				t.Errorf("stdout: %q, %v", out, err)
			}
			if tt.kind == "Failure" && errOut.String() != "error: "+object.Message+"\n" {
				t.Errorf("stderr says %q, stdout %q", errOut, object.Message)
			}
		})
	}
}

// TestFailureOfALock: who holds it stands in fields, too.
func TestFailureOfALock(t *testing.T) {
	c := &course{}
	c.began("20261123-103305-x7k2p")
	held := &journal.HeldError{Holder: "taro@bastion/7", Command: "drain-pool a", Since: time.Unix(1, 0)}
	got := c.failure("drain-pool", c.describe(held), held)
	if got.ExitCode != 4 || got.Code != "VU-532" || got.Lock.Holder != "taro@bastion/7" || got.Lock.Command != "drain-pool a" || got.Lock.Since.Unix() != 1 {
		t.Errorf("%+v, %+v", got, got.Lock)
	}
	if got.Run != "20261123-103305-x7k2p" || got.Resume != "kubectl vantiq-upgrade resume 20261123-103305-x7k2p" {
		t.Errorf("run %q, resume %q", got.Run, got.Resume)
	}
}

// TestInterruptIsNoRawError says what can be done, not which request it was.
func TestInterruptIsNoRawError(t *testing.T) {
	err := fmt.Errorf("taking the lock: %w", context.Canceled)
	c := &course{}
	if got := c.describe(err); got != "interrupted; nothing was changed" {
		t.Error(got)
	}
	c.locks()
	if got := c.describe(err); got != "interrupted; run the same command again to go on" {
		t.Error(got)
	}
	c.began("r1")
	if got := c.describe(err); !strings.HasSuffix(got, "this goes on: kubectl vantiq-upgrade resume r1") {
		t.Error(got)
	}
}

// TestWithRole: an error about a right says which role has it, once.
func TestWithRole(t *testing.T) {
	noRight := apierrors.NewForbidden(schema.GroupResource{Resource: "nodes"}, "", errors.New(`User "dev" cannot list resource "nodes"`))
	own := &ExitError{Code: codeBlocked, Err: &missingRightsError{subcommand: "pools", rights: []string{"list nodes"}}}
	tests := map[string]struct {
		err        error
		subcommand string
		want       string
	}{
		"of the server":      {noRight, "pools", "m; ask for the role that this prints: kubectl vantiq-upgrade rbac pools"},
		"said already":       {own, "pools", "m"},
		"no subcommand":      {noRight, "", "m"},
		"about other things": {errors.New("x"), "pools", "m"},
	}
	for name, tt := range tests {
		if got := withRole("m", tt.subcommand, tt.err); got != tt.want {
			t.Errorf("%s: got %q, want %q", name, got, tt.want)
		}
	}
}
