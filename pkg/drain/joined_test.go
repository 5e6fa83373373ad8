// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package drain

import (
	"context"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/api/v1alpha1"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/internal/fixture"
)

// TestNodesThatJoin: a pool that has grown is not empty when the pods went to its new
// nodes. It is told once as it happens, and of a node that no pod went to nothing else.
func TestNodesThatJoin(t *testing.T) {
	for name, test := range map[string]struct {
		home, pool string // where pods of web go; the pool of the node that joins
		told       int
		want       []string
	}{
		"the pods go to it":         {home: "old-9", pool: "old", told: 1, want: []string{"VU-237"}},
		"no pod goes to it":         {home: "spare", pool: "old", told: 1},
		"it joins another pool":     {home: "old-9", pool: "new"},
		"the pods go to an old one": {home: "spare", pool: "spare"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				told, joins := 0, false
				l, e, findings, err := run(t, DefaultOptions(), func(l *live, _ context.CancelFunc) {
					l.home = map[string]string{"web": test.home}
					l.engine.Observer = func(event Event) {
						if event.Type == Trouble && event.Object == "node/old-9" {
							told++
						}
						if event.Type == Evicted && !joins {
							joins = true
							go func() {
								l.mu.Lock()
								defer l.mu.Unlock()
								l.nodes = append(l.nodes, fixture.Node("old-9", fixture.Pool("aks", test.pool)))
							}()
						}
					}
				})
				if err != nil || len(findings) > 0 {
					t.Fatalf("%v, %+v", err, findings)
				}
				var got []string
				for _, f := range e.readBack(l.Snapshot(), &v1alpha1.DrainResult{}) {
					got = append(got, f.Code)
					if f.Object != "node/old-9" || !strings.Contains(f.Message, "pods on it: 2") {
						t.Errorf("%+v", f)
					}
				}
				if !slices.Equal(got, test.want) || told != test.told {
					t.Errorf("findings %v, told %d times; want %v, %d", got, told, test.want, test.told)
				}
			})
		})
	}
}
