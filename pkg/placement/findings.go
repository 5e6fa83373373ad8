// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package placement

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/duration"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/api/v1alpha1"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/cluster"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/finding"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/profile"
)

// maxRooms bounds the nodes that are named for a pod.
const maxRooms = 10

// findRoom looks for nodes that would take a pod whose place is not right, and
// that would put right all that is wrong.
func (j *judge) findRoom(s *subject) {
	if len(s.faults) == 0 || s.isJob || s.has(finding.PoolUnknown) {
		return
	}
	rooms, why := j.space.For(s.pod).Rooms(j.home(s), s.mends)
	j.apartFirst(s, rooms)
	for _, node := range rooms[:min(len(rooms), maxRooms)] {
		s.out.Room = append(s.out.Room, node.Name)
	}
	s.out.NoRoom = why
	helps, only := len(rooms) > 0, " --pod "+s.pod.Namespace+"/"+s.pod.Name
	if !helps && s.out.Verdict == v1alpha1.PlacementWrong {
		if rooms, _ := j.spaceFreed().For(s.pod).Rooms(j.home(s), s.mends); len(rooms) > 0 {
			helps, only = true, "" // not without the others
			s.out.NoRoom += "; there will be on " + rooms[0].Name + " once misplaced pods have left it"
		}
	}
	if helps && s.owned && s.node != nil {
		s.out.Command = "kubectl vantiq-upgrade placement-check --relocate" + only
		if !j.isKnown(s.owner) && only != "" {
			s.out.Command += " --force" // it is in no profile that it may be restarted
		}
	}
}

// apartFirst puts the nodes with another replica of a pod's workload last: there
// it would not be right either.
func (j *judge) apartFirst(s *subject, rooms []*corev1.Node) {
	replicas := map[string]int{}
	if s.owned {
		for _, other := range j.members[s.owner] {
			replicas[other.pod.Spec.NodeName]++
		}
	}
	slices.SortStableFunc(rooms, func(a, b *corev1.Node) int { return cmp.Compare(replicas[a.Name], replicas[b.Name]) })
}

// spaceFreed is the Space without the pods that are in a wrong place: two of them
// may hold each other's.
func (j *judge) spaceFreed() *Space {
	if j.freed == nil {
		wrong := map[*corev1.Pod]bool{}
		for _, s := range j.pods {
			wrong[s.pod] = s.out.Verdict == v1alpha1.PlacementWrong
		}
		j.freed = j.space.Without(func(pod *corev1.Pod) bool { return wrong[pod] })
	}
	return j.freed
}

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
		parts = append(parts, "for "+duration.HumanDuration(j.Time.Sub(waiting(s.pod))))
		if len(s.out.Belongs) > 0 {
			parts = append(parts, "belongs on "+strings.Join(s.out.Belongs, " or "))
		}
	} else {
		parts = append(parts, fmt.Sprintf("on %s for %s", s.node.Name, duration.HumanDuration(j.Time.Sub(s.out.Since.Time))))
	}
	switch {
	case len(s.out.Room) > 0:
		parts = append(parts, "room on "+s.out.Room[0])
	case s.out.NoRoom != "":
		parts = append(parts, "no room: "+s.out.NoRoom)
	}
	return strings.Join(parts, "; ")
}

// remedy is the command that moves the pod, or what has to be done by hand.
func remedy(s *subject, f fault) string {
	switch {
	case s.out.Command != "":
		return s.out.Command
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
