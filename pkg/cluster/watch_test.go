// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package cluster_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/kubernetes/fake"
	clienttesting "k8s.io/client-go/testing"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/cluster"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/internal/fixture"
)

// These tests run in bubbles (testing/synctest), where time costs nothing. A
// bubble ends only when every goroutine in it has, so that each of them also
// proves that the end of the context stops the watches.

// changed reports whether something changed, once everything has come to rest.
func changed(w *cluster.Watcher) bool {
	synctest.Wait()
	select {
	case <-w.Changed():
		return true
	default:
		return false
	}
}

func failing(resource string, err error) *fake.Clientset {
	client := fake.NewClientset()
	client.PrependReactor("list", resource, func(clienttesting.Action) (bool, runtime.Object, error) { return true, nil, err })
	return client
}

func TestWatchReadsEveryKind(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		set := fixture.StatefulSet("app/db", fixture.Replicas(3))
		deployment := fixture.Deployment("app/web")
		rs := fixture.ReplicaSetOf(deployment)
		daemons := fixture.DaemonSet("app/agent")
		client := fake.NewClientset(fixture.Node("n1"), set, deployment, rs, daemons, fixture.PDB("app/db"),
			fixture.PodOf(set, "db-0", "n1"), fixture.PodOf(rs, "web-x", "n1"))
		w, err := cluster.Watch(t.Context(), client, nil)
		if err != nil {
			t.Fatal(err)
		}
		s := w.Snapshot()
		if diff := cmp.Diff([]string{"db-0", "web-x"}, names(s.PodsOn("n1"))); diff != "" {
			t.Errorf("pods, -want +got:\n%s", diff)
		}
		var workloads []string
		for _, workload := range s.Workloads() {
			workloads = append(workloads, workload.String())
		}
		if diff := cmp.Diff([]string{"deployment/app/web", "statefulset/app/db"}, workloads); diff != "" {
			t.Errorf("workloads, -want +got:\n%s", diff)
		}
		if s.Node("n1") == nil || len(s.PDBs) != 1 || !s.HasDaemonSet(daemons.UID) {
			t.Errorf("got nodes %v, PDBs %v, DaemonSet %v", s.Nodes, s.PDBs, s.HasDaemonSet(daemons.UID))
		}
	})
}

func TestWatchTellsOfChanges(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client := fake.NewClientset(fixture.Node("n1"))
		w, err := cluster.Watch(t.Context(), client, nil)
		if err != nil {
			t.Fatal(err)
		}
		if !changed(w) {
			t.Error("the first reading is no change")
		}
		if changed(w) {
			t.Error("a change without a change")
		}
		pods := client.CoreV1().Pods("app")
		for _, name := range []string{"a", "b", "c"} {
			pod := fixture.Pod("app/" + name)
			pod.Spec.Containers[0].Env = []corev1.EnvVar{{Name: "A", Value: "b"}}
			if _, err := pods.Create(t.Context(), pod, metav1.CreateOptions{}); err != nil {
				t.Fatal(err)
			}
		}
		if !changed(w) || changed(w) {
			t.Error("many changes give other than one value")
		}
		if pod := w.Snapshot().Pod("app", "c"); pod == nil || pod.Spec.Containers[0].Env != nil {
			t.Errorf("got pod %v, want it trimmed", pod)
		}
		before := w.Snapshot()
		if err := pods.Delete(t.Context(), "c", metav1.DeleteOptions{}); err != nil {
			t.Fatal(err)
		}
		if !changed(w) || w.Snapshot().Pod("app", "c") != nil {
			t.Error("the deletion did not come through")
		}
		if before.Pod("app", "c") == nil {
			t.Error("a Snapshot has changed after it was taken")
		}
	})
}

