// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package bench

import (
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/test/harness"
)

// kubectlDrain empties the pool as an operator does today.
func (f *fleet) kubectlDrain() time.Duration {
	f.tb.Helper()
	return f.Kubectl(f.tb, "drain", "-l", harness.PoolLabel+"="+f.pool, "--ignore-daemonsets").Want(f.tb, 0).Took
}

// loopInFlight is how many requests the bare loop has under way.
const loopInFlight = 50

// bareLoop cordons the nodes, posts the evictions of all pods and waits until
// they are gone, with no safety at all and without the start of a process: what
// the machine can do.
func (f *fleet) bareLoop() time.Duration {
	f.tb.Helper()
	started := time.Now()
	f.Kubectl(f.tb, "cordon", "-l", harness.PoolLabel+"="+f.pool).Want(f.tb, 0)
	work := make(chan corev1.Pod)
	var workers sync.WaitGroup
	for range loopInFlight {
		workers.Go(func() {
			for pod := range work {
				err := f.Client.CoreV1().Pods(pod.Namespace).EvictV1(f.tb.Context(), &policyv1.Eviction{
					ObjectMeta: metav1.ObjectMeta{Namespace: pod.Namespace, Name: pod.Name},
				})
				if err != nil {
					f.tb.Error(err)
				}
			}
		})
	}
	for _, pod := range f.podsOn(f.pool) {
		work <- pod
	}
	close(work)
	workers.Wait()
	for len(f.podsOn(f.pool)) > 0 {
		time.Sleep(200 * time.Millisecond)
	}
	return time.Since(started)
}
