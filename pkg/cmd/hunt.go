// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package cmd

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	autoscalingv2 "k8s.io/api/autoscaling/v2"
	"k8s.io/client-go/kubernetes"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/api/v1alpha1"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/cluster"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/disruption"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/journal"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/pool"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/profile"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/relief"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/spelling"
)

// hunt looks for blockers and says what is done about them.
type hunt struct {
	*suite
	client  kubernetes.Interface
	watcher *cluster.Watcher
	profile *profile.Profile
	// mode is the operator's; empty leaves it to the profile.
	mode disruption.Mode
	// names are those of the workloads and budgets that are dealt with; none
	// means all.
	names []string
	ttl   time.Duration
	hpas  []*autoscalingv2.HorizontalPodAutoscaler
	// runs are the journal as it was read last.
	runs []*journal.Run
}

// load reads what the watches do not show.
func (h *hunt) load(ctx context.Context) error {
	var err error
	h.hpas, err = cluster.ListHPAs(ctx, h.client)
	return err
}

// quarry is what a hunt found: the blockers, what is done about each, and what
// is to be said about it.
type quarry struct {
	choices  []disruption.Choice
	findings []v1alpha1.Finding
}

// find judges the cluster as the watches show it now; nodes are those of the
// pool, nil means all.
func (h *hunt) find(nodes map[string]bool) (quarry, error) {
	s := h.watcher.Snapshot().WithHPAs(h.hpas)
	blockers, err := h.onlyNamed(disruption.Blockers(s, nodes))
	if err != nil {
		return quarry{}, err
	}
	wish := disruption.Wish{
		Mode: h.mode, Profile: disruption.ViewOf(s, h.profile),
		Named: func(b *disruption.Blocker) bool {
			return slices.ContainsFunc(h.names, func(name string) bool { return slices.Contains(namesOf(b), name) })
		},
	}
	choices := disruption.Choose(s, blockers, wish)
	full := refuseFull(choices)
	return quarry{choices: choices, findings: append(full, disruption.Findings(s, choices, wish)...)}, nil
}

// onlyNamed keeps the blockers that the operator named. A name that is none of
// them is an error that lists those there are: it may be misspelt.
func (h *hunt) onlyNamed(blockers []disruption.Blocker) ([]disruption.Blocker, error) {
	if len(h.names) == 0 {
		return blockers, nil
	}
	var kept []disruption.Blocker
	found := map[string]bool{}
	var candidates []string
	for i := range blockers {
		candidates = append(candidates, namesOf(&blockers[i])...)
		for _, name := range h.names {
			if slices.Contains(namesOf(&blockers[i]), name) && !found[blockers[i].Object()] {
				found[blockers[i].Object()] = true
				kept = append(kept, blockers[i])
			}
		}
	}
	for _, name := range h.names {
		if !slices.Contains(candidates, name) && !h.exists(name) {
			return nil, fmt.Errorf("%s is no workload and no disruption budget of this cluster (kind/namespace/name); what blocks: %s%s", name, listed(candidates), spelling.DidYouMean(name, h.known()))
		}
	}
	return kept, nil
}

// exists reports whether a name is that of a workload or a budget, which then
// blocks nothing.
func (h *hunt) exists(name string) bool { return slices.Contains(h.known(), name) }

// known are the names of all workloads and budgets.
func (h *hunt) known() []string {
	s := h.watcher.Snapshot()
	workloads := s.Workloads()
	names := make([]string, 0, len(workloads)+len(s.PDBs))
	for _, w := range workloads {
		names = append(names, w.String())
	}
	for _, pdb := range s.PDBs {
		names = append(names, "pdb/"+pdb.Namespace+"/"+pdb.Name)
	}
	return names
}

// namesOf are the names under which a blocker can be asked for.
func namesOf(b *disruption.Blocker) []string {
	names := append(make([]string, 0, 1+len(b.Workloads)), b.Object())
	for _, w := range b.Workloads {
		names = append(names, w.String())
	}
	return names
}

// changes are the lines of the journal for what is to be done.
func (h *hunt) changes(choices []disruption.Choice, now time.Time) []journal.Change {
	steps := disruption.Steps(choices)
	changes := make([]journal.Change, 0, len(steps))
	expires := now.Add(h.ttl).UTC().Truncate(time.Second)
	for _, step := range steps {
		changes = append(changes, journal.Change{
			Object: journal.Object(step.Object), UID: step.UID, Field: step.Field, Before: step.Before, After: step.After,
			Mode: string(step.Mode), Expires: &expires, State: journal.Planned,
		})
	}
	return changes
}

// nodeSet are the nodes of a pool by name.
func nodeSet(p pool.Pool) map[string]bool {
	nodes := map[string]bool{}
	for _, name := range p.NodeNames() {
		nodes[name] = true
	}
	return nodes
}

// listed joins names for a sentence.
func listed(names []string) string {
	if len(names) == 0 {
		return "nothing"
	}
	return strings.Join(slices.Compact(slices.Sorted(slices.Values(names))), ", ")
}

// pauser carries out what was decided.
func (h *hunt) pauser(t *talk, timeout time.Duration) *relief.Pauser {
	return &relief.Pauser{
		Keeper:  relief.Keeper{Client: h.client, Retry: h.patience(t.trouble), Book: h.runs},
		Source:  h.watcher,
		Clock:   h.Clock,
		Timeout: timeout,
		Tell:    t.change, TellWait: t.wait,
	}
}
