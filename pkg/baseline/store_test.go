// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package baseline_test

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apiequality "k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes/fake"
	clienttesting "k8s.io/client-go/testing"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/api/v1alpha1"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/baseline"
)

const namespace = "kube-system"

func newStore(client *fake.Clientset) *baseline.Store {
	return &baseline.Store{ConfigMaps: client.CoreV1().ConfigMaps(namespace), Now: func() time.Time { return sample().Time.Add(24 * time.Hour) }}
}

// taken is a snapshot of another hour.
func taken(hour int) *v1alpha1.ClusterSnapshot {
	s := sample()
	s.Time = metav1.NewTime(s.Time.Add(time.Duration(hour) * time.Hour))
	s.Name = fmt.Sprintf("20261122-%02d0000-x7k2p", hour)
	return s
}

// large takes several parts: random characters are not made smaller by gzip.
func large() *v1alpha1.ClusterSnapshot {
	s := taken(1)
	random := rand.NewChaCha8([32]byte{})
	for i := range 5 {
		uid := make([]byte, 450_000)
		_, _ = random.Read(uid) // it never fails
		s.Pods = append(s.Pods, v1alpha1.PodRecord{Namespace: "app", Name: fmt.Sprintf("p-%d", i), UID: hex.EncodeToString(uid), Phase: "Running"})
	}
	return s
}

func wantStored(t *testing.T, s *baseline.Store, name string, want *v1alpha1.ClusterSnapshot) {
	t.Helper()
	got, err := s.Load(t.Context(), name)
	if err != nil || !apiequality.Semantic.DeepEqual(want, got) {
		t.Errorf("%s: error %v, another snapshot: %v", name, err, got != nil)
	}
}

// TestStore: what was saved is loaded, by name and as the latest.
func TestStore(t *testing.T) {
	client := fake.NewClientset()
	s := newStore(client)
	if _, err := s.Latest(t.Context()); err == nil || !strings.Contains(err.Error(), "keeps no snapshot") {
		t.Errorf("got %v", err)
	}
	for _, snapshot := range []*v1alpha1.ClusterSnapshot{taken(2), large()} {
		if err := s.Save(t.Context(), snapshot); err != nil {
			t.Fatal(err)
		}
		wantStored(t, s, snapshot.Name, snapshot)
	}
	latest, err := s.Latest(t.Context())
	if err != nil || latest.Name != taken(2).Name {
		t.Errorf("latest: %v, %v", latest, err)
	}
	if _, err := s.Load(t.Context(), "other"); err == nil || !strings.Contains(err.Error(), `keeps no snapshot "other"`) {
		t.Errorf("got %v", err)
	}
	list, err := client.CoreV1().ConfigMaps(namespace).List(t.Context(), metav1.ListOptions{})
	if err != nil || len(list.Items) < 3 {
		t.Fatalf("%d parts, %v", len(list.Items), err)
	}
	for _, part := range list.Items {
		if n := len(part.BinaryData["snapshot.yaml.gz"]); n > 900_000 || part.Immutable == nil || !*part.Immutable {
			t.Errorf("%s has %d bytes, immutable %v", part.Name, n, part.Immutable)
		}
	}
}

