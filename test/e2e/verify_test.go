// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/api/v1alpha1"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/test/harness"
)

// fault is something that is wrong after an upgrade.
type fault struct {
	name string
	// do and undo are calls of kubectl, words with spaces between; a word in
	// quotes may have spaces.
	do, undo []string
	// want is the finding that there must be, as CODE object; follows are the
	// codes of what comes of it, and what is told in two ways.
	want    []string
	follows []string
	// args are those of verify.
	args []string
	// stays says that it is not undone: the last one.
	stays bool
	// plugin does it by our own command, unplug undoes it.
	plugin, unplug []string
}

const spareNode = "aks-sparenp-12345678-vmss00000"

// TestVerify seeds faults into a production cluster on AKS, one by one.
func TestVerify(t *testing.T) {
	s := layouts.Start(t, "aks")
	s.NewScope(t, "spare").Pool("sparenp", 2, spare)
	s.Kubectl(t, "apply", "-f", "testdata/verify.yaml").Want(t, 0)
	s.Kubectl(t, "rollout", "status", "-n", "extra", "deployment/extra").Want(t, 0)
	before := filepath.Join(t.TempDir(), "before.yaml.gz")
	verified(t, s, "the cluster is well", v1alpha1.VerifyPassed)
	s.Plugin(t, "snapshot", before).Want(t, 0)
	clean := verified(t, s, "nothing has changed", v1alpha1.VerifyPassed, "--baseline", before)
	if len(clean.Differences) > 0 {
		t.Errorf("differences: %+v", clean.Differences)
	}
	for _, f := range faults() {
		// Each begins with the cluster as it was.
		if !t.Run(f.name, func(t *testing.T) { f.test(t, s, before) }) {
			return
		}
	}
}

func (f *fault) test(t *testing.T, s *harness.Sandbox, before string) {
	args := append([]string{"--baseline", before}, f.args...)
	f.change(t, s, f.do, f.plugin)
	var r *v1alpha1.VerifyReport
	defer func() { logFindings(t, r) }()
	// What is on its way for a moment, as a pod that ends, is told of as well.
	until(t, "there is "+strings.Join(f.want, " and ")+", and nothing else", func(context.Context) (bool, error) {
		r = verify(t, s, args...)
		return f.isFound(r) && f.isAll(r), nil
	})
	for _, found := range r.Findings {
		if found.Remedy == "" {
			t.Errorf("%s of %s says nothing of how to mend it", found.Code, found.Object)
		}
	}
	if f.stays {
		return
	}
	f.change(t, s, f.undo, f.unplug)
	verified(t, s, f.name+" is undone", v1alpha1.VerifyPassed, "--baseline", before)
}

// isFound reports whether everything wanted is among the findings.
func (f *fault) isFound(r *v1alpha1.VerifyReport) bool {
	for _, want := range f.want {
		code, object, _ := strings.Cut(want, " ")
		if !slices.ContainsFunc(r.Findings, func(found v1alpha1.Finding) bool {
			return found.Code == code && strings.HasPrefix(found.Object, object)
		}) {
			return false
		}
	}
	return true
}

// isAll reports whether nothing else is among the findings than what is wanted and
// what follows of it.
func (f *fault) isAll(r *v1alpha1.VerifyReport) bool {
	allowed := slices.Clone(f.follows)
	for _, want := range f.want {
		code, _, _ := strings.Cut(want, " ")
		allowed = append(allowed, code)
	}
	return !slices.ContainsFunc(r.Findings, func(found v1alpha1.Finding) bool { return !slices.Contains(allowed, found.Code) })
}

// change carries out calls of kubectl, then one of the plugin.
func (f *fault) change(t *testing.T, s *harness.Sandbox, calls, plugin []string) {
	t.Helper()
	for _, call := range calls {
		s.Kubectl(t, words(call)...).Want(t, 0)
	}
	if len(plugin) > 0 {
		s.Plugin(t, plugin...).Want(t, 0)
	}
}

// words splits a call at its spaces, but for those between single quotes.
func words(call string) []string {
	var all []string
	for i, part := range strings.Split(call, "'") {
		if i%2 == 1 {
			all = append(all, part)
		} else {
			all = append(all, strings.Fields(part)...)
		}
	}
	return all
}

// verify runs verify whatever its verdict.
func verify(t *testing.T, s *harness.Sandbox, args ...string) *v1alpha1.VerifyReport {
	t.Helper()
	return read[v1alpha1.VerifyReport](t, s.Plugin(t, append([]string{"verify", "-o", "json"}, args...)...))
}

// verified waits until verify says what it should, without any finding where it
// passes.
func verified(t *testing.T, s *harness.Sandbox, what string, outcome v1alpha1.VerifyOutcome, args ...string) *v1alpha1.VerifyReport {
	t.Helper()
	var r *v1alpha1.VerifyReport
	defer func() { logFindings(t, r) }()
	until(t, what, func(context.Context) (bool, error) {
		r = verify(t, s, args...)
		return r.Outcome == outcome && (len(r.Findings) == 0) == (outcome == v1alpha1.VerifyPassed), nil
	})
	return r
}

// logFindings shows what a report found, of a test that failed.
func logFindings(t *testing.T, r *v1alpha1.VerifyReport) {
	t.Helper()
	if t.Failed() && r != nil {
		for _, f := range r.Findings {
			t.Logf("%s %s: %s", f.Code, f.Object, f.Message)
		}
	}
}

func patched(kind, body string) string {
	return fmt.Sprintf("patch %s --type=merge -p '%s'", kind, body)
}

func patchedStatus(kind, body string) string { return patched(kind+" --subresource=status", body) }
