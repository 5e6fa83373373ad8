// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package verify

import (
	"cmp"
	"fmt"
	"time"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/api/v1alpha1"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/finding"
)

// nothingLeft looks for what an upgrade should not leave behind.
func (j *judge) nothingLeft() (string, bool) {
	j.cordons()
	j.taints()
	working := j.working()
	for i := range j.Status.Changes {
		if c := &j.Status.Changes[i]; c.Run != working {
			j.blameChange(c)
		}
	}
	if lock := j.Status.Lock; lock != nil {
		message := fmt.Sprintf("%s works on the cluster: %s", lock.Holder, cmp.Or(lock.Command, "a command that is not told"))
		if lock.Since != nil {
			message += ", since " + lock.Since.Local().Format(time.DateTime)
		}
		if lock.Lapsed {
			j.warn(finding.LockLeft, "lock", lock.Holder+" has gone without giving the lock back; the next command takes it over", "kubectl vantiq-upgrade status")
		} else {
			j.add(finding.LockLeft, "lock", message, "wait for its end")
		}
	}
	j.pass(j.Status.Findings, finding.JournalDamaged, finding.JournalNewer, finding.JournalIncomplete, finding.MarkStale, finding.CopyStandsPaused, finding.MarkUnreadable)
	if len(j.found) == 0 {
		return none, false
	}
	return counted(len(j.found), "thing"), false
}

// working is the run of who holds the lock: what it has changed it still needs. It is
// empty when nobody works.
func (j *judge) working() string {
	if j.Status.Lock == nil || j.Status.Lock.Lapsed {
		return ""
	}
	for i := range j.Status.Runs {
		if run := &j.Status.Runs[i]; run.Outcome == "" && run.Ended == nil {
			return run.ID
		}
	}
	return ""
}

// blameChange says what was not given back. A node that is gone has taken its
// cordon with it.
func (j *judge) blameChange(c *v1alpha1.ChangeStatus) {
	isNode := c.Object.Kind == "Node"
	if c.State == v1alpha1.ChangeGone && isNode {
		return
	}
	remedy := "kubectl vantiq-upgrade resume-pdb-blockers"
	switch {
	case isNode && j.poolOf(c.Object.Name) != "":
		remedy = "kubectl vantiq-upgrade uncordon-pool " + j.poolOf(c.Object.Name)
	case c.Mode == "cordon", c.Mode == "keep-off":
		remedy = "kubectl vantiq-upgrade abort " + c.Run
	}
	j.add(finding.ChangeLeft, objectOf(c.Object), fmt.Sprintf("%s of %s is not given back: %s %s → %s, run %s", c.Mode,
		c.Since.Local().Format(time.DateTime), c.Field, c.Before, c.After, c.Run), remedy)
}

// poolOf is the name of a node's pool; empty for one that has none.
func (j *judge) poolOf(node string) string {
	for i := range j.Now.Nodes {
		if j.Now.Nodes[i].Name == node {
			return j.Now.Nodes[i].Pool
		}
	}
	return ""
}