// TestStorePrunes all but five, and remainders of long ago.
func TestStorePrunes(t *testing.T) {
	client := fake.NewClientset()
	s := newStore(client)
	if err := s.Save(t.Context(), large()); err != nil {
		t.Fatal(err)
	}
	// The first part of one that was interrupted long ago.
	ours := client.CoreV1().ConfigMaps(namespace)
	if err := ours.Delete(t.Context(), "vantiq-upgrade-baseline-"+large().Name+"-1", metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	for hour := 2; hour < 9; hour++ {
		if err := s.Save(t.Context(), taken(hour)); err != nil {
			t.Fatal(err)
		}
		if err := s.Prune(t.Context(), taken(hour).Name); err != nil {
			t.Fatal(err)
		}
	}
	all, err := s.List(t.Context())
	var names []string
	for _, stored := range all {
		names = append(names, stored.Name)
	}
	want := []string{taken(8).Name, taken(7).Name, taken(6).Name, taken(5).Name, taken(4).Name}
	if err != nil || !slices.Equal(want, names) {
		t.Errorf("got %v, %v; want %v", names, err, want)
	}
}

// TestStoreKeepsWhatWasSaved although its clock says that it is the oldest.
func TestStoreKeepsWhatWasSaved(t *testing.T) {
	s := newStore(fake.NewClientset())
	for _, hour := range []int{5, 6, 7, 8, 9, 1} {
		if err := s.Save(t.Context(), taken(hour)); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Prune(t.Context(), taken(1).Name); err != nil {
		t.Fatal(err)
	}
	wantStored(t, s, taken(1).Name, taken(1))
}

// TestStoreOrder: of one second, the one that the cluster got last is the newest.
func TestStoreOrder(t *testing.T) {
	client := fake.NewClientset()
	version := 9
	client.PrependReactor("create", "configmaps", func(action clienttesting.Action) (bool, runtime.Object, error) {
		part := action.(clienttesting.CreateAction).GetObject().(*corev1.ConfigMap)
		version++
		part.ResourceVersion = strconv.Itoa(version)
		return false, nil, nil
	})
	s := newStore(client)
	for _, name := range []string{"b", "c", "a"} {
		snapshot := taken(3)
		snapshot.Name = name
		if err := s.Save(t.Context(), snapshot); err != nil {
			t.Fatal(err)
		}
	}
	if latest, err := s.Latest(t.Context()); err != nil || latest.Name != "a" {
		t.Errorf("got %v, %v", latest, err)
	}
}

// TestStoreInterrupted: of a snapshot whose writing broke off at any part there is
// nothing to load, and the one before stays the latest.
func TestStoreInterrupted(t *testing.T) {
	for broken := range 3 {
		client := fake.NewClientset()
		s := newStore(client)
		s.Now = func() time.Time { return taken(2).Time.Time }
		if err := s.Save(t.Context(), taken(0)); err != nil {
			t.Fatal(err)
		}
		creates := 0
		client.PrependReactor("create", "configmaps", func(clienttesting.Action) (bool, runtime.Object, error) {
			creates++
			return creates == broken+1, nil, errors.New("connection lost")
		})
		big := large()
		big.Time = taken(2).Time
		switch err := s.Save(t.Context(), big); {
		case creates <= broken:
			t.Fatalf("it has %d parts only", creates)
		case err == nil:
			t.Errorf("part %d was lost, and nobody said so", broken)
		}
		if latest, err := s.Latest(t.Context()); err != nil || latest.Name != taken(0).Name {
			t.Errorf("part %d: latest is %v, %v", broken, latest, err)
		}
		if _, err := s.Load(t.Context(), big.Name); err == nil {
			t.Errorf("part %d: it was loaded", broken)
		}
	}
}

// TestStoreRetries: a part that was written although the answer was lost is taken
// for ours.
func TestStoreRetries(t *testing.T) {
	client := fake.NewClientset()
	s := newStore(client)
	s.Retry = func(_ context.Context, request func() error) error {
		if err := request(); err != nil && !apierrors.IsAlreadyExists(err) {
			return err
		}
		return request()
	}
	if err := s.Save(t.Context(), taken(3)); err != nil {
		t.Fatal(err)
	}
	wantStored(t, s, taken(3).Name, taken(3))
}

// TestStoreDamaged: parts that were touched are not read.
func TestStoreDamaged(t *testing.T) {
	client := fake.NewClientset()
	s := newStore(client)
	if err := s.Save(t.Context(), taken(3)); err != nil {
		t.Fatal(err)
	}
	ours := client.CoreV1().ConfigMaps(namespace)
	part, err := ours.Get(t.Context(), "vantiq-upgrade-baseline-"+taken(3).Name+"-0", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	part.BinaryData["snapshot.yaml.gz"][40] ^= 1
	if _, err := ours.Update(t.Context(), part, metav1.UpdateOptions{}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Latest(t.Context()); err == nil || !strings.Contains(err.Error(), "its checksum is another") {
		t.Errorf("got %v", err)
	}
}
