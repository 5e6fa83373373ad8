// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package finding

import "github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/api/v1alpha1"

// placements describes what is wrong with the place of a pod.
func placements() []Entry {
	const err, warn = v1alpha1.SeverityError, v1alpha1.SeverityWarning
	return []Entry{
		{WrongPool, err, "A pod is on a pool where its workload does not belong", "It takes the room of the pods that belong there, which then find none: vantiq and metrics-collector carry the same label, so that the scheduler takes one for the other.", "The command in the finding moves it."},
		{AffinityBroken, err, "A pod's own rules keep it from the node that it is on", "The labels or taints of the node were changed after it was scheduled; once it restarts it goes elsewhere or stays Pending.", "Mend the labels or taints of the node if they are wrong; else the command in the finding moves the pod."},
		{PreferenceUnmet, warn, "Another node, which would take the pod, fits its own preference better", "Preferred node affinity is a wish: after a restart of nodes pods stay where there was room at that moment.", "The command in the finding moves it."},
		{SharedNode, err, "Two replicas of a workload are on one node", "Both are away at once when the node is. A warning for workloads that the profile does not know, and where no other node is free of a replica.", "The command in the finding moves one of them; or add a node to the pool."},
		{SharedZone, warn, "The replicas of a workload are spread unevenly over the zones of their pool", "When the fuller zone fails more of them are away than need be.", "The command in the finding moves one of them, where its volumes let it."},
		{VolumeElsewhere, err, "A volume of a pod is in another zone than its node", "A zonal disk cannot be attached in another zone: the pod does not come back after a restart.", "The command in the finding moves it; if there is no node in the zone of the volume, add one."},
		{PartnersApart, err, "Workloads that must share a zone are in different ones", "Grafana does not start unless its database is in the same zone.", "The command in the finding moves it, where its volumes let it; else its volume has to be made anew in that zone."},
		{Foreigner, warn, "A pod that belongs elsewhere, or nowhere known, is on a pool that is reserved", "It takes room that Vantiq or MongoDB needs when one of its pods moves.", "The command in the finding moves it."},
		{DaemonMissing, err, "A DaemonSet has no Ready pod on a node where it should run", "What it does for the node (network, disks, metrics) is not done there: pods on it may fail to start.", "kubectl describe the DaemonSet and its pods on the named nodes."},
		{PodPending, err, "A pod has no node", "The scheduler finds none for it; its reason is in the message.", "Make room, or mend what the scheduler names."},
		{NotChecked, err, "A check could not be made", "What was not looked at is not known to be right.", "Ask for the right that the message names."},
		{PoolUnknown, err, "The profile names a role whose workloads are in the cluster, but no pool of the cluster has it", "Nobody can say whether these pods are where they belong.", "Add the name of the pool to a copy of the profile and give that with --profile; or add the pool."},
	}
}
