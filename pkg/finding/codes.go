// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package finding

import (
	"slices"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/api/v1alpha1"
)

// Code is the stable name of a finding.
type Code string

// 2xx: what stands in the way of a drain. 23x: how a drain ended. 3xx: pauses and
// the journal.
const (
	PDBPermanentBySpec  Code = "VU-201"
	PDBPermanentBySize  Code = "VU-202"
	PDBSeveral          Code = "VU-203"
	PDBUnhealthy        Code = "VU-204"
	PDBFailed           Code = "VU-205"
	PDBTransient        Code = "VU-206"
	PDBStale            Code = "VU-207"
	PodUnmanaged        Code = "VU-211"
	PodLocalData        Code = "VU-212"
	WorkloadDowntime    Code = "VU-213"
	WorkloadBelowFloor  Code = "VU-214"
	DependencyNotReady  Code = "VU-215"
	NeverTogether       Code = "VU-216"
	RightsMissing       Code = "VU-217"
	JobRestarted        Code = "VU-218"
	NodeNotReady        Code = "VU-219"
	WorkloadPodsBroken  Code = "VU-220"
	FloorHoldsAll       Code = "VU-221"
	ServerWouldRefuse   Code = "VU-222"
	BlockerStopped      Code = "VU-223"
	CordonRefused       Code = "VU-224"
	MayComeBack         Code = "VU-225"
	PinnedToNode        Code = "VU-226"
	JobFailsForGood     Code = "VU-227"
	AgentStays          Code = "VU-228"
	TaskCutShort        Code = "VU-229"
	ReplacementUnplaced Code = "VU-231"
	PodStuckTerminating Code = "VU-232"
	ReplacementNotReady Code = "VU-233"
	DrainTimedOut       Code = "VU-234"
	EvictionRefused     Code = "VU-235"
	WorkloadNotBack     Code = "VU-236"
	PoolNotEmpty        Code = "VU-237"
	WaitedTooLong       Code = "VU-238"
	DrainStoppedByUser  Code = "VU-239"
	NodeUncordoned      Code = "VU-240"
	CameBack            Code = "VU-241"
	EvictionsBounded    Code = "VU-242"
	WorkloadChanged     Code = "VU-243"
	WorkloadStillBroken Code = "VU-244"
	JobFailed           Code = "VU-245"
	JournalDamaged      Code = "VU-301"
	JournalNewer        Code = "VU-302"
	JournalIncomplete   Code = "VU-303"
)

// 3xx: what is paused for the time of an upgrade, and given back.
const (
	ReliefRefused    Code = "VU-311"
	OwnerMayRevert   Code = "VU-312"
	PauseReverted    Code = "VU-313"
	PauseConflict    Code = "VU-314"
	PauseExpired     Code = "VU-315"
	PauseUnknown     Code = "VU-316"
	RestoreNotReady  Code = "VU-317"
	PauseNoEffect    Code = "VU-318"
	RestoreForced    Code = "VU-319"
	PausedForDrain   Code = "VU-320"
	FloorGivenUp     Code = "VU-321"
	MarkStale        Code = "VU-322"
	CopyStandsPaused Code = "VU-323"
	MarkUnreadable   Code = "VU-324"
	MarkOnly         Code = "VU-325"
	TakenOver        Code = "VU-326"
	AnnotationsFull  Code = "VU-327"
	PauseRefused     Code = "VU-328"
	RestoreRefused   Code = "VU-329"
	RestoreUnnoted   Code = "VU-330"
	KeepOffRefused   Code = "VU-331"
	KeepOffLeft      Code = "VU-332"
)

// 4xx: where pods are against where they belong.
const (
	WrongPool         Code = "VU-401"
	AffinityBroken    Code = "VU-402"
	PreferenceUnmet   Code = "VU-403"
	SharedNode        Code = "VU-404"
	SharedZone        Code = "VU-405"
	VolumeElsewhere   Code = "VU-406"
	PartnersApart     Code = "VU-407"
	Foreigner         Code = "VU-408"
	DaemonMissing     Code = "VU-409"
	PodPending        Code = "VU-410"
	NotChecked        Code = "VU-411"
	PoolUnknown       Code = "VU-412"
	RelocatedWrong    Code = "VU-421"
	RelocationRefused Code = "VU-422"
)

