// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package cluster_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/kubernetes/fake"
	clienttesting "k8s.io/client-go/testing"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/cluster"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/internal/fixture"
)

// forbid makes a server refuse to list a kind.
func forbid(client *fake.Clientset, resource string) {
	client.PrependReactor("list", resource, func(clienttesting.Action) (bool, runtime.Object, error) {
		return true, nil, apierrors.NewForbidden(schema.GroupResource{Resource: resource}, "", errors.New("no"))
	})
}

func withVolumes() *fake.Clientset {
	return fake.NewClientset(
		fixture.PersistentVolume("disk", fixture.Zone("z1")), fixture.PersistentVolumeClaim("app/data", "disk"),
		fixture.PersistentVolumeClaim("app/p-scratch", "disk"), fixture.PersistentVolumeClaim("app/unbound", ""),
	)
}

func TestVolumes(t *testing.T) {
	v, err := cluster.ListVolumes(t.Context(), withVolumes())
	if err != nil {
		t.Fatal(err)
	}
	ephemeral := fixture.Pod("app/p")
	ephemeral.Spec.Volumes = []corev1.Volume{{Name: "scratch", VolumeSource: corev1.VolumeSource{Ephemeral: &corev1.EphemeralVolumeSource{}}}}
	tests := map[string]struct {
		pod  *corev1.Pod
		want []string
	}{
		"a claim":              {fixture.Pod("app/p", fixture.Claim("data")), []string{"disk"}},
		"a claim for itself":   {ephemeral, []string{"disk"}},
		"an unbound one":       {fixture.Pod("app/p", fixture.Claim("unbound")), nil},
		"of another namespace": {fixture.Pod("web/p", fixture.Claim("data")), nil},
		"no claim":             {fixture.Pod("app/p", fixture.EmptyDir("x")), nil},
	}
	for name, tt := range tests {
		if diff := cmp.Diff(tt.want, names(v.Of(tt.pod))); diff != "" {
			t.Errorf("%s: -want +got:\n%s", name, diff)
		}
	}
	if got := (*cluster.Volumes)(nil).Of(ephemeral); got != nil {
		t.Errorf("no volumes were read, got %v", got)
	}
}

func TestVolumeZones(t *testing.T) {
	tests := map[string][]string{"z1": {"z1"}, "z1__z2": {"z1", "z2"}, "": nil}
	for label, want := range tests {
		for _, key := range []string{corev1.LabelTopologyZone, corev1.LabelFailureDomainBetaZone} {
			if diff := cmp.Diff(want, cluster.VolumeZones(fixture.PersistentVolume("v", fixture.Label(key, label)))); diff != "" {
				t.Errorf("%s=%s: %s", key, label, diff)
			}
		}
	}
}

// What may not be read is told, by a list and by a watch; it is no error.
func TestForbiddenVolumes(t *testing.T) {
	client := withVolumes()
	forbid(client, "persistentvolumes")
	listed, err := cluster.ListVolumes(t.Context(), client)
	if err != nil {
		t.Fatal(err)
	}
	watcher, err := cluster.Watch(t.Context(), client, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := watcher.WatchVolumes(t.Context()); err != nil {
		t.Fatal(err)
	}
	for name, v := range map[string]*cluster.Volumes{"listed": listed, "watched": watcher.Volumes()} {
		if diff := cmp.Diff([]string{"persistentvolumes"}, v.Unread); diff != "" {
			t.Errorf("%s: -want +got:\n%s", name, diff)
		}
	}
	client.PrependReactor("list", "persistentvolumeclaims", func(clienttesting.Action) (bool, runtime.Object, error) {
		return true, nil, errors.New("connection lost")
	})
	if _, err := cluster.ListVolumes(t.Context(), client); err == nil || err.Error() != "listing persistentvolumeclaims: connection lost" {
		t.Errorf("got %v", err)
	}
}

func TestWatchVolumes(t *testing.T) {
	watcher, err := cluster.Watch(t.Context(), withVolumes(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := watcher.WatchVolumes(t.Context()); err != nil {
		t.Fatal(err)
	}
	v := watcher.Volumes()
	if diff := cmp.Diff([]string{"disk"}, names(v.Of(fixture.Pod("app/p", fixture.Claim("data"))))); diff != "" || v.Unread != nil {
		t.Errorf("unread %v, -want +got:\n%s", v.Unread, diff)
	}
}

// TestList: what is read once is what watches read, but for the budgets.
func TestList(t *testing.T) {
	set, web, agents := fixture.StatefulSet("app/db"), fixture.Deployment("app/web"), fixture.DaemonSet("app/agent")
	client := fake.NewClientset(fixture.Node("n1"), set, web, fixture.ReplicaSetOf(web), agents,
		fixture.PodOf(set, "db-0", "n1"), fixture.PodOf(fixture.ReplicaSetOf(web), "web-x", "n1"))
	s, err := cluster.List(t.Context(), client)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"db-0", "web-x"}, names(s.Pods())); diff != "" {
		t.Error(diff)
	}
	if ref, _ := s.Owner(s.Pod("app", "web-x")); ref.String() != "deployment/app/web" || len(s.DaemonSets()) != 1 || s.Node("n1") == nil {
		t.Errorf("owner %s, %d DaemonSets", ref, len(s.DaemonSets()))
	}
	forbid(client, "pods")
	if _, err := cluster.List(t.Context(), client); !apierrors.IsForbidden(err) {
		t.Errorf("got %v", err)
	}
}
