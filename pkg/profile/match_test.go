// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package profile_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/profile"
)

func vantiq(t *testing.T) *profile.Profile {
	t.Helper()
	p, err := profile.Vantiq()
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func set(namespace, name string) profile.Object {
	return profile.Object{Kind: "StatefulSet", Namespace: namespace, Name: name}
}

func TestRoleOfPool(t *testing.T) {
	// Every name that the Terraform templates have used, newest first.
	pools := map[string][]string{
		"vantiq":       {"vantiqnp", "VANTIQ-nodegroup"},
		"mongodb":      {"mongodbnp", "MongoDB-nodegroup"},
		"userdb":       {"userdbnp"},
		"keycloak":     {"keycloaknp", "Keycloak-nodegroup", "keycloak-nodegroup"},
		"grafana":      {"grafananp", "Grafana-nodegroup", "grafana-nodegroup"},
		"metrics":      {"metricsnp", "Metrics-nodegroup", "metrics-nodegroup", "mertics-nodegroup"},
		"ai-assistant": {"vantiqaiasnp", "Ai_assistant-nodegroup", "ai_assistant-nodegroup", "vantiq_ai_assistant-nodegroup"},
	}
	for role, names := range pools {
		for _, name := range names {
			if got := vantiq(t).RoleOfPool(name, ""); got != role {
				t.Errorf("pool %s: got role %q, want %q", name, got, role)
			}
		}
	}
}

func TestViewOverSeveralInstallations(t *testing.T) {
	view := vantiq(t).For([]profile.Object{
		set("prod", "vantiq"), set("prod", "mongodb"),
		set("dev", "vantiq"), set("dev", "mongodb"), set("dev", "vantiq"),
		// These look like Vantiq's, and are not: a Deployment marks nothing, and
		// nothing marks this namespace.
		{Kind: "Deployment", Namespace: "web", Name: "vantiq"},
		set("web", "mongodb"),
	})
	if diff := cmp.Diff([]string{"dev", "prod"}, view.Installations()); diff != "" {
		t.Errorf("installations, -want +got:\n%s", diff)
	}

	t.Run("Lookup", func(t *testing.T) {
		tests := map[profile.Object]bool{
			set("prod", "mongodb"):    true,
			set("dev", "mongodb"):     true,
			set("web", "mongodb"):     false,
			set("shared", "mongodb"):  false, // known, but not as a shared component
			set("shared", "keycloak"): true,
			set("prod", "keycloak"):   false,
			set("prod", "other"):      false,
			{Kind: "Deployment", Namespace: "prod", Name: "mongodb"}: false,
		}
		for object, want := range tests {
			got := view.Lookup(object)
			if (got != nil) != want || got != nil && got.Name != object.Name {
				t.Errorf("%v: got %v, want known %v", object, got, want)
			}
		}
	})

	t.Run("DependenciesOf stay in the installation, shared ones apart", func(t *testing.T) {
		want := []profile.Object{set("prod", "mongodb"), set("shared", "keycloak")}
		if diff := cmp.Diff(want, view.DependenciesOf(set("prod", "vantiq"))); diff != "" {
			t.Errorf("-want +got:\n%s", diff)
		}
		if got := view.DependenciesOf(set("web", "vantiq")); got != nil {
			t.Errorf("a stranger depends on %v", got)
		}
	})

	t.Run("DependentsOf", func(t *testing.T) {
		for object, want := range map[profile.Object][]profile.Object{
			set("prod", "mongodb"):    {set("prod", "vantiq")},
			set("shared", "keycloak"): {set("dev", "vantiq"), set("prod", "vantiq")},
			set("prod", "vantiq"):     nil,
			set("web", "mongodb"):     nil,
		} {
			if diff := cmp.Diff(want, view.DependentsOf(object)); diff != "" {
				t.Errorf("%v: -want +got:\n%s", object, diff)
			}
		}
	})

	t.Run("NeverTogetherWith stays in the installation", func(t *testing.T) {
		for object, want := range map[profile.Object][]profile.Object{
			set("dev", "vantiq"):      {set("dev", "mongodb")},
			set("dev", "mongodb"):     {set("dev", "vantiq")},
			set("shared", "keycloak"): nil,
			set("web", "mongodb"):     nil,
		} {
			if diff := cmp.Diff(want, view.NeverTogetherWith(object)); diff != "" {
				t.Errorf("%v: -want +got:\n%s", object, diff)
			}
		}
	})

	t.Run("Blocker", func(t *testing.T) {
		deployment := profile.Object{Kind: "Deployment", Namespace: "shared", Name: "telegraf-prom"}
		if got := view.Blocker(deployment); got == nil || got.Reason == "" || got.Mode != "scale-to-zero" {
			t.Errorf("got %v, want telegraf-prom with a reason, scaled to zero", got)
		}
		deployment.Namespace = "prod"
		if got := view.Blocker(deployment); got != nil {
			t.Errorf("got %v in another namespace", got)
		}
	})
}

// A shared component that depends on one of the installations' depends on that
// of each of them.
func TestSharedWorkloadDependsOnEveryInstallation(t *testing.T) {
	p, problem := load(t, head+`- {name: web, kind: Deployment, scope: shared, dependsOn: [mongodb]}
sharedNamespaces: [shared]
`)
	if problem != "" {
		t.Fatal(problem)
	}
	view := p.For([]profile.Object{set("b", "vantiq"), set("a", "vantiq")})
	got := view.DependenciesOf(profile.Object{Kind: "Deployment", Namespace: "shared", Name: "web"})
	if diff := cmp.Diff([]profile.Object{set("a", "mongodb"), set("b", "mongodb")}, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestTogether(t *testing.T) {
	p := &profile.Profile{NeverTogether: [][]string{{"a", "b", "c"}, {"b", "c"}, {"d", "e"}}}
	tests := map[string][]string{"a": {"b", "c"}, "b": {"a", "c"}, "c": {"a", "b"}, "d": {"e"}, "x": nil}
	for name, want := range tests {
		if diff := cmp.Diff(want, p.Together(name)); diff != "" {
			t.Errorf("%s: -want +got:\n%s", name, diff)
		}
	}
}

// Whoever asks may keep the answer.
func TestInstallationsAreACopy(t *testing.T) {
	view := vantiq(t).For([]profile.Object{set("prod", "vantiq")})
	view.Installations()[0] = "changed"
	if got := view.Installations()[0]; got != "prod" {
		t.Errorf("got %s", got)
	}
}

func TestMustShareZone(t *testing.T) {
	p := vantiq(t)
	p.SameZone = append(p.SameZone, []string{"vantiq", "keycloak"})
	deployment := func(name string) profile.Object {
		return profile.Object{Kind: "Deployment", Namespace: "shared", Name: name}
	}
	want := [][]profile.Object{
		{deployment("grafana"), deployment("grafanadb-mysql")},
		{set("dev", "vantiq"), set("shared", "keycloak")},
		{set("prod", "vantiq"), set("shared", "keycloak")},
	}
	got := p.For([]profile.Object{set("prod", "vantiq"), set("dev", "vantiq")}).MustShareZone()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestReserved(t *testing.T) {
	p := vantiq(t)
	for role, want := range map[string]bool{"vantiq": true, "mongodb": true, "userdb": true, "keycloak": false, "metrics": false, "": false} {
		if got := p.IsReserved(role); got != want {
			t.Errorf("role %q: got %t", role, got)
		}
	}
	if diff := cmp.Diff([]string{"vantiqnp", "VANTIQ-nodegroup"}, p.PoolNames("vantiq")); diff != "" {
		t.Error(diff)
	}
}