// 5xx: what verify finds after an upgrade. 51x and 52x: workloads and nodes. 53x:
// what is left of us. 54x and 55x: volumes, Services, what extends the API. 56x:
// against the baseline. 57x: what was asked for besides.
const (
	NodeDown           Code = "VU-501"
	PodNotRunning      Code = "VU-502"
	PodCrashing        Code = "VU-503"
	PodUnready         Code = "VU-504"
	PodRestarted       Code = "VU-505"
	WorkloadShort      Code = "VU-511"
	WorkloadRescaled   Code = "VU-512"
	WorkloadGone       Code = "VU-513"
	ImageChanged       Code = "VU-514"
	BlockerLeftStopped Code = "VU-515"
	KubeletNotAtTarget Code = "VU-521"
	KubeletsMixed      Code = "VU-522"
	PoolShrunk         Code = "VU-523"
	PoolLabelsLost     Code = "VU-524"
	NodeCordoned       Code = "VU-525"
	NodeTainted        Code = "VU-526"
	ChangeLeft         Code = "VU-531"
	LockLeft           Code = "VU-532"
	ClaimUnbound       Code = "VU-541"
	VolumeUnattached   Code = "VU-542"
	EndpointsLost      Code = "VU-543"
	BackupFailed       Code = "VU-544"
	BackupStale        Code = "VU-545"
	TroubleReported    Code = "VU-546"
	WebhookUnserved    Code = "VU-551"
	APIServiceDown     Code = "VU-552"
	ObjectGone         Code = "VU-561"
	ObjectChanged      Code = "VU-562"
	ReleaseChanged     Code = "VU-563"
	CheckNotMade       Code = "VU-571"
	PageDown           Code = "VU-572"
	CertificateEnds    Code = "VU-573"
	IgnoredNothing     Code = "VU-574"
	NotSteady          Code = "VU-575"
	SnapshotIncomplete Code = "VU-581"
)

// Entry describes a code for docs/codes.md.
type Entry struct {
	Code     Code
	Severity v1alpha1.Severity
	// Title is what it means, Why why it matters, Mend what to do about it.
	Title, Why, Mend string
}

// Table returns every code, in order.
func Table() []Entry {
	return slices.Concat(blockers(), outcomes(), records(), pauses(), placements(), relocations(), checks())
}

