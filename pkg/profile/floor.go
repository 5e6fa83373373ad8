// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package profile

import (
	"fmt"
	"strconv"

	yaml "go.yaml.in/yaml/v3"
)

// Floor is the number of Ready replicas that the profile demands: "majority"
// or a number. The zero Floor demands nothing.
type Floor struct {
	majority bool
	number   int
}

// MajorityFloor demands more than half of the replicas, as a MongoDB replica
// set needs to elect a primary.
func MajorityFloor() Floor { return Floor{majority: true} }

// NumberFloor demands n Ready replicas.
func NumberFloor(n int) Floor { return Floor{number: n} }

// IsMajority reports whether it demands more than half of the replicas.
func (f Floor) IsMajority() bool { return f.majority }

// Of returns the floor for a workload of the given number of replicas. A
// single replica has no floor: it cannot move without being away.
func (f Floor) Of(replicas int) int {
	if replicas <= 1 {
		return 0
	}
	if f.majority {
		return replicas/2 + 1
	}
	return f.number
}

// String returns the floor as it is written in a profile.
func (f Floor) String() string {
	if f.majority {
		return "majority"
	}
	return strconv.Itoa(f.number)
}

// UnmarshalYAML reads "majority" or a number.
func (f *Floor) UnmarshalYAML(node *yaml.Node) error {
	if node.Value == "majority" {
		*f = MajorityFloor()
		return nil
	}
	n, err := strconv.Atoi(node.Value)
	if err != nil || n < 0 {
		return &fieldError{line: node.Line, field: "floor", message: fmt.Sprintf("want \"majority\" or a number of replicas ≥ 0, got %q", node.Value)}
	}
	*f = NumberFloor(n)
	return nil
}
