// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/api/v1alpha1"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/test/harness"
)

// TestVerifyRights verifies a production cluster as users who may do what plugins.yaml
// says.
func TestVerifyRights(t *testing.T) {
	s := layouts.Start(t, "aks")
	s.Kubectl(t, "apply", "-f", "testdata/verify.yaml").Want(t, 0)
	s.Kubectl(t, "rollout", "status", "-n", "extra", "deployment/extra").Want(t, 0)
	verified(t, s, "the cluster is well", v1alpha1.VerifyPassed)
	before := filepath.Join(t.TempDir(), "before.yaml.gz")
	s.Plugin(t, "snapshot", before, "--to-cluster").Want(t, 0)
	u := newUsers(t, s.NewScope(t, "verify-rights"))
	all := declared(t, "verify --wait")
	u.grant(t, "verifier", all)
	u.known(t, "verifier", all)
	t.Run("exact", func(t *testing.T) { verifyExactRights(t, s, before) })
	t.Run("secrets", func(t *testing.T) { verifyReadsNoSecret(t, s, before) })
}

// verifyExactRights: the declared rights are enough, for whatever verify does; and
// with them it only looks.
func verifyExactRights(t *testing.T, s *harness.Sandbox, before string) {
	audit := s.Audit(t)
	for _, args := range [][]string{
		nil,
		{"--baseline", before, "--to", "1.36.4"},
		{"--baseline", "latest"},
		{"--baseline", before, "--wait", "5m", "--looks", "2", "--interval", "1s"},
	} {
		r := s.Plugin(t, append([]string{"verify", "-o", "json", "--as", "verifier"}, args...)...).Want(t, 0)
		if out := read[v1alpha1.VerifyReport](t, r); out.Outcome != v1alpha1.VerifyPassed || len(out.Findings) > 0 {
			t.Errorf("%v: %s, %+v", args, out.Outcome, out.Findings)
		}
	}
	for _, request := range audit.Requests(t) {
		if !isLook(request) {
			t.Errorf("it sent %s %s", request.Verb, request.RequestURI)
		}
		if request.ResponseStatus.Code == 403 {
			t.Errorf("it may not %s %s", request.Verb, request.RequestURI)
		}
	}
}

// verifyReadsNoSecret looks at what the API server answered: of Secrets nothing but
// metadata.
func verifyReadsNoSecret(t *testing.T, s *harness.Sandbox, before string) {
	// One that was not applied: what kubectl applies is in an annotation as well.
	const name = "sh.helm.release.v1.another.v1"
	s.Kubectl(t, "create", "secret", "generic", "-n", "extra", name, "--type=helm.sh/release.v1", "--from-literal=release="+releaseValue).Want(t, 0)
	s.Kubectl(t, "label", "secret", "-n", "extra", name, "owner=helm", "name=another", "version=1", "status=deployed").Want(t, 0)
	tap := startTap(t, s)
	s.Via(tap.kubeconfig).Plugin(t, "verify", "--baseline", before).Want(t, 0)
	seen := 0
	for _, answer := range tap.all() {
		if strings.Contains(answer.path, "/secrets") {
			seen++
			if !strings.Contains(answer.accept, "as=PartialObjectMetadataList") || strings.Contains(answer.accept, "json,") {
				t.Errorf("%s was asked for as %s", answer.path, answer.accept)
			}
		}
		for _, secret := range []string{releaseValue, base64Of(releaseValue)} {
			if strings.Contains(answer.body, secret) {
				t.Errorf("the answer to %s has the value of a Secret", answer.path)
			}
		}
	}
	if seen == 0 {
		t.Error("nobody asked for Helm releases")
	}
}
