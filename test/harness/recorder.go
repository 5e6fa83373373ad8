// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package harness

import (
	"context"
	"sync"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/tools/cache"
)

// Recorder watches pods by itself, event by event, and keeps the lowest number
// of serving ones that it ever saw: the judge of a drain, which does not trust
// the drain's own report.
type Recorder struct {
	mu      sync.Mutex
	serving map[types.UID]bool
	lowest  int
	evicted map[types.UID]string
	stop    context.CancelFunc
}

// Record starts to watch the pods that a label selector matches in a namespace.
func (s *Sandbox) Record(tb testing.TB, namespace, selector string) *Recorder {
	tb.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	tb.Cleanup(cancel)
	r := &Recorder{serving: map[types.UID]bool{}, evicted: map[types.UID]string{}, stop: cancel}
	factory := informers.NewSharedInformerFactoryWithOptions(s.Client, 0, informers.WithNamespace(namespace),
		informers.WithTweakListOptions(func(o *metav1.ListOptions) { o.LabelSelector = selector }))
	informer := factory.Core().V1().Pods().Informer()
	events, err := informer.AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc:    func(object any) { r.see(object.(*corev1.Pod)) },
		UpdateFunc: func(_, object any) { r.see(object.(*corev1.Pod)) },
		DeleteFunc: r.gone,
	})
	if err != nil {
		tb.Fatal(err)
	}
	factory.Start(ctx.Done())
	// The handler's own sync: the informer's comes before its events.
	cache.WaitForCacheSync(ctx.Done(), events.HasSynced)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.lowest = r.count()
	return r
}

func (r *Recorder) see(pod *corev1.Pod) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.serving[pod.UID] = IsServing(pod)
	if pod.DeletionTimestamp != nil {
		r.evicted[pod.UID] = pod.Name
	}
	r.lowest = min(r.lowest, r.count())
}

func (r *Recorder) gone(object any) {
	if unknown, is := object.(cache.DeletedFinalStateUnknown); is {
		object = unknown.Obj
	}
	pod, isPod := object.(*corev1.Pod)
	if !isPod {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.serving, pod.UID)
	r.evicted[pod.UID] = pod.Name
	r.lowest = min(r.lowest, r.count())
}

func (r *Recorder) count() int {
	n := 0
	for _, serving := range r.serving {
		if serving {
			n++
		}
	}
	return n
}

// Lowest is the lowest number of serving pods until now.
func (r *Recorder) Lowest() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.lowest
}

// Ended counts how many pods of each name were deleted.
func (r *Recorder) Ended() map[string]int {
	r.mu.Lock()
	defer r.mu.Unlock()
	names := map[string]int{}
	for _, name := range r.evicted {
		names[name]++
	}
	return names
}

// Stop ends the watch.
func (r *Recorder) Stop() { r.stop() }
