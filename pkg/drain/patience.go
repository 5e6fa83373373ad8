// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package drain

import (
	"context"
	"errors"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
)

// patience is how long a request other than an eviction is repeated when the API
// server answers that it cannot do it just now: longer than it takes to restart.
const patience = 2 * time.Minute

// patiently repeats a request that failed for a passing reason; while the API
// server does not answer at all, until the time-out of the drain. An operator
// who looks on hears of the trouble from the lock. The request must be one that
// may be carried out twice.
func (e *Engine) patiently(ctx context.Context, timeout time.Duration, request func() error) error {
	began := e.Clock.Now()
	for backoff := newBackoff(); ; {
		err := request()
		if err == nil {
			return nil
		}
		v := classify(err)
		pause := max(v.after, backoff.Step())
		limit := patience
		if status := apierrors.APIStatus(nil); !errors.As(err, &status) {
			limit = timeout
		}
		outOfTime := limit > 0 && e.Clock.Since(began)+pause > limit
		if v.reaction != retryLater || ctx.Err() != nil || outOfTime {
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
