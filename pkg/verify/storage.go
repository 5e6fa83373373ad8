// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package verify

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/finding"
)

// attachWithin is how long a volume may take to be attached: Azure disks take most
// of a minute.
const attachWithin = 2 * time.Minute

// storage looks at claims and attachments, and at what the placement knows of the
// zones of volumes.
func (j *judge) storage() (string, bool) {
	before := map[string]string{}
	if j.Baseline != nil {
		for i := range j.Baseline.Claims {
			c := &j.Baseline.Claims[i]
			before[object("", c.Namespace, c.Name)] = c.Phase
		}
	}
	bound := 0
	for i := range j.Now.Claims {
		c := &j.Now.Claims[i]
		if c.Phase == "Bound" {
			bound++
			continue
		}
		name := object("persistentvolumeclaim", c.Namespace, c.Name)
		describe := "kubectl describe pvc -n " + c.Namespace + " " + c.Name
		if was := before[object("", c.Namespace, c.Name)]; was == c.Phase {
			j.warn(finding.ClaimUnbound, name, c.Phase+", as in the baseline", describe)
		} else {
			j.add(finding.ClaimUnbound, name, c.Phase, describe)
		}
	}
	j.attachments()
	j.pass(j.Placement.Findings, finding.VolumeElsewhere)
	for _, kind := range []string{"persistentvolumes", "persistentvolumeclaims"} {
		if unread := unreadOf(j.Now, kind); unread != nil {
			j.notMade("storage", *unread)
		}
	}
	return fmt.Sprintf("%d of %d claims bound", bound, len(j.Now.Claims)), len(j.Now.Claims) == 0
}

func (j *judge) attachments() {
	for _, a := range j.Survey.Attachments {
		name, remedy := "volumeattachment/"+a.Name, "kubectl describe volumeattachment "+a.Name
		volume := "a volume"
		if a.Spec.Source.PersistentVolumeName != nil {
			volume = "persistentvolume/" + *a.Spec.Source.PersistentVolumeName
		}
		switch {
		case a.Status.AttachError != nil:
			j.add(finding.VolumeUnattached, name, fmt.Sprintf("%s cannot be attached to %s: %s", volume, a.Spec.NodeName, a.Status.AttachError.Message), remedy)
		case a.Status.DetachError != nil:
			j.add(finding.VolumeUnattached, name, fmt.Sprintf("%s cannot be detached from %s: %s", volume, a.Spec.NodeName, a.Status.DetachError.Message), remedy)
		case a.DeletionTimestamp == nil && !a.Status.Attached && j.Time.Sub(a.CreationTimestamp.Time) > attachWithin:
			j.add(finding.VolumeUnattached, name, fmt.Sprintf("%s is not attached to %s after %s", volume, a.Spec.NodeName, j.Time.Sub(a.CreationTimestamp.Time).Round(time.Second)), remedy)
		}
	}
}

// placement passes on what is wrong with the places of pods, but for what other
// checks tell of.
func (j *judge) placement() (string, bool) {
	elsewhere := []finding.Code{finding.DaemonMissing, finding.VolumeElsewhere, finding.NotChecked, finding.PodPending}
	for _, f := range j.Placement.Findings {
		if !slices.Contains(elsewhere, finding.Code(f.Code)) {
			j.found = append(j.found, f)
		}
	}
	s := j.Placement.Summary
	detail := fmt.Sprintf("%d of %d", s.Right, s.Pods)
	if len(j.Placement.Installations) == 0 {
		return detail + "; no Vantiq installation, so the map of pools is not asked", false
	}
	return detail + "; Vantiq in " + strings.Join(j.Placement.Installations, ", "), false
}
