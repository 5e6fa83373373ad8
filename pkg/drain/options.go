// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

// Package drain empties a pool: it selects the pods that go, plans them in
// waves, refuses what can never work, and evicts within every floor.
package drain

import (
	"time"

	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/cluster"
)

// Options are the operator's choices for a drain.
type Options struct {
	// Force lets pods without a controller go; they are lost. It also lets members
	// go that are not Ready while their workload is below its majority: one of them
	// may be the one with the data.
	Force bool
	// DeleteEmptyDirData lets pods with an emptyDir go.
	DeleteEmptyDirData bool
	// Relieved are the disruption budgets that are relieved before the drain
	// begins, as namespace/name: they are no hindrance.
	Relieved map[string]bool
	// Paused are the workloads that are scaled to zero before the drain begins:
	// their pods are gone then, and need not move.
	Paused map[cluster.Ref]bool
	// MaxUnavailable replaces what the update strategy tolerates for workloads
	// without a disruption budget; nil leaves it.
	MaxUnavailable *intstr.IntOrString
	// GracePeriodSeconds replaces the pods' own grace period; nil leaves it.
	GracePeriodSeconds *int64
	// Timeout bounds the whole drain; 0 means no bound.
	Timeout time.Duration
	// Spent is what of Timeout is over when the drain begins.
	Spent time.Duration
	// PodTimeout bounds each step of a workload: to be allowed to go, to end,
	// and for the replacement to become Ready.
	PodTimeout time.Duration
	// UnschedulableTimeout is how long a replacement may stay without a node
	// before its workload is given up.
	UnschedulableTimeout time.Duration
	// MaxInFlight bounds the eviction requests under way at the same time.
	MaxInFlight int
}

// longestStart bounds startPatience.
const longestStart = 2 * time.Minute

// startPatience is how long a pod that is not Ready, and not broken either, is
// given to become so before it is taken for one that never will: the usual time of
// a start, and never more than half of PodTimeout.
func (o Options) startPatience() time.Duration { return min(longestStart, o.PodTimeout/2) }

// DefaultOptions returns the options of a drain without flags.
func DefaultOptions() Options {
	return Options{
		Timeout:              2 * time.Hour,
		PodTimeout:           10 * time.Minute,
		UnschedulableTimeout: 2 * time.Minute,
		MaxInFlight:          50,
	}
}
