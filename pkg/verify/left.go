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
	for i := range j.Status.Changes {
		j.blameChange(&j.Status.Changes[i])
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
	j.pass(j.Status.Findings, finding.JournalDamaged, finding.JournalNewer, finding.JournalIncomplete)
	if len(j.found) == 0 {
		return none, false
	}
	return counted(len(j.found), "thing"), false
}

// blameChange says what was not given back. A node that is gone has taken its
// cordon with it.
func (j *judge) blameChange(c *v1alpha1.ChangeStatus) {
	isNode := c.Object.Kind == "Node"
	if c.State == v1alpha1.ChangeGone && isNode {
		return
	}
	remedy := "kubectl vantiq-upgrade resume-pdb-blockers"
	switch c.Mode {
	case "cordon", "keep-off":
		remedy = "kubectl vantiq-upgrade abort " + c.Run
	}
	j.add(finding.ChangeLeft, objectOf(c.Object), fmt.Sprintf("%s of %s is not given back: %s %s → %s, run %s", c.Mode,
		c.Since.Local().Format(time.DateTime), c.Field, c.Before, c.After, c.Run), remedy)
}
