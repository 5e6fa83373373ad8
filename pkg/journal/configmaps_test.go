// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package journal_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	corev1client "k8s.io/client-go/kubernetes/typed/core/v1"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/journal"
)

const (
	namespace = "kube-system"
	runID     = "20260301-170000-x7k2p"
)

// configMaps keeps ConfigMaps as an API server does: versions, preconditions and
// the limit of their size. The fake clientset knows nothing of these, and answers
// one request after the other.
type configMaps struct {
	corev1client.ConfigMapInterface // only what the journal needs is there

	mu      sync.Mutex
	objects map[string]*corev1.ConfigMap
	version int
	// requests are verb and name of the requests so far.
	requests []string
	// before runs before a request of a verb is carried out, after when it is,
	// each once; an error of theirs is the answer.
	before, after map[string]func() error
}

func newConfigMaps() *configMaps {
	return &configMaps{
		objects: map[string]*corev1.ConfigMap{},
		before:  map[string]func() error{}, after: map[string]func() error{},
	}
}

func (c *configMaps) List(_ context.Context, o metav1.ListOptions) (*corev1.ConfigMapList, error) {
	return answer(c, "list", "", func() (*corev1.ConfigMapList, error) {
		selector, err := labels.Parse(o.LabelSelector)
		list := &corev1.ConfigMapList{}
		for _, name := range slices.Sorted(maps.Keys(c.objects)) {
			if object := c.objects[name]; selector.Matches(labels.Set(object.Labels)) {
				list.Items = append(list.Items, *object.DeepCopy())
			}
		}
		return list, err
	})
}

func (c *configMaps) Create(_ context.Context, sent *corev1.ConfigMap, _ metav1.CreateOptions) (*corev1.ConfigMap, error) {
	return answer(c, "create", sent.Name, func() (*corev1.ConfigMap, error) {
		if c.objects[sent.Name] != nil {
			return nil, apierrors.NewAlreadyExists(resource(), sent.Name)
		}
		if sent.ResourceVersion != "" {
			return nil, apierrors.NewBadRequest("resourceVersion should not be set on objects to be created")
		}
		return c.put(sent)
	})
}

func (c *configMaps) Update(_ context.Context, sent *corev1.ConfigMap, _ metav1.UpdateOptions) (*corev1.ConfigMap, error) {
	return answer(c, "update", sent.Name, func() (*corev1.ConfigMap, error) {
		old := c.objects[sent.Name]
		if old == nil {
			return nil, apierrors.NewNotFound(resource(), sent.Name)
		}
		if sent.ResourceVersion != old.ResourceVersion || sent.UID != old.UID {
			return nil, apierrors.NewConflict(resource(), sent.Name, nil)
		}
		return c.put(sent)
	})
}

func (c *configMaps) Delete(_ context.Context, name string, o metav1.DeleteOptions) error {
	_, err := answer(c, "delete", name, func() (*corev1.ConfigMap, error) {
		old := c.objects[name]
		if old == nil {
			return nil, apierrors.NewNotFound(resource(), name)
		}
		if p := o.Preconditions; p == nil || *p.UID != old.UID || *p.ResourceVersion != old.ResourceVersion {
			return nil, apierrors.NewConflict(resource(), name, nil)
		}
		delete(c.objects, name)
		return old, nil
	})
	return err
}

func resource() schema.GroupResource { return corev1.Resource("configmaps") }

// once takes a hook away and runs it, unlocked: it may do requests of its own.
func (c *configMaps) once(hooks map[string]func() error, verb string) error {
	c.mu.Lock()
	hook := hooks[verb]
	delete(hooks, verb)
	c.mu.Unlock()
	if hook == nil {
		return nil
	}
	return hook()
}

func answer[T any](c *configMaps, verb, name string, carryOut func() (*T, error)) (*T, error) {
	if err := c.once(c.before, verb); err != nil {
		return nil, err
	}
	c.mu.Lock()
	c.requests = append(c.requests, verb+" "+name)
	object, err := carryOut()
	c.mu.Unlock()
	if err != nil {
		return nil, err
	}
	if err := c.once(c.after, verb); err != nil {
		return nil, err
	}
	return object, nil
}

func (c *configMaps) put(sent *corev1.ConfigMap) (*corev1.ConfigMap, error) {
	size := 0
	for key, value := range sent.Data {
		size += len(key) + len(value)
	}
	if size > corev1.MaxSecretSize {
		return nil, apierrors.NewRequestEntityTooLargeError(strconv.Itoa(size))
	}
	return c.keep(sent), nil
}

