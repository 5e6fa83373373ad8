// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package relief

import (
	"encoding/json"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/drain"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/journal"
)

// Standing is how an object stands to a change of ours.
type Standing string

const (
	// Ours means that the field has the value that we gave it.
	Ours Standing = "Ours"
	// Untouched means that the field is as it was before, and nothing on the object is ours.
	Untouched Standing = "Untouched"
	// Reverted means that the field is as it was before, but our mark is still there: a
	// controller or a person has put it back.
	Reverted Standing = "Reverted"
	// Changed means that the field has a third value, or another run has it.
	Changed Standing = "Changed"
	// Replaced means that another object has the name now.
	Replaced Standing = "Replaced"
	// Back means that we have given it back, and that its replicas are still
	// waited for. What others do to the field now is their business.
	Back Standing = "Back"
	// Gone means that there is no such object.
	Gone Standing = "Gone"
)

// Judge says how an object stands to a change of a run; live is nil when there
// is no such object.
func Judge(run string, c journal.Change, live *Live) Standing {
	if live == nil {
		return Gone
	}
	returned := c.State == journal.Returned
	if live.UID != c.UID && c.Mode != ModeKeepOff { // its uid is not known ahead
		if returned || c.Mode == drain.ModeCordon {
			return Gone // an upgrade has replaced the node, and the cordon went with it
		}
		return Replaced
	}
	if returned {
		return Back
	}
	marked, others := marks(run, c, live)
	switch {
	case others:
		return Changed
	case live.has(c.Field, c.After):
		// A workload whose mark was dropped, as a tool may that applies its own
		// copy, has our value all the same. A cordon without our mark is somebody
		// else's.
		if marked || c.Mode != drain.ModeCordon {
			return Ours
		}
		return Changed
	case live.has(c.Field, c.Before) && marked:
		return Reverted
	case live.has(c.Field, c.Before):
		return Untouched
	}
	return Changed
}

// marks reports whether an object has the mark of a change, or that of another.
func marks(run string, c journal.Change, live *Live) (ours, others bool) {
	if _, marked := live.Annotations[annotationOf(c.Mode)]; !marked {
		return false, false
	}
	by := markedBy(c, live)
	return by == run || by == "", by != run && by != ""
}

// markedBy is the run whose mark an object has; empty when it has none, or one
// that cannot be read, which is of no other run either.
func markedBy(c journal.Change, live *Live) string {
	var mark struct {
		Run string `json:"run"`
	}
	if err := json.Unmarshal([]byte(live.Annotations[annotationOf(c.Mode)]), &mark); err != nil {
		return ""
	}
	return mark.Run
}