// Without a right it would wait in vain until the time is up.
func TestWatchFailsAtOnceWhenForbidden(t *testing.T) {
	for _, cause := range []error{
		apierrors.NewForbidden(corev1.Resource("poddisruptionbudgets"), "", errors.New("no")),
		apierrors.NewUnauthorized("token expired"),
	} {
		synctest.Test(t, func(t *testing.T) {
			var told atomic.Int32
			start := time.Now()
			_, err := cluster.Watch(t.Context(), failing("poddisruptionbudgets", cause), func(error) { told.Add(1) })
			if !errors.Is(err, cause) {
				t.Errorf("got %v", err)
			}
			if took := time.Since(start); took > time.Second {
				t.Errorf("it took %s", took)
			}
			if told.Load() == 0 {
				t.Error("onError was not told")
			}
		})
	}
}

func TestWatchRetries(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client := fake.NewClientset(fixture.Pod("app/a"))
		var tries atomic.Int32
		client.PrependReactor("list", "pods", func(clienttesting.Action) (bool, runtime.Object, error) {
			if tries.Add(1) < 4 {
				return true, nil, apierrors.NewServiceUnavailable("the API server restarts")
			}
			return false, nil, nil
		})
		var told atomic.Int32
		w, err := cluster.Watch(t.Context(), client, func(error) { told.Add(1) })
		if err != nil || w.Snapshot().Pod("app", "a") == nil {
			t.Fatalf("got %v", err)
		}
		if told.Load() != 3 {
			t.Errorf("onError was told of %d failures, want 3", told.Load())
		}
	})
}

// A watch that ends is nothing to tell an operator of; a list that is cut off is.
func TestWatchTellsTroubleFromItsNormalEnd(t *testing.T) {
	tests := map[string]struct {
		ended error
		told  int32
	}{
		"end of the stream":       {io.EOF, 0},
		"cut off":                 {io.ErrUnexpectedEOF, 0},
		"too old":                 {apierrors.NewResourceExpired("too old resource version"), 0},
		"the request was cut off": {fmt.Errorf("Get pods: %w", io.ErrUnexpectedEOF), 1},
		"overloaded":              {apierrors.NewInternalError(errors.New("panic")), 1},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				client := fake.NewClientset(fixture.Pod("app/a"))
				var tries, told atomic.Int32
				client.PrependWatchReactor("pods", func(clienttesting.Action) (bool, watch.Interface, error) {
					return tries.Add(1) == 1, nil, test.ended
				})
				w, err := cluster.Watch(t.Context(), client, func(error) { told.Add(1) })
				if err != nil || w.Snapshot().Pod("app", "a") == nil {
					t.Fatalf("got %v", err)
				}
				time.Sleep(time.Minute) // of the bubble's: time to begin anew
				if told.Load() != test.told || tries.Load() < 2 {
					t.Errorf("told of %d troubles in %d tries, want %d", told.Load(), tries.Load(), test.told)
				}
			})
		})
	}
}

func TestWatchGivesUp(t *testing.T) {
	trouble := apierrors.NewServiceUnavailable("etcd is down")
	t.Run("after two minutes, with the last trouble", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			start := time.Now()
			_, err := cluster.Watch(t.Context(), failing("nodes", trouble), nil)
			if !errors.Is(err, trouble) || !strings.Contains(err.Error(), "v1.Node") {
				t.Errorf("got %v", err)
			}
			if took := time.Since(start); took < 2*time.Minute || took > 3*time.Minute {
				t.Errorf("it took %s", took)
			}
		})
	})
	t.Run("when the operator does, as an interruption", func(t *testing.T) {
		// The exit code 130 hangs on it, also when there was trouble before.
		synctest.Test(t, func(t *testing.T) {
			ctx, interrupt := context.WithCancel(t.Context())
			defer interrupt()
			time.AfterFunc(10*time.Second, interrupt)
			start := time.Now()
			_, err := cluster.Watch(ctx, failing("nodes", trouble), nil)
			if !errors.Is(err, context.Canceled) {
				t.Errorf("got %v", err)
			}
			if took := time.Since(start); took > 11*time.Second {
				t.Errorf("it took %s", took)
			}
		})
	})
}