// keep stores an object in a new version.
func (c *configMaps) keep(sent *corev1.ConfigMap) *corev1.ConfigMap {
	c.version++
	object := sent.DeepCopy()
	object.Namespace = namespace
	object.ResourceVersion = strconv.Itoa(c.version)
	if object.UID == "" {
		object.UID = types.UID("uid-" + object.ResourceVersion)
	}
	c.objects[object.Name] = object
	return object.DeepCopy()
}

// edit changes a ConfigMap from outside, and makes it if it is not there; nil
// deletes it.
func (c *configMaps) edit(name string, change func(*corev1.ConfigMap)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if change == nil {
		delete(c.objects, name)
		return
	}
	object := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: name}, Data: map[string]string{}}
	if old := c.objects[name]; old != nil {
		object = old.DeepCopy()
	}
	change(object)
	c.keep(object)
}

// seen returns a ConfigMap as it is now; nil when there is none.
func (c *configMaps) seen(name string) *corev1.ConfigMap {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.objects[name].DeepCopy()
}

func (c *configMaps) names() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Sorted(maps.Keys(c.objects))
}

// sent counts the requests that begin so, and forgets all of them.
func (c *configMaps) sent(prefix string) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	n := 0
	for _, r := range c.requests {
		if strings.HasPrefix(r, prefix) {
			n++
		}
	}
	c.requests = nil
	return n
}

func (c *configMaps) hook(hooks map[string]func() error, verb string, run func() error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	hooks[verb] = run
}

// store is a journal in these ConfigMaps whose clock stands still.
func (c *configMaps) store() *journal.Store {
	return &journal.Store{
		ConfigMaps: c,
		Now:        func() time.Time { return time.Date(2026, 3, 1, 17, 0, 0, 5e6, time.UTC) },
	}
}

func begin(t testing.TB, c *configMaps) *journal.Recorder {
	t.Helper()
	r, err := c.store().Begin(t.Context(), journal.Run{
		ID: runID, Command: []string{"drain-pool", "mongodbnp"}, Operator: "taro", Host: "taro@bastion",
	})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func open(t testing.TB, c *configMaps) *journal.Recorder {
	t.Helper()
	r, err := c.store().Open(t.Context(), runID)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func plan(t testing.TB, r *journal.Recorder, changes ...journal.Change) []journal.Change {
	t.Helper()
	planned, err := r.Plan(t.Context(), changes...)
	if err != nil {
		t.Fatal(err)
	}
	return planned
}

func mark(t testing.TB, r *journal.Recorder, state journal.State, numbers ...int) {
	t.Helper()
	if err := r.Mark(t.Context(), state, "", numbers...); err != nil {
		t.Fatal(err)
	}
}

func finish(t testing.TB, r *journal.Recorder, outcome string) {
	t.Helper()
	if err := r.Finish(t.Context(), outcome); err != nil {
		t.Fatal(err)
	}
}

// cordons are changes of n nodes.
func cordons(n int) []journal.Change {
	changes := make([]journal.Change, 0, n)
	for i := range n {
		changes = append(changes, journal.Change{
			Object: journal.Object{APIVersion: "v1", Kind: "Node", Name: fmt.Sprintf("aks-mongodbnp-%08d-vmss%06d", n, i)},
			UID:    types.UID(fmt.Sprintf("0b5c2e0e-6a0f-4a62-9a5e-%012d", i)),
			Field:  "spec.unschedulable", After: json.RawMessage("true"), Mode: "cordon",
		})
	}
	return changes
}

// read returns the only run there is.
func read(t testing.TB, c *configMaps) *journal.Run {
	t.Helper()
	runs, findings, err := c.store().Runs(t.Context())
	if err != nil || len(runs) != 1 || len(findings) > 0 {
		t.Fatalf("%d runs, findings %v, %v", len(runs), findings, err)
	}
	return runs[0]
}

// states are those of the run's changes, by number.
func states(run *journal.Run) string {
	var all []string
	for _, c := range run.Changes {
		all = append(all, fmt.Sprintf("%d %s", c.Number, c.State))
	}
	return strings.Join(all, ", ")
}

func shardName(index int) string { return fmt.Sprintf("vantiq-upgrade-%s-%d", runID, index) }
