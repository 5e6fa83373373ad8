// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package cluster_test

import (
	"errors"
	"net/http"
	"testing"
	"time"

	clocktesting "k8s.io/utils/clock/testing"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/cluster"
)

// dated is a server whose clock differs from the local one. Its answers take a
// while, half of it on the way there.
type dated struct {
	local  *clocktesting.FakePassiveClock
	ahead  time.Duration
	takes  time.Duration
	status int
	// header is what it says instead of its time, if anything; absent leaves the
	// header away.
	header string
	absent bool
	err    error
}

func (d *dated) now() time.Time { return d.local.Now().Add(d.ahead) }

func (d *dated) RoundTrip(*http.Request) (*http.Response, error) {
	d.local.SetTime(d.local.Now().Add(d.takes / 2))
	response := &http.Response{StatusCode: d.status, Header: http.Header{}, Body: http.NoBody}
	if !d.absent {
		response.Header.Set("Date", d.now().UTC().Format(http.TimeFormat))
	}
	if d.header != "" {
		response.Header.Set("Date", d.header)
	}
	d.local.SetTime(d.local.Now().Add(d.takes / 2))
	if d.err != nil {
		return nil, d.err
	}
	return response, nil
}

func newDated(ahead time.Duration) *dated {
	start := time.Date(2026, 3, 1, 17, 0, 0, 123e6, time.UTC)
	return &dated{local: clocktesting.NewFakePassiveClock(start), ahead: ahead, status: http.StatusOK}
}

// ask sends a request through the clock's round tripper.
func (d *dated) ask(t *testing.T, c *cluster.ServerClock) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://server/", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	response, err := c.Wrap(d).RoundTrip(request)
	if !errors.Is(err, d.err) || (response == nil) != (d.err != nil) {
		t.Errorf("the answer does not come through: %v, %v", response, err)
	}
	if response != nil {
		if err := response.Body.Close(); err != nil {
			t.Error(err)
		}
	}
}

// wrong is how far the clock is from the server's.
func (d *dated) wrong(c *cluster.ServerClock) time.Duration { return c.Now().Sub(d.now()).Abs() }

func TestServerClock(t *testing.T) {
	for name, ahead := range map[string]time.Duration{
		"the same":     0,
		"an hour off":  time.Hour,
		"a day behind": -24*time.Hour - 777*time.Millisecond,
	} {
		t.Run(name, func(t *testing.T) {
			server := newDated(ahead)
			c := cluster.NewServerClock(server.local)
			if got := c.Now(); !got.Equal(server.local.Now()) {
				t.Errorf("before any answer: %v", got)
			}
			server.ask(t, c)
			if wrong := server.wrong(c); wrong > 500*time.Millisecond {
				t.Errorf("%s wrong after one answer", wrong)
			}
			for range 20 {
				server.local.SetTime(server.local.Now().Add(730 * time.Millisecond))
				server.ask(t, c)
			}
			if wrong := server.wrong(c); wrong > 50*time.Millisecond {
				t.Errorf("%s wrong after many answers", wrong)
			}
			// An answer that took long says little, and makes nothing worse.
			server.takes = time.Minute
			server.ask(t, c)
			if wrong := server.wrong(c); wrong > 50*time.Millisecond {
				t.Errorf("%s wrong after a slow answer", wrong)
			}
		})
	}
}

func TestServerClockFollowsAClockThatIsSet(t *testing.T) {
	server := newDated(time.Hour)
	c := cluster.NewServerClock(server.local)
	server.ask(t, c)
	server.ahead = -time.Hour
	server.ask(t, c)
	if wrong := server.wrong(c); wrong > 500*time.Millisecond {
		t.Errorf("%s wrong", wrong)
	}
}

func TestServerClockIgnores(t *testing.T) {
	tests := map[string]func(*dated){
		"no date":                       func(d *dated) { d.absent = true },
		"no date at all":                func(d *dated) { d.header = "yesterday" },
		"the date of a gateway":         func(d *dated) { d.status = http.StatusBadGateway },
		"a request without an answer":   func(d *dated) { d.err = errors.New("connection refused") },
		"a clock set back in the midst": func(d *dated) { d.takes = -time.Minute },
	}
	for name, spoil := range tests {
		t.Run(name, func(t *testing.T) {
			server := newDated(time.Hour)
			c := cluster.NewServerClock(server.local)
			server.ask(t, c)
			before := c.Now().Sub(server.local.Now())
			server.ahead = 3 * time.Hour
			spoil(server)
			server.ask(t, c)
			if after := c.Now().Sub(server.local.Now()); after != before {
				t.Errorf("the offset was %s and is %s", before, after)
			}
		})
	}
}
