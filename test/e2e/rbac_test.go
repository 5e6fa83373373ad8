// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/api/v1alpha1"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/journal"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/registry"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/test/harness"
)

// rightsCase is how a subcommand, or a flag of it that wants more rights, is tried.
type rightsCase struct {
	// exact are the words for a user with exactly the printed role, who is never
	// forbidden anything; codes are the ends that it may come to.
	exact []string
	codes []int
	// less are the words for users who lack one right.
	less []string
}

// rightsCases has every subcommand of the registry, and every flag with rights of its
// own. half is a run that did not come to its end, before a snapshot. Where exact is a
// dry run the real thing is in TestExactRights, TestRelocateRights and TestVerifyRights.
func rightsCases(half, before string) map[string]rightsCase {
	return map[string]rightsCase{
		"pools":                           {[]string{"pools"}, []int{0}, []string{"pools"}},
		"drain-pool":                      {[]string{"drain-pool", "rbac", "--yes"}, []int{2}, []string{"drain-pool", "rbac", "--yes", "-o", "json"}},
		"drain-pool --pause-pdb-blockers": {[]string{"drain-pool", "rbac", "--pause-pdb-blockers=surge", "--dry-run=server"}, []int{0, 2}, []string{"drain-pool", "rbac", "--pause-pdb-blockers=surge", "--yes"}},
		"uncordon-pool":                   {[]string{"uncordon-pool", "rbac"}, []int{0}, []string{"uncordon-pool", "rbac"}},
		"pause-pdb-blockers":              {[]string{"pause-pdb-blockers", "deployment/rbac/other", "--mode=scale-to-zero", "--dry-run=server"}, []int{2}, []string{"pause-pdb-blockers", "deployment/rbac/other", "--mode=scale-to-zero", "--yes"}},
		"resume-pdb-blockers":             {[]string{"resume-pdb-blockers", "--dry-run=server"}, []int{0}, []string{"resume-pdb-blockers", "--yes"}},
		"status":                          {[]string{"status"}, []int{0}, []string{"status"}},
		"placement-check":                 {[]string{"placement-check"}, []int{0, 2}, []string{"placement-check", "-o", "json"}},
		"placement-check --watch":         {nil, nil, []string{"placement-check", "--watch"}}, // see watchesWithExactRights
		"placement-check --relocate":      {[]string{"placement-check", "--relocate", "--dry-run=server"}, []int{0, 2}, []string{"placement-check", "--relocate", "--yes"}},
		"snapshot":                        {[]string{"snapshot", before}, []int{0}, []string{"snapshot", "--dry-run=client", "-o", "json"}},
		"snapshot --to-cluster":           {[]string{"snapshot", "--to-cluster"}, []int{0}, []string{"snapshot", "--to-cluster"}},
		"verify":                          {[]string{"verify", "--baseline", before}, []int{0, 2}, []string{"verify", "--baseline", before, "-o", "json"}},
		"verify --wait":                   {[]string{"verify", "--wait=1s", "--looks=1", "--interval=1s"}, []int{0, 2}, []string{"verify", "--wait=1s", "--looks=1", "--interval=1s"}},
		"resume":                          {[]string{"resume", half, "--dry-run=client"}, []int{0}, []string{"resume", half, "--yes"}},
		"abort":                           {[]string{"abort", "--all", "--dry-run=server"}, []int{0}, []string{"abort", "--all", "--yes"}},
		"completion":                      {[]string{"completion", "bash"}, []int{0}, nil},
		"explain":                         {[]string{"explain", "VU-217"}, []int{0}, nil},
		"rbac":                            {[]string{"rbac", "--check", "rbac"}, []int{0}, nil},
		"version":                         {[]string{"version"}, []int{0}, nil},
	}
}

// TestRBAC: each subcommand works with exactly the role that rbac prints for it, and
// without one of its rights refuses, or says what it could not do.
func TestRBAC(t *testing.T) {
	c := blocked(t, "rbac", "web", 1)
	c.Deployment("other", 1, quick)
	c.PDB("other", "1", "", nil)
	c.Ready("other", 1)
	own(t, c, "pause-pdb-blockers", "pdb/rbac/web", "--mode=relax", "--yes").Want(t, 0)
	half := halfWritten(t, c, c.Name, "other", 1).ID
	t.Cleanup(func() {
		own(t, c, "abort", "--all", "--yes").Want(t, 0)
		c.Kubectl(t, "delete", "clusterroles,clusterrolebindings", "-l", "app.kubernetes.io/name=kubectl-vantiq-upgrade").Want(t, 0)
		c.Kubectl(t, "delete", "roles,rolebindings", "-n", "kube-system", "-l", "app.kubernetes.io/name=kubectl-vantiq-upgrade").Want(t, 0)
	})
	before := filepath.Join(t.TempDir(), "before.yaml.gz")
	r := &rightsTest{Scope: c, all: registered(t), cases: rightsCases(half, before), users: newUsers(t, c)}
	r.haveAll(t)
	t.Run("exact", r.exact)
	t.Run("reader", r.reader)
	t.Run("one less", r.oneLess)
	t.Run("check", r.check)
}