func blockers() []Entry {
	const err, warn, info = v1alpha1.SeverityError, v1alpha1.SeverityWarning, v1alpha1.SeverityInfo
	return []Entry{
		{PDBPermanentBySpec, err, "A disruption budget never allows an eviction, by its own numbers", "maxUnavailable 0 or minAvailable 100 % can never be satisfied by an eviction; a drain would wait for ever.", "Relax the budget for the time of the upgrade, or do what the finding names."},
		{PDBPermanentBySize, err, "A disruption budget wants at least as many pods as the workload has", "minAvailable ≥ replicas (percentages round up) never allows an eviction. telegraf-prom is the known case in a Vantiq installation.", "Scale the workload up by one, or to zero for the time of the upgrade."},
		{PDBSeveral, err, "More than one disruption budget selects a pod", "The eviction API answers 500 for such a pod, whatever the budgets say.", "Remove or narrow all but one of the budgets."},
		{PDBUnhealthy, warn, "A disruption budget is blocked because its pods are not healthy", "Until the application is healthy again the budget allows nothing; the drain waits for it.", "Mend the pods, or set spec.unhealthyPodEvictionPolicy: AlwaysAllow."},
		{PDBFailed, err, "The disruption controller cannot compute a budget", "A failed status allows no eviction, mostly because a pod's owner has no scale.", "Delete the finished pods of Jobs that it selects, or have its selector leave them out; an integer minAvailable works without a scale. The condition on the budget says more."},
		{PDBTransient, info, "A disruption budget allows nothing at the moment", "Another pod is away; the drain waits for the budget.", "Nothing: it goes on by itself."},
		{PDBStale, info, "The disruption controller has not judged a budget's latest change yet", "Until it has, the API server allows no eviction under it; the numbers in its status are of the version before.", "Nothing: wait a moment. If it stays so, look at the kube-controller-manager."},
		{PodUnmanaged, err, "A pod without a controller would be lost", "Nothing creates it again on another node: an owner that is not its controller does not either.", "Move it by hand, or give --force to lose it."},
		{PodLocalData, err, "A pod keeps data in an emptyDir", "The data is deleted together with the pod.", "Give --delete-emptydir-data if the data may go."},
		{WorkloadDowntime, warn, "A workload is away while it moves", "No floor can protect a workload that has one replica, and none does where its update strategy (maxUnavailable 100%) or --max-unavailable tolerates that all are away and all of them are on the pool.", "Announce it; or scale it to two before the drain, or have it tolerate less (--max-unavailable 1 where it has no disruption budget)."},
		{WorkloadBelowFloor, warn, "A workload cannot spare a Ready pod", "It is below its floor already, or as low as that with what is broken. Its pods that are not Ready go, none of its Ready ones until enough are Ready: it is an error where the drain had to stop with it. Of a workload with a majority to keep (MongoDB) no member goes, as one that is not Ready may be the one with the data.", "Mend the workload first. --force lets go of members that are not Ready."},
		{DependencyNotReady, err, "A workload that this one depends on is not Ready", "Vantiq pods cannot start while MongoDB or Keycloak is down.", "Wait for it, or mend it, then run the command again."},
		{NeverTogether, err, "A workload that must never be disrupted together with this one is short of members, or stands on cordoned nodes", "Vantiq pods that restart while MongoDB has no full quorum do not come back: the service stops.", "Finish or give back the other pool first (uncordon-pool)."},
		{RightsMissing, err, "The current user lacks a right that the command needs", "Half-way through a drain is the wrong time to find out.", "Ask for a role with the listed rules."},
		{JobRestarted, warn, "A running Job pod is evicted and starts again", "Its work until now is lost.", "Wait for the Job to finish if that matters."},
		{NodeNotReady, warn, "A node of the pool is not Ready", "Its kubelet may not confirm that pods ended.", "Look at the node; remove it if the machine is gone."},
		{WorkloadPodsBroken, warn, "Pods of a workload were broken before the drain", "They go first, as they take nothing from its readiness, and the drain does not wait for what takes their place to become Ready.", "kubectl describe the named pods."},
		{FloorHoldsAll, err, "The floor of a workload allows no eviction at all", "Its floor is as high as its number of replicas, so a drain would wait for ever.", "Correct the profile's floor, or scale the workload up."},
		{ServerWouldRefuse, warn, "The API server would refuse an eviction now", "Told by --dry-run=server; budgets change while a drain goes on.", "See the message."},
		{BlockerStopped, warn, "A known blocker is scaled to zero", "It was stopped for the upgrade and must not be forgotten: without telegraf-prom there are no metrics.", "Scale it back when the last pool is done."},
		{CordonRefused, err, "The API server refuses to cordon a node", "An admission policy, a webhook or a missing right denies it, so that replacements might land on this node again; the other nodes are cordoned, and no pod is evicted.", "Mend what the message names, then run the same command again; or give the pool back (uncordon-pool)."},
		{MayComeBack, warn, "Pods of a workload may come back to the pool", "They tolerate the cordon, or a scheduler of their own places them: a cordon does not keep them off. When one comes back the drain stops with its workload (VU-241).", "Take the toleration out of its template. Or leave such pods to go with their nodes."},
		{PinnedToNode, warn, "Pods of a workload are bound to a node of the pool", "Their template names it (spec.nodeName): then they come back to it, cordon or not. Or they ask for its hostname: then they have no node until it is given back.", "Let the template ask for what the node has in place of its name."},
		{JobFailsForGood, err, "A Job fails for good when its running pod is evicted", "An evicted pod counts as a failure, and the Job has no retry left for it: nothing starts the pod again. A warning with --force.", "Wait for the Job to finish, or give --force to have it fail. A podFailurePolicy that ignores DisruptionTarget keeps Jobs from counting evictions."},
		{AgentStays, info, "Pods of a controller that is no DaemonSet of Kubernetes stay on their nodes", "It puts one on each node, or binds it to its node and lets it tolerate the cordon: evicted, it would be back there at once.", "Nothing: they end with their nodes."},
		{TaskCutShort, warn, "A pod that ends by itself, of a kind that is not read, is evicted", "Its work until now is lost. Whether it is started again is up to its owner, so the drain does not wait for that.", "Wait for its end if that matters."},
	}
}

