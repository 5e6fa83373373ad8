// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package drain

import (
	"context"
	"time"
)

// patience is how long a request other than an eviction is repeated while the
// API server is away: longer than it takes to restart.
const patience = 2 * time.Minute

// patiently repeats a request that failed for a passing reason. An operator who
// looks on hears of the trouble from the watches. The request must be one that
// may be carried out twice.
func (e *Engine) patiently(ctx context.Context, request func() error) error {
	until := e.Clock.Now().Add(patience)
	for backoff := newBackoff(); ; {
		err := request()
		if err == nil {
			return nil
		}
		v := classify(err)
		pause := max(v.after, backoff.Step())
		if v.reaction != retryLater || ctx.Err() != nil || e.Clock.Now().Add(pause).After(until) {
			return err
		}
		timer := e.Clock.NewTimer(pause)
		select {
		case <-ctx.Done():
			timer.Stop()
			return ctx.Err()
		case <-timer.C():
		}
	}
}