// rightsTest holds what the parts of TestRBAC share.
type rightsTest struct {
	*harness.Scope
	all   *registry.Registry
	cases map[string]rightsCase
	users *users
}

func registered(t *testing.T) *registry.Registry {
	t.Helper()
	all, err := registry.Load()
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// haveAll fails unless every subcommand is tried, and every flag with rights.
func (r *rightsTest) haveAll(t *testing.T) {
	known := map[string]bool{}
	for _, s := range r.all.Subcommands {
		known[s.Name] = true
		for _, flag := range s.FlagNames() {
			known[s.Name+" --"+flag] = true
		}
	}
	for name := range known {
		if _, tried := r.cases[name]; !tried {
			t.Errorf("%s is in plugins.yaml, and not tried here", name)
		}
	}
	for name := range r.cases {
		if !known[name] {
			t.Errorf("%s is not in plugins.yaml", name)
		}
	}
}

// as are the words for a user whose journal is in the namespace of the scope.
func (r *rightsTest) as(user string, args []string) []string {
	return slices.Concat(args, []string{"--as", user, "--journal-namespace=" + r.Name})
}

// apply applies what rbac prints, as an administrator would, and waits until the API
// server knows it.
func (r *rightsTest) apply(t *testing.T, user string, args ...string) {
	t.Helper()
	printed := own(t, r.Scope, append([]string{"rbac"}, args...)...).Want(t, 0)
	if printed.Stdout == "" {
		return
	}
	r.KubectlWith(t, printed.Stdout, "apply", "-f", "-").Want(t, 0)
	check := append([]string{"rbac", "--check"}, slices.DeleteFunc(slices.Clone(args), func(arg string) bool { return strings.HasPrefix(arg, "--") })...)
	r.Eventually(user+" has the printed role", func(context.Context) (bool, error) {
		return !strings.Contains(r.Plugin(t, r.as(user, check)...).Stdout, "Denied"), nil
	})
}

func (r *rightsTest) exact(t *testing.T) {
	audit := r.Audit(t)
	for _, s := range r.all.Subcommands {
		user := "rbac-exact-" + s.Name
		r.apply(t, user, s.Name, "--operator=user:"+user)
		since := len(audit.Requests(t))
		for name, tried := range r.cases {
			if subcommand, _, _ := strings.Cut(name, " --"); subcommand != s.Name || tried.exact == nil {
				continue
			}
			got := r.Plugin(t, r.as(user, tried.exact)...)
			if !slices.Contains(tried.codes, got.Code) || strings.Contains(got.Stdout+got.Stderr, "VU-217") && s.Name != "explain" {
				t.Errorf("%s: exit code %d\n%s%s", name, got.Code, got.Stdout, got.Stderr)
			}
		}
		if s.Name == "placement-check" {
			r.watchesWithExactRights(t, audit, user)
		}
		for _, request := range audit.Requests(t)[since:] {
			if request.ImpersonatedUser.Username == user && request.ResponseStatus.Code == 403 {
				t.Errorf("%s may not %s %s", user, request.Verb, request.RequestURI)
			}
		}
	}
}

// watchesWithExactRights: --watch ends when it is interrupted only.
func (r *rightsTest) watchesWithExactRights(t *testing.T, audit *harness.Audit, user string) {
	t.Helper()
	p := r.StartPlugin(t, r.as(user, []string{"placement-check", "--watch"})...)
	r.Eventually("volumes are watched", func(context.Context) (bool, error) {
		return slices.ContainsFunc(audit.Requests(t), func(request harness.AuditedRequest) bool {
			return request.ImpersonatedUser.Username == user && request.Verb == "watch" && request.ObjectRef.Resource == "persistentvolumes"
		}), nil
	})
	if err := p.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	p.Wait().Want(t, 130)
}

// reader: who may look may do all that only looks, and dry runs; and no more.
func (r *rightsTest) reader(t *testing.T) {
	r.KubectlWith(t, own(t, r.Scope, "rbac", "--reader=user:rbac-reader").Want(t, 0).Stdout, "apply", "-f", "-").Want(t, 0)
	r.Eventually("the reader may look", func(context.Context) (bool, error) {
		return r.Plugin(t, r.as("rbac-reader", []string{"rbac", "status", "verify", "--check"})...).Code == 0, nil
	})
	audit := r.Audit(t)
	for name, tried := range r.cases {
		subcommand, flag, _ := strings.Cut(name, " --")
		entry, err := r.all.Subcommand(subcommand)
		if err != nil {
			t.Fatal(err)
		}
		at := slices.IndexFunc(entry.Flags, func(f registry.Flag) bool { return f.Name == flag })
		if args := tried.exact; args != nil && !entry.Mutates && (at < 0 || !entry.Flags[at].Mutates) {
			args = slices.DeleteFunc(slices.Clone(args), func(arg string) bool { return strings.HasSuffix(arg, ".yaml.gz") || arg == "--baseline" })
			if subcommand == "snapshot" {
				args = append(args, "--dry-run=client")
			}
			got := r.Plugin(t, r.as("rbac-reader", args)...)
			if !slices.Contains(tried.codes, got.Code) || strings.Contains(got.Stdout+got.Stderr, "VU-217: ") {
				t.Errorf("%s: exit code %d\n%s%s", name, got.Code, got.Stdout, got.Stderr)
			}
		}
	}
	for _, args := range [][]string{
		{"drain-pool", "rbac"}, {"drain-pool", "rbac", "--pause-pdb-blockers"}, {"uncordon-pool", "rbac"}, {"pause-pdb-blockers"}, {"resume-pdb-blockers"}, {"abort", "--all"}, {"placement-check", "--relocate"},
	} {
		dry := r.Plugin(t, r.as("rbac-reader", append(slices.Clone(args), "--dry-run=client"))...)
		if dry.Code != 0 && dry.Code != 2 || !containsAll(dry.Stderr, []string{"Warning: VU-217: without --dry-run this is refused: the current user may not "}) || dry.Stdout == "" {
			t.Errorf("%v as a dry run: exit code %d\n%s%s", args, dry.Code, dry.Stdout, dry.Stderr)
		}
		wet := r.Plugin(t, r.as("rbac-reader", append(slices.Clone(args), "--yes"))...).Want(t, 2)
		if !containsAll(wet.Stdout+wet.Stderr, []string{"VU-217", "kubectl vantiq-upgrade rbac " + args[0]}) {
			t.Errorf("%v:\n%s%s", args, wet.Stdout, wet.Stderr)
		}
	}
	r.wantOnlyLooks(t, audit)
}

// wantOnlyLooks fails if anything was sent that changes something.
func (r *rightsTest) wantOnlyLooks(t *testing.T, audit *harness.Audit) {
	t.Helper()
	for _, request := range audit.Requests(t) {
		if !isLook(request) {
			t.Errorf("%s sent %s %s", request.ImpersonatedUser.Username, request.Verb, request.RequestURI)
		}
	}
}

// lesser is a user who lacks one right for what is tried.
type lesser struct {
	user, name string
	rights     []registry.Access
	lacks      registry.Need
}

// lessers lack one of the rights of a subcommand each; for a flag one of those that it
// wants besides.
func (r *rightsTest) lessers() []lesser {
	var all []lesser
	for _, s := range r.all.Subcommands {
		for _, flag := range slices.Concat([]string{""}, s.FlagNames()) {
			base, needs := s.Needs(), s.Needs(flag)
			rights := r.moved(s.Accesses(flag))
			name := strings.TrimSuffix(s.Name+" --"+flag, " --")
			for i, n := range needs {
				if flag != "" && slices.Contains(base, n) {
					continue
				}
				n.Access = rights[i]
				user := fmt.Sprintf("less-%s-%d", strings.ReplaceAll(name, " ", ""), i)
				all = append(all, lesser{user, name, less(rights, i), n})
			}
		}
	}
	return all
}

// moved are rights with the journal in the namespace of the scope.
func (r *rightsTest) moved(rights []registry.Access) []registry.Access {
	for i := range rights {
		if rights[i].Namespace == journal.Namespace && rights[i].Resource != "leases" {
			rights[i].Namespace = r.Name
		}
	}
	return rights
}

func (r *rightsTest) oneLess(t *testing.T) {
	all := r.lessers()
	u := r.users
	for _, l := range all {
		u.grant(t, l.user, l.rights)
	}
	for _, l := range all {
		u.known(t, l.user, l.rights)
	}
	budget, deployment := shapeOfBudget(t, r.Scope, "web"), shapeOfDeployment(t, r.Scope, "other")
	audit := r.Audit(t)
	var running sync.WaitGroup
	free := make(chan struct{}, 3)
	for _, l := range all {
		free <- struct{}{}
		p := r.StartPlugin(t, r.as(l.user, r.cases[l.name].less)...)
		running.Go(func() {
			defer func() { <-free }()
			wantTold(t, p.Wait(), l)
		})
	}
	running.Wait()
	r.wantOnlyLooks(t, audit)
	same(t, "the budget", budget, shapeOfBudget(t, r.Scope, "web"))
	same(t, "the Deployment", deployment, shapeOfDeployment(t, r.Scope, "other"))
}

// wantTold holds the end of a subcommand against the right that was missing.
func wantTold(t *testing.T, r harness.Result, l lesser) {
	t.Helper()
	said := r.Stdout + r.Stderr
	if !l.lacks.IsOptional() {
		if r.Code != 1 && r.Code != 2 || !containsAll(said, []string{"VU-217", l.lacks.Verb, l.lacks.Resource}) {
			t.Errorf("%s without %s: exit code %d\n%s", l.name, l.lacks, r.Code, said)
		}
		return
	}
	code := regexp.MustCompile(`VU-\d+`).FindString(l.lacks.Without)
	switch {
	case r.Code != 0 && r.Code != 2, strings.Contains(r.Stderr, "error: "):
		t.Errorf("%s without %s: exit code %d\n%s", l.name, l.lacks, r.Code, said)
	case code != "" && !containsAll(r.Stdout, []string{code, "may not list " + l.lacks.Resource}):
		t.Errorf("%s without %s does not say so: exit code %d\n%s", l.name, l.lacks, r.Code, said)
	}
}

// check: what rbac --check says of users.
func (r *rightsTest) check(t *testing.T) {
	checked := func(code int, user string, args ...string) *v1alpha1.RightsReport {
		t.Helper()
		words := append(append([]string{"rbac", "--check", "-o", "json"}, args...), "--journal-namespace="+r.Name)
		if user != "" {
			words = append(words, "--as", user)
		}
		return read[v1alpha1.RightsReport](t, r.Plugin(t, words...).Want(t, code))
	}
	admin := checked(0, "")
	if !admin.Complete || len(admin.Rights) < 50 {
		t.Errorf("admin: %+v", admin)
	}
	if out := checked(0, "rbac-exact-drain-pool", "drain-pool"); !out.Complete || len(statesOf(out)) != 1 || statesOf(out)[v1alpha1.RightAllowed] == 0 {
		t.Errorf("exact: %+v", out)
	}
	few := checked(2, "rbac-reader", "drain-pool", "status")
	if s := statesOf(few); s[v1alpha1.RightDenied] == 0 || s[v1alpha1.RightAllowed] == 0 || s[v1alpha1.RightUnknown] > 0 {
		t.Errorf("reader: %v", s)
	}
	if few.Subcommands[0].Name != "drain-pool" || few.Subcommands[0].Complete || few.Subcommands[2].Name != "status" || !few.Subcommands[2].Complete {
		t.Errorf("reader: %+v", few.Subcommands)
	}
	if s := statesOf(checked(2, "nobody-at-all")); len(s) != 1 || s[v1alpha1.RightDenied] != len(admin.Rights) {
		t.Errorf("nobody: %v", s)
	}
	// What is optional is told, and no reason to fail.
	i := slices.IndexFunc(r.lessers(), func(l lesser) bool { return l.name == "snapshot" && l.lacks.Resource == "secrets" })
	plain := r.Plugin(t, r.as(r.lessers()[i].user, []string{"rbac", "snapshot", "--check"})...)
	if plain.Code != 2 { // --to-cluster
		t.Errorf("exit code %d\n%s", plain.Code, plain.Stdout)
	}
	if !containsAll(plain.Stdout, []string{"Incomplete: ", "Can use: snapshot\n", "Cannot:  snapshot --to-cluster\n", "Without list secrets: the snapshot lacks the Helm releases (VU-581)"}) {
		t.Errorf("stdout:\n%s", plain.Stdout)
	}
	r.checkStrangeServers(t)
}

func statesOf(out *v1alpha1.RightsReport) map[v1alpha1.RightState]int {
	states := map[v1alpha1.RightState]int{}
	for i := range out.Rights {
		states[out.Rights[i].State]++
	}
	return states
}
