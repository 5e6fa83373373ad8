// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package placement

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/util/duration"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/cluster"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/finding"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/profile"
)

// report makes findings of what is wrong with a pod.
func (j *judge) report(s *subject) {
	for _, f := range s.faults {
		if f.code == finding.PoolUnknown {
			continue // one finding for the role, see judgeRoles
		}
		object := f.object
		if object == "" {
			object = cluster.PodObject(s.pod)
		}
		j.findings = append(j.findings, finding.WithSeverity(finding.New(f.code, object, j.message(s, f), remedy(s, f)), f.severity))
	}
}

// message says what is wrong, since when the pod is there, and where there is
// room.
func (j *judge) message(s *subject, f fault) string {
	parts := []string{f.cause}
	if s.node == nil {
		parts = append(parts, "for "+j.age(waiting(s.pod)))
		if len(s.out.Belongs) > 0 {
			parts = append(parts, "belongs on "+strings.Join(s.out.Belongs, " or "))
		}
	} else {
		parts = append(parts, fmt.Sprintf("on %s for %s", s.node.Name, j.age(s.out.Since.Time)))
	}
	switch {
	case s.out.NoRoom != "":
		parts = append(parts, "no room: "+s.out.NoRoom)
	case s.out.Expected == "":
	case !slices.Contains(s.out.Room, s.out.Expected):
		parts = append(parts, "there will be room on "+s.out.Expected+afterOthers)
	default:
		parts = append(parts, "room on "+s.out.Expected)
	}
	return strings.Join(parts, "; ")
}

// age is how long something has lasted: when it was looked at, or when it was
// planned to be ended.
func (j *judge) age(from time.Time) string {
	until := j.Time
	if from.Before(j.Planned) {
		until = j.Planned
	}
	return duration.HumanDuration(until.Sub(from))
}

// remedy is the command that moves the pod, or what has to be done by hand.
func remedy(s *subject, f fault) string {
	switch {
	case s.out.Command != "":
		return s.out.Command
	case s.remedy != "":
		return s.remedy
	case f.code == finding.PodPending:
		return "make room, or mend what the scheduler names"
	case s.isJob:
		return "wait until the Job ends"
	case !s.owned:
		return "no controller makes it again: delete it and make it again by hand"
	}
	return "make room where it belongs, then look again"
}

// judgeRoles names the roles that have workloads in the cluster, but no pool.
func (j *judge) judgeRoles() {
	if !j.mapped {
		return
	}
	homeless := map[string][]string{}
	for _, w := range j.Snapshot.Workloads() {
		known := j.Profile.Lookup(profile.Object{Kind: string(w.Kind), Namespace: w.Namespace, Name: w.Name})
		if known == nil || len(known.Roles) == 0 || w.Replicas == 0 && len(w.Pods) == 0 || j.hasPool(known.Roles) {
			continue
		}
		for _, role := range known.Roles {
			homeless[role] = append(homeless[role], w.String())
		}
	}
	for role, workloads := range homeless {
		j.findings = append(j.findings, finding.New(finding.PoolUnknown, "role/"+role,
			fmt.Sprintf("no pool of this cluster has this role (the profile knows %s); %s: nobody can say whether the pods are right",
				strings.Join(j.Profile.PoolNames(role), ", "), someOf(workloads)),
			"give a profile with the name of the pool with --profile, or add the pool"))
	}
}

func (j *judge) hasPool(roles []string) bool {
	for i := range j.Pools {
		if j.Pools[i].Role != "" && slices.Contains(roles, j.Pools[i].Role) {
			return true
		}
	}
	return false
}
