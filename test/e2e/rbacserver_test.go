// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"testing"

	"k8s.io/client-go/rest"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/api/v1alpha1"
)

// checkStrangeServers: an API group that the server lacks needs no right, and an
// authorizer that gives no answer gives no right.
func (r *rightsTest) checkStrangeServers(t *testing.T) {
	strange := r.Via(strangeServer(t, r.Config))
	out := read[v1alpha1.RightsReport](t, strange.Plugin(t, "rbac", "--check", "-o", "json").Want(t, 0))
	if s := statesOf(out); s[v1alpha1.RightNotApplicable] == 0 || s[v1alpha1.RightDenied]+s[v1alpha1.RightUnknown] > 0 || !out.Complete {
		t.Errorf("%v", s)
	}
	for _, right := range out.Rights {
		if (right.State == v1alpha1.RightNotApplicable) != (right.Group == "policy") {
			t.Errorf("%+v", right)
		}
	}
	unknown := read[v1alpha1.RightsReport](t, strange.Plugin(t, "rbac", "--check", "-o", "json", "--as", "nobody-at-all").Want(t, 2))
	if s := statesOf(unknown); s[v1alpha1.RightUnknown] == 0 || s[v1alpha1.RightDenied]+s[v1alpha1.RightAllowed] > 0 || unknown.Complete {
		t.Errorf("%v", s)
	}
	if text := strange.Plugin(t, "rbac", "drain-pool", "--check", "--as", "nobody-at-all").Want(t, 2).Stdout; !containsAll(text, []string{"Incomplete: ", " Unknown, ", " NotApplicable\n", "Unknown         create", "Next: "}) {
		t.Errorf("stdout:\n%s", text)
	}
}

// strangeServer is a way to a sandbox that has no API group policy, and whose
// authorizer answers no question. It returns its kubeconfig.
func strangeServer(t *testing.T, config *rest.Config) string {
	t.Helper()
	forward := forwardTo(t, config, "Accept-Encoding")
	forward.ModifyResponse = withoutPolicy
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/selfsubjectaccessreviews") {
			http.Error(w, "the authorizer is away", http.StatusInternalServerError)
			return
		}
		forward.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	return kubeconfigFor(t, server.URL, nil)
}

// withoutPolicy takes the API group policy out of what the server says it has.
func withoutPolicy(r *http.Response) error {
	if r.Request.URL.Path != "/apis" {
		return nil
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return err
	}
	all := map[string]any{}
	if err := json.Unmarshal(body, &all); err != nil {
		return err
	}
	items, _ := all["items"].([]any)
	all["items"] = slices.DeleteFunc(items, func(item any) bool {
		meta, _ := item.(map[string]any)["metadata"].(map[string]any)
		return meta["name"] == "policy"
	})
	if body, err = json.Marshal(all); err != nil {
		return err
	}
	r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	r.Header.Set("Content-Length", strconv.Itoa(len(body)))
	return nil
}
