// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package patience_test

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/utils/clock"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/patience"
)

func TestDo(t *testing.T) {
	const timeout = 10 * time.Minute
	passing := errors.New("connection reset by peer")
	forbidden := apierrors.NewForbidden(schema.GroupResource{Resource: "nodes"}, "old-0", errors.New("no"))
	tests := map[string]struct {
		errs  []error // the last one for good
		calls int
		least time.Duration
		most  time.Duration
	}{
		"at once":          {errs: []error{nil}, calls: 1},
		"after two faults": {errs: []error{passing, apierrors.NewTooManyRequests("busy", 3), nil}, calls: 3, least: 3 * time.Second, most: 5 * time.Second},
		"forbidden":        {errs: []error{forbidden}, calls: 1},
		"away for good":    {errs: []error{passing}, calls: 70, least: 9 * time.Minute, most: timeout},
		"fails for good":   {errs: []error{apierrors.NewServiceUnavailable("no")}, calls: 18, least: time.Minute, most: patience.Refused},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := patience.Patience{Clock: clock.RealClock{}, Away: timeout}
				began, calls := time.Now(), 0
				err := p.Do(t.Context(), func() error {
					calls++
					return tt.errs[min(calls, len(tt.errs))-1]
				})
				if want := tt.errs[len(tt.errs)-1]; !errors.Is(err, want) {
					t.Errorf("got %v, want %v", err, want)
				}
				if took := time.Since(began); took < tt.least || took > tt.most || calls > tt.calls {
					t.Errorf("%d requests in %s", calls, took)
				}
			})
		})
	}
}

// TestBackoff: from 100 ms to 10 s.
func TestBackoff(t *testing.T) {
	b := patience.NewBackoff()
	if first := b.Step(); first < 100*time.Millisecond || first > 150*time.Millisecond {
		t.Errorf("first pause %s", first)
	}
	last := time.Duration(0)
	for range 20 {
		last = b.Step()
	}
	if last < 9*time.Second || last > 13*time.Second {
		t.Errorf("last pause %s", last)
	}
}
