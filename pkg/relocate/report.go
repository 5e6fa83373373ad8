// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package relocate

import (
	"fmt"
	"strings"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/api/v1alpha1"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/placement"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/pool"
)

// States of a move in a report.
const (
	StatePlanned = "Planned"
	StateMoved   = "Moved"
	// StateOnTheWay is a pod that was evicted and was not seen Ready yet.
	StateOnTheWay = "OnTheWay"
	StateFailed   = "Failed"
	StateRefused  = "Refused"
)

// PlannedMove shows a move that is to be made.
func PlannedMove(step placement.Step, pools []pool.Pool) v1alpha1.Move {
	return v1alpha1.Move{
		Namespace: step.Pod.Namespace, Pod: step.Pod.Name, Workload: step.Workload.String(),
		FromNode: step.Pod.Spec.NodeName, FromPool: poolOf(step.Pod.Spec.NodeName, pools),
		ToNode: step.To, ToPool: poolOf(step.To, pools), Downtime: step.IsSingle(), State: StatePlanned,
	}
}

// RefusedMove shows a move that is not made.
func RefusedMove(r placement.Refusal, pools []pool.Pool) v1alpha1.Move {
	m := v1alpha1.Move{
		Namespace: r.Pod.Namespace, Pod: r.Pod.Name,
		FromNode: r.Pod.Spec.NodeName, FromPool: poolOf(r.Pod.Spec.NodeName, pools), State: StateRefused, Message: r.Why,
	}
	if r.Workload != nil {
		m.Workload = r.Workload.String()
	}
	if len(r.Homes) > 0 {
		m.ToPool = poolOf(r.Homes[0], pools)
	}
	return m
}

func refuse(moves []v1alpha1.Move) []v1alpha1.Move {
	for i := range moves {
		moves[i].State, moves[i].ToNode = StateRefused, ""
	}
	return moves
}

func poolOf(node string, pools []pool.Pool) string {
	for _, p := range pools {
		for _, n := range p.Nodes {
			if n.Name == node {
				return p.Name
			}
		}
	}
	return ""
}

// listed names a few nodes.
func listed(nodes []string) string {
	const few = 3
	if len(nodes) <= few {
		return strings.Join(nodes, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(nodes[:few], ", "), len(nodes)-few)
}
