// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync/atomic"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/cache"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/patience"
)

// syncTimeout bounds the first reading of a cluster.
const syncTimeout = 2 * time.Minute

// Watcher keeps what we look at fresh by one watch a kind, whatever the number
// of nodes and pods.
type Watcher struct {
	client  kubernetes.Interface
	factory informers.SharedInformerFactory
	changed chan struct{}
	trouble atomic.Pointer[error]
	onError func(error)
	unread  []string // see WatchVolumes
}

// Watch starts the watches and returns when everything has been read once. The
// watches end with ctx. onError is told of every failed list or watch (they
// are retried with back-off until ctx ends); it is called from other
// goroutines and may be nil.
func Watch(ctx context.Context, client kubernetes.Interface, onError func(error)) (*Watcher, error) {
	w := &Watcher{
		client:  client,
		factory: informers.NewSharedInformerFactoryWithOptions(client, 0, informers.WithTransform(trim)),
		changed: make(chan struct{}, 1),
		onError: onError,
	}
	return w, w.start(ctx, w.informers()...)
}

// start begins to watch and returns when everything has been read once.
func (w *Watcher) start(ctx context.Context, informers ...cache.SharedIndexInformer) error {
	fatal := make(chan error, 1)
	for _, informer := range informers {
		if err := w.prepare(informer, fatal); err != nil {
			return err
		}
	}
	w.factory.StartWithContext(ctx)
	return w.waitForSync(ctx, fatal)
}

func (w *Watcher) informers() []cache.SharedIndexInformer {
	apps := w.factory.Apps().V1()
	return []cache.SharedIndexInformer{
		w.factory.Core().V1().Nodes().Informer(),
		w.factory.Core().V1().Pods().Informer(),
		w.factory.Policy().V1().PodDisruptionBudgets().Informer(),
		apps.Deployments().Informer(),
		apps.ReplicaSets().Informer(),
		apps.StatefulSets().Informer(),
		apps.DaemonSets().Informer(),
	}
}

func (w *Watcher) prepare(informer cache.SharedIndexInformer, fatal chan<- error) error {
	// The handler stands in for client-go's own, which would write each failure
	// of each watch to stderr as well.
	err := informer.SetWatchErrorHandlerWithContext(func(ctx context.Context, _ *cache.Reflector, err error) {
		if ctx.Err() != nil || isNormalEnd(err) {
			return
		}
		final := patience.IsFinal(err)
		if !final { // which is not tried again
			w.report(err)
		}
		if final || apierrors.IsForbidden(err) || apierrors.IsUnauthorized(err) {
			select {
			case fatal <- err:
			default:
			}
		}
	})
	if err != nil {
		return fmt.Errorf("preparing a watch: %w", err)
	}
	_, err = informer.AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc:    func(any) { w.signal() },
		UpdateFunc: func(_, _ any) { w.signal() },
		DeleteFunc: func(any) { w.signal() },
	})
	if err != nil {
		return fmt.Errorf("preparing a watch: %w", err)
	}
	return nil
}

// isNormalEnd reports whether an error is the way in which watches end now and
// then. They are begun anew at once; if that fails too there is another error.
// An EOF that is wrapped ended a request and not a watch: that is trouble.
func isNormalEnd(err error) bool {
	return err == io.EOF || err == io.ErrUnexpectedEOF || //nolint:errorlint // wrapped ones are meant to differ, see above
		apierrors.IsResourceExpired(err) || apierrors.IsGone(err)
}

func (w *Watcher) waitForSync(ctx context.Context, fatal <-chan error) error {
	ctx, cancel := context.WithTimeout(ctx, syncTimeout)
	defer cancel()
	synced := make(chan error, 1)
	go func() {
		for kind, ok := range w.factory.WaitForCacheSync(ctx.Done()) {
			if !ok {
				synced <- fmt.Errorf("reading the cluster: %v not read: %w", kind, w.whyNotRead(ctx))
				return
			}
		}
		synced <- nil
	}()
	select {
	case err := <-synced:
		return err
	case err := <-fatal:
		return fmt.Errorf("reading the cluster: %w", err)
	}
}

// whyNotRead is that the caller gave up (it must be able to tell), or else the
// last trouble.
func (w *Watcher) whyNotRead(ctx context.Context) error {
	err := w.trouble.Load()
	if err == nil || errors.Is(ctx.Err(), context.Canceled) {
		return ctx.Err()
	}
	return *err
}

func (w *Watcher) report(err error) {
	w.trouble.Store(&err)
	if w.onError != nil {
		w.onError(err)
	}
}

func (w *Watcher) signal() {
	select {
	case w.changed <- struct{}{}:
	default:
	}
}

// Changed receives a value after something changed since the last receive;
// many changes give one value.
func (w *Watcher) Changed() <-chan struct{} { return w.changed }

// Snapshot returns the state as the watches know it now.
func (w *Watcher) Snapshot() *Snapshot {
	all := labels.Everything()
	apps := w.factory.Apps().V1()
	var o Objects
	// A lister over a local cache has no error to return but for a selector
	// that does not compile; Everything does.
	o.Nodes, _ = w.factory.Core().V1().Nodes().Lister().List(all)
	o.Pods, _ = w.factory.Core().V1().Pods().Lister().List(all)
	o.PDBs, _ = w.factory.Policy().V1().PodDisruptionBudgets().Lister().List(all)
	o.Deployments, _ = apps.Deployments().Lister().List(all)
	o.ReplicaSets, _ = apps.ReplicaSets().Lister().List(all)
	o.StatefulSets, _ = apps.StatefulSets().Lister().List(all)
	o.DaemonSets, _ = apps.DaemonSets().Lister().List(all)
	return NewSnapshot(o)
}
