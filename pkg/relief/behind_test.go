// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package relief

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"k8s.io/utils/clock"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/cluster"
)

// still is a cluster of which nothing is ever told.
type still struct{}

func (still) Snapshot() *cluster.Snapshot { return nil }
func (still) Changed() <-chan struct{}    { return nil }

// TestWatchThatIsBehind: that a value is back is believed only when the API server says
// so too. After it was away its watches take longer to return than such a wait lasts.
func TestWatchThatIsBehind(t *testing.T) {
	for name, test := range map[string]struct {
		reverted, stands bool
		want             string
		took             time.Duration
	}{
		"the watch is behind":          {reverted: true, stands: true, want: "", took: 40 * time.Second},
		"somebody has put it back":     {reverted: true, want: "it is back", took: 16 * time.Second},
		"there is no node for its pod": {stands: true, want: "it is back", took: 16 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				began := time.Now()
				p := &Pauser{Source: still{}, Clock: clock.RealClock{}, Timeout: time.Minute, TellWait: func(string, string) {}}
				why, err := p.await(t.Context(), func(context.Context) bool { return test.stands }, func(*cluster.Snapshot) progress {
					return progress{done: time.Since(began) >= 40*time.Second, waits: "it is back", hopeless: true, reverted: test.reverted}
				})
				if took := time.Since(began); err != nil || why != test.want || took != test.took {
					t.Errorf("%q after %s (%v), want %q after %s", why, took, err, test.want, test.took)
				}
			})
		})
	}
}