func outcomes() []Entry {
	const err, warn = v1alpha1.SeverityError, v1alpha1.SeverityWarning
	return []Entry{
		{ReplacementUnplaced, err, "A replacement pod cannot be placed on any node", "No further member of the workload is evicted, or it would lose more.", "Make room or mend what the scheduler names, then run the same command again."},
		{PodStuckTerminating, err, "A pod does not end", "A finalizer, a dead kubelet or a process that ignores SIGTERM holds it. The message says whether this run evicted it, somebody else deleted it, or it was on its way out before.", "See the finalizers and the node; then run the same command again."},
		{ReplacementNotReady, err, "A replacement pod did not become Ready in time", "The workload is short of a member; no further one is evicted.", "kubectl describe and logs of the pod; then run the same command again."},
		{DrainTimedOut, err, "The drain reached --timeout", "It stopped where it was; nothing is lost.", "Run the same command again to go on."},
		{EvictionRefused, err, "The API server refused an eviction for good", "Trying again would not help: the right is missing, or more than one budget selects the pod. What a policy or a webhook denies is asked for again, see VU-238.", "See the message."},
		{WorkloadNotBack, err, "A workload is not back at its former readiness", "Success is said only when it was seen.", "Look at its pods; then run the same command again."},
		{PoolNotEmpty, err, "Pods that should be gone are still on the pool", "Read back after the drain.", "Run the same command again."},
		{WaitedTooLong, err, "A pod was not allowed to go within --pod-timeout", "What it waited for is in the message: a floor, a budget, a policy or webhook that denies the eviction, or a replacement that is not made and why.", "Mend that, then run the same command again."},
		{DrainStoppedByUser, warn, "The drain was interrupted", "Nothing new was evicted after the signal.", "Run the same command again to go on, or uncordon-pool to give the pool back."},
		{NodeUncordoned, warn, "A node was uncordoned by somebody else while it was drained", "Pods may come back to it.", "Agree on who works on the pool."},
		{CameBack, err, "A pod came back to the pool that is drained", "It tolerates the cordon, its template names the node, what places it does not heed cordons, or the node was uncordoned. It would come back each time, so nothing more of its workload is evicted. The others go on.", "Mend what the message names, then run the same command again."},
		{EvictionsBounded, err, "More pods of a workload were asked to go than it had", "Whatever the reason is for which they come back, a run evicts no more than the pods that there were at its start and a few that fail by themselves.", "Find out what brings its pods back to the pool, then run the same command again."},
		{WorkloadChanged, warn, "Somebody else deleted or scaled a workload while it was drained", "Its readiness before and after the drain cannot be compared.", "Nothing, where it was meant so."},
		{WorkloadStillBroken, warn, "A workload is as far from whole as it was before the drain", "Pods of it were broken or not Ready before. What took their place is not Ready either, and was not waited for.", "kubectl describe its pods; verify names them too."},
		{JobFailed, err, "A Job failed while the drain evicted pods of it", "Read back after the drain: what it was for is not done, and nothing starts it again. A warning with --force.", "Look at it, and create it again if its work is still wanted."},
	}
}

func records() []Entry {
	const err = v1alpha1.SeverityError
	return []Entry{
		{JournalDamaged, err, "A part of the journal cannot be read", "What it says may be a change that is still to be given back. It is left as it is, and the rest of the run is read.", "Look at the named ConfigMap and mend the line. Or look for the annotations of the plugin on the objects themselves, and delete the ConfigMap when nothing is left."},
		{JournalNewer, err, "A run of the journal was written by a newer version", "It may hold what this version does not understand, so it is read as far as possible and never written.", "Use the version that made the run, or a newer one."},
		{JournalIncomplete, err, "A part of a run is missing in the journal", "Somebody has deleted a ConfigMap or lines of it. The changed objects are annotated, so that they can be given back without it.", "Restore the ConfigMap from a backup; or look for the annotations on the objects themselves, and delete the rest of the run when nothing is left."},
	}
}
