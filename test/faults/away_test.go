// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package faults

import (
	"context"
	"strconv"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/test/faultproxy"
)

// away is how long the API server is away: as long as its restart may take.
const away = 20 * time.Second

// briefly is longer than any request is repeated by the client itself.
const briefly = 3 * time.Second

// phase is a moment of a command: the first request of a kind, or one that comes
// after so many of them.
type phase struct {
	name           string
	verb, resource string
	// skip is how many requests of the kind come before.
	skip int
	do   faultproxy.Fault
}

// TestAPIServerAwayInEachPhase: a command goes on by itself when the server comes
// back, whatever it was about to do.
func TestAPIServerAwayInEachPhase(t *testing.T) {
	t.Parallel()
	pause, drain := func(c *scene) []string { return c.victims()[0].args }, func(c *scene) []string { return c.victims()[1].args }
	resume, uncordon := func(*scene) []string { return []string{"resume-pdb-blockers", "--yes"} }, func(c *scene) []string { return []string{"uncordon-pool", c.pool} }
	gone, moment := faultproxy.Refuse(away), faultproxy.Refuse(briefly)
	tests := []struct {
		name          string
		prepare, args func(*scene) []string
		phases        []phase
	}{
		{"pause", nil, pause, []phase{
			{"before the journal is written", "create", "configmaps", 0, gone},
			{"between the journal and the patch", "patch", "deployments", 0, gone},
		}},
		{"pause", nil, pause, []phase{
			{"between the patch and the mark", "update", "configmaps", 1, gone},
			{"while it waits", "update", "configmaps", 1, faultproxy.Leave(away)},
			{"at the finish", "update", "configmaps", 2, gone},
		}},
		{"resume", pause, resume, []phase{
			{"reading under the lock", "list", "nodes", 1, moment},
			{"at the patch", "patch", "deployments", 0, moment},
			{"between the patch and the mark", "update", "configmaps", 0, moment},
			{"while it waits", "update", "configmaps", 0, faultproxy.Leave(briefly)},
		}},
		{"drain", nil, drain, []phase{
			{"before the cordon", "patch", "nodes", 0, moment},
			{"between the cordon and the mark", "update", "configmaps", 3, moment},
			{"at the patch that gives back", "patch", "deployments", 1, moment},
			{"at the finish", "update", "configmaps", 5, moment},
		}},
		{"uncordon", drain, uncordon, []phase{
			{"at the patch", "patch", "nodes", 0, moment},
			{"between two patches", "patch", "nodes", 1, moment},
			{"between the patches and the mark", "update", "configmaps", 0, moment},
		}},
	}
	split(t, len(tests), func(t *testing.T, part int) {
		tt := tests[part]
		c := newScene(t, shared.Get(t), "away-"+strconv.Itoa(part), "1s", "1s")
		for _, at := range tt.phases {
			t.Run(tt.name+"-"+strings.ReplaceAll(at.name, " ", "-"), func(t *testing.T) {
				c.t = t
				if tt.prepare != nil {
					c.run(tt.prepare(c)...).Want(t, 0)
				}
				c.meets(at, tt.args(c))
				c.wantPaused(tt.name == "pause")
				c.endScene()
			})
		}
	})
}

// meets runs a command from which the server goes away at a moment.
func (c *scene) meets(at phase, args []string) {
	c.t.Helper()
	before, skip := c.proxy.Injected(at.do.Name), at.skip
	c.proxy.Inject(faultproxy.Rule{Times: 1, Do: at.do, Match: func(r faultproxy.Request) bool {
		hit := r.Verb == at.verb && r.Resource == at.resource && r.Subresource == ""
		if hit {
			skip--
		}
		return hit && skip < 0
	}})
	result := c.start(c.via, args...).Wait().Want(c.t, 0)
	c.proxy.Clear()
	if c.proxy.Injected(at.do.Name) != before+1 {
		c.t.Errorf("the server was not taken away")
	}
	c.t.Logf("%s", result.Took.Round(time.Millisecond))
	c.Eventually("the server is back", func(context.Context) (bool, error) { return c.start(c.via, "status").Wait().Code != 1, nil })
}

// TestAPIServerRestarts: a real restart in the middle of a drain that pauses.
func TestAPIServerRestarts(t *testing.T) {
	s := shared.Get(t)
	c := newScene(t, s, "restarts", "0s", "100ms")
	restarted := make(chan error, 1)
	c.proxy.Inject(faultproxy.Rule{Times: 1, Match: faultproxy.Evictions(), Do: faultproxy.Hold("restart", func() {
		restarted <- s.Run(context.Background(), "restart-apiserver", "--down", away.String())
	})})
	// Not through the proxy's own connections alone: the server is away for all.
	c.start(c.via, c.victims()[1].args...).Wait().Want(t, 0)
	if err := <-restarted; err != nil {
		t.Fatal(err)
	}
	c.wantPaused(false)
	c.endScene()
}

// wantPaused fails unless the Deployment stands as it should after a command.
func (c *scene) wantPaused(paused bool) {
	c.t.Helper()
	d, err := c.Client.AppsV1().Deployments(c.Name).Get(c.t.Context(), "held", metav1.GetOptions{})
	c.must(err)
	_, marked := d.Annotations[ours+"paused"]
	if marked != paused || (*d.Spec.Replicas == 0) != paused {
		c.t.Errorf("paused %t, replicas %d; want paused %t", marked, *d.Spec.Replicas, paused)
	}
}

// endScene gives back what is left, and judges.
func (c *scene) endScene() {
	c.t.Helper()
	c.run("abort", "--all", "--yes").Want(c.t, 0)
	if faults := c.judge(); len(faults) > 0 {
		c.t.Fatal(strings.Join(faults, "\n"))
	}
	c.home()
}
