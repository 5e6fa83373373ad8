// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"context"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	authorizationv1 "k8s.io/api/authorization/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/api/v1alpha1"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/journal"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/registry"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/test/harness"
)

// users are made with rights of their own, and go with the test.
type users struct {
	*harness.Scope
	label map[string]string
}

func newUsers(t *testing.T, c *harness.Scope) *users {
	t.Helper()
	u := &users{Scope: c, label: map[string]string{"test.upgrade.vantiq.com/rights": c.Name}}
	t.Cleanup(func() {
		ctx := context.Background()
		ours := metav1.ListOptions{LabelSelector: "test.upgrade.vantiq.com/rights=" + c.Name}
		rbac := c.Client.RbacV1()
		_ = rbac.ClusterRoleBindings().DeleteCollection(ctx, metav1.DeleteOptions{}, ours)
		_ = rbac.ClusterRoles().DeleteCollection(ctx, metav1.DeleteOptions{}, ours)
		_ = rbac.RoleBindings("kube-system").DeleteCollection(ctx, metav1.DeleteOptions{}, ours)
		_ = rbac.Roles("kube-system").DeleteCollection(ctx, metav1.DeleteOptions{}, ours)
	})
	return u
}

// grant gives a user exactly these rights.
func (u *users) grant(t *testing.T, user string, accesses []registry.Access) {
	t.Helper()
	rules := map[string][]rbacv1.PolicyRule{}
	for _, a := range accesses {
		resource := strings.TrimSuffix(a.Resource+"/"+a.Subresource, "/")
		rules[a.Namespace] = append(rules[a.Namespace], rbacv1.PolicyRule{APIGroups: []string{a.Group}, Resources: []string{resource}, Verbs: []string{a.Verb}, ResourceNames: only(a.Name)})
	}
	subjects := []rbacv1.Subject{{Kind: rbacv1.UserKind, APIGroup: rbacv1.GroupName, Name: user}}
	meta := metav1.ObjectMeta{Name: user, Labels: u.label}
	rbac := u.Client.RbacV1()
	for namespace, rules := range rules {
		var err error
		if namespace == "" {
			if _, err = rbac.ClusterRoles().Create(t.Context(), &rbacv1.ClusterRole{ObjectMeta: meta, Rules: rules}, metav1.CreateOptions{}); err == nil {
				ref := rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: user}
				_, err = rbac.ClusterRoleBindings().Create(t.Context(), &rbacv1.ClusterRoleBinding{ObjectMeta: meta, RoleRef: ref, Subjects: subjects}, metav1.CreateOptions{})
			}
		} else if _, err = rbac.Roles(namespace).Create(t.Context(), &rbacv1.Role{ObjectMeta: meta, Rules: rules}, metav1.CreateOptions{}); err == nil {
			ref := rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "Role", Name: user}
			_, err = rbac.RoleBindings(namespace).Create(t.Context(), &rbacv1.RoleBinding{ObjectMeta: meta, RoleRef: ref, Subjects: subjects}, metav1.CreateOptions{})
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// also gives a user the rights in the whole cluster that another one has been granted.
func (u *users) also(t *testing.T, user, like string) {
	t.Helper()
	rbac := u.Client.RbacV1().ClusterRoleBindings()
	_, err := rbac.Create(t.Context(), &rbacv1.ClusterRoleBinding{
		ObjectMeta: metav1.ObjectMeta{Name: user + "-" + like, Labels: u.label},
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: like},
		Subjects:   []rbacv1.Subject{{Kind: rbacv1.UserKind, APIGroup: rbacv1.GroupName, Name: user}},
	}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
}

// only are the names of a rule that is for one object; none is for all.
func only(name string) []string {
	if name == "" {
		return nil
	}
	return []string{name}
}

// known waits until the API server knows the rights of a user: a role is seen as
// a whole, so that one right of each tells.
func (u *users) known(t *testing.T, user string, accesses []registry.Access) {
	t.Helper()
	asked := map[string]bool{}
	for _, a := range accesses {
		if asked[a.Namespace] {
			continue
		}
		asked[a.Namespace] = true
		u.Eventually(user+" may "+a.String(), func(ctx context.Context) (bool, error) {
			review, err := u.Client.AuthorizationV1().SubjectAccessReviews().Create(ctx, &authorizationv1.SubjectAccessReview{
				Spec: authorizationv1.SubjectAccessReviewSpec{User: user, ResourceAttributes: &authorizationv1.ResourceAttributes{
					Verb: a.Verb, Group: a.Group, Resource: a.Resource, Subresource: a.Subresource, Namespace: a.Namespace, Name: a.Name,
				}},
			}, metav1.CreateOptions{})
			return err == nil && review.Status.Allowed, err
		})
	}
}

// declared are the rights of subcommands, each once.
func declared(t *testing.T, subcommands ...string) []registry.Access {
	t.Helper()
	all, err := registry.Load()
	if err != nil {
		t.Fatal(err)
	}
	var accesses []registry.Access
	for _, subcommand := range subcommands {
		name, flag, _ := strings.Cut(subcommand, " --")
		entry, err := all.Subcommand(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, a := range entry.Accesses(flag) {
			if !slices.Contains(accesses, a) {
				accesses = append(accesses, a)
			}
		}
	}
	return accesses
}

// TestMissingRights are listed all at once, before anything is touched.
func TestMissingRights(t *testing.T) {
	c := twoPools(t, "rights", quick)
	u := newUsers(t, c)
	var view []registry.Access
	for _, a := range declared(t, "drain-pool") {
		if a.Resource == "nodes" && a.Verb != "patch" || a.Resource == "pods" && a.Subresource == "" || a.Group == "apps" {
			view = append(view, a)
		}
	}
	u.grant(t, "viewer", view)
	u.known(t, "viewer", view)
	report := drainReport(t, c.Plugin(t, "drain-pool", "old", "--yes", "--as", "viewer", "-o", "json").Want(t, 2))
	for _, right := range []string{"patch nodes", "create pods/eviction", "list poddisruptionbudgets.policy", "watch poddisruptionbudgets.policy", "create leases.coordination.k8s.io in namespace kube-system"} {
		wantFinding(t, report.Findings, "VU-217", "may not "+right)
	}
	if report.Outcome != "Blocked" {
		t.Errorf("outcome %s", report.Outcome)
	}
	wantOneLine(t, c.Plugin(t, "pools", "--as", "nobody").Want(t, 1), "error: VU-217: ", "nodes is forbidden", `User "nobody"`)
	// Where there is no report they are one a line, in the same words.
	refused := c.Plugin(t, "uncordon-pool", "old", "--as", "viewer").Want(t, 2)
	for _, line := range []string{"; nothing was touched\n", "\n  the current user may not patch nodes\n", "\n  the current user may not create leases.coordination.k8s.io in namespace kube-system\n", "kubectl vantiq-upgrade rbac uncordon-pool\n"} {
		if !strings.Contains(refused.Stderr, line) {
			t.Errorf("%q is missing:\n%s", line, refused.Stderr)
		}
	}
}

// TestExactRights: each subcommand works for a user who may do what plugins.yaml
// says, and nothing else.
func TestExactRights(t *testing.T) {
	c := drained(t, "exact")
	u := newUsers(t, c)
	audit := c.Audit(t)
	user := func(subcommands ...string) string {
		name := strings.ReplaceAll("exact-"+strings.Join(subcommands, "-and-"), " ", "")
		rights := declared(t, subcommands...)
		u.grant(t, name, rights)
		u.known(t, name, rights)
		return name
	}
	deployment0, budget0 := shapeOfDeployment(t, c, "blocker"), shapeOfBudget(t, c, "blocker")
	pauser, resumer, aborter, viewer := user("pause-pdb-blockers"), user("resume-pdb-blockers"), user("abort"), user("status")

	c.Plugin(t, "abort", "--all", "--yes").Want(t, 0) // other tests leave cordons of nodes behind that are gone
	c.Plugin(t, "version", "--as", "nobody").Want(t, 0)
	c.Plugin(t, "pools", "--as", user("pools")).Want(t, 0)
	c.Plugin(t, "status", "--as", viewer).Want(t, 0)
	out := read[v1alpha1.PauseReport](t, c.Plugin(t, "pause-pdb-blockers", "deployment/exact/blocker", "--mode=scale-to-zero", "--yes", "-o", "json", "--as", pauser).Want(t, 0))
	s := read[v1alpha1.StatusReport](t, c.Plugin(t, "status", "-o", "json", "--as", viewer).Want(t, 0))
	if len(s.Changes) != 1 || s.Changes[0].Run != out.Paused[0].Run || s.Runs[0].Operator != pauser {
		t.Errorf("status: %+v, %+v", s.Changes, s.Runs)
	}
	c.Plugin(t, "resume-pdb-blockers", "--yes", "--as", resumer).Want(t, 0)
	same(t, "the Deployment", deployment0, shapeOfDeployment(t, c, "blocker"))
	c.Plugin(t, "pause-pdb-blockers", "pdb/exact/blocker", "--mode=relax", "--yes", "--as", pauser).Want(t, 0)
	c.Plugin(t, "abort", "--all", "--yes", "--as", aborter).Want(t, 0)
	same(t, "the budget", budget0, shapeOfBudget(t, c, "blocker"))

	// Wherever the blocker is, one of two drains meets it.
	pausing, uncordoner, drainer := user("drain-pool --pause-pdb-blockers"), user("uncordon-pool"), user("drain-pool")
	c.Plugin(t, "drain-pool", "old", "--pause-pdb-blockers=surge", "--yes", "--as", pausing).Want(t, 0)
	same(t, "the Deployment", deployment0, shapeOfDeployment(t, c, "blocker"))
	c.Plugin(t, "uncordon-pool", "old", "--as", uncordoner).Want(t, 0)
	c.Plugin(t, "drain-pool", "spare", "--yes", "--as", drainer).Want(t, 2) // the budget
	c.Plugin(t, "drain-pool", "spare", "--pause-pdb-blockers=surge", "--yes", "--as", pausing).Want(t, 0)
	same(t, "the Deployment", deployment0, shapeOfDeployment(t, c, "blocker"))
	c.Plugin(t, "uncordon-pool", "spare", "--as", uncordoner).Want(t, 0)
	c.Kubectl(t, "delete", "pdb", "blocker", "-n", c.Name).Want(t, 0)
	c.Plugin(t, "drain-pool", "old", "--yes", "--as", drainer).Want(t, 0)
	c.Plugin(t, "abort", "--all", "--yes", "--as", aborter).Want(t, 0)
	if n, err := c.CordonedNodes(t.Context(), "old"); err != nil || n != 0 {
		t.Errorf("%d nodes are cordoned (%v)", n, err)
	}

	// resume needs its own, and those of what it goes on with.
	c.PDB("blocker", "1", "", nil)
	c.Ready("blocker", 1)
	half := halfWritten(t, c, "kube-system", "blocker", 1).ID // other tests leave runs behind
	alone := c.Plugin(t, "resume", half, "--yes", "--as", user("resume")).Want(t, 2)
	if !containsAll(alone.Stderr, []string{"may not", "patch deployments.apps", "nothing was touched"}) {
		t.Errorf("stderr:\n%s", alone.Stderr)
	}
	c.Plugin(t, "resume", half, "--yes", "--as", user("resume", "pause-pdb-blockers")).Want(t, 0)
	wantReplicas(t, c, "blocker", 0)
	c.Plugin(t, "resume-pdb-blockers", "--yes", "--as", resumer).Want(t, 0)
	same(t, "the Deployment", deployment0, shapeOfDeployment(t, c, "blocker"))
	used := func(subcommand string, by ...string) { t.Helper(); wantUsed(t, audit, subcommand, by) }
	used("pools", "exact-pools")
	used("status", viewer)
	used("drain-pool", drainer)
	used("drain-pool --pause-pdb-blockers", pausing)
	used("uncordon-pool", uncordoner)
	used("pause-pdb-blockers", pauser)
	// Both give back by the same code, here a Deployment, there a budget.
	used("resume-pdb-blockers", resumer, aborter)
	used("abort", resumer, aborter)
}

// seldom says why a declared right may stay unused in a short test.
func seldom(a registry.Access) string {
	switch {
	case a.Resource == "leases":
		return "the lock is created once, and found later"
	case a.Resource == "configmaps" && a.Verb == "delete":
		return "the history is cut after many runs"
	case a.Resource == "nodes" && a.Verb == "get":
		return "a node is read again when its patch met another change"
	case a.Verb == "list" && a.Namespace == "":
		return "older API servers do not send a list by a watch"
	case a.Resource == "statefulsets":
		return "the blocker here is a Deployment"
	case a.Resource == "pods" && a.Namespace != "":
		return "TestRelocateRights needs it"
	}
	return ""
}

// wantUsed fails unless users have used every right that is declared: what nobody uses
// must not be granted.
func wantUsed(t *testing.T, audit *harness.Audit, subcommand string, users []string) {
	t.Helper()
	for _, a := range declared(t, subcommand) {
		used := slices.ContainsFunc(audit.Requests(t), func(r harness.AuditedRequest) bool {
			o := r.ObjectRef
			return slices.Contains(users, r.ImpersonatedUser.Username) && r.Verb == a.Verb && o.Resource == a.Resource && o.Subresource == a.Subresource && (a.Namespace == "" || o.Namespace == a.Namespace)
		})
		if !used && seldom(a) == "" {
			t.Errorf("%s is declared to %s, and does not", subcommand, a)
		}
	}
}

// TestRelocateRights: a relocation works for a user who may do what plugins.yaml
// says, and so does giving one up that was killed.
func TestRelocateRights(t *testing.T) {
	c, profile := swapped(t, "exact-swap")
	u := newUsers(t, c)
	for user, subcommand := range map[string]string{"mover": "placement-check --relocate", "remover": "abort"} {
		rights := declared(t, subcommand)
		u.grant(t, user, rights)
		u.known(t, user, rights)
	}
	c.Plugin(t, "placement-check", "--relocate", "--yes", "--profile", profile, "--as", "mover").Want(t, 0)
	wantPool(t, c, "vantiq-0", "vantiqnp")
	c.Swap()
	c.Kubectl(t, "annotate", "pod", "-n", c.Name, "metrics-collector-0", "--overwrite", stopFast+"=never").Want(t, 0)
	p := c.StartPlugin(t, "placement-check", "--relocate", "--yes", "--profile", profile)
	c.Eventually("a pod is kept off", func(ctx context.Context) (bool, error) {
		list, err := c.Client.CoreV1().Pods("kube-system").List(ctx, metav1.ListOptions{LabelSelector: journal.KeepOffLabel})
		return err == nil && len(list.Items) > 0, err
	})
	if err := p.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	p.Wait()
	c.Plugin(t, "abort", "--all", "--yes", "--as", "remover").Want(t, 0)
	wantNoKeepOff(t, c)
}

// halfWritten writes a run down that was to scale a Deployment to zero, and died.
func halfWritten(t *testing.T, c *harness.Scope, namespace, name string, replicas int) *journal.Run {
	t.Helper()
	store := &journal.Store{ConfigMaps: c.Client.CoreV1().ConfigMaps(namespace), Now: time.Now}
	recorder, err := store.Begin(t.Context(), journal.Run{
		Command:  []string{"pause-pdb-blockers", "deployment/" + c.Name + "/" + name, "--mode=scale-to-zero"},
		Operator: "hanako", Host: "hanako@bastion-2",
	})
	if err != nil {
		t.Fatal(err)
	}
	_, err = recorder.Plan(t.Context(), journal.Change{
		Object: journal.Object{APIVersion: "apps/v1", Kind: "Deployment", Namespace: c.Name, Name: name},
		UID:    deployment(t, c, name).UID, Field: "spec.replicas", Mode: "scale-to-zero",
		Before: json.RawMessage(strconv.Itoa(replicas)), After: json.RawMessage("0"),
	})
	if err != nil {
		t.Fatal(err)
	}
	return recorder.Run()
}

// less are all rights but one.
func less(rights []registry.Access, i int) []registry.Access {
	return slices.Delete(slices.Clone(rights), i, i+1)
}
