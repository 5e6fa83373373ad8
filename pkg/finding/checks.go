// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package finding

import "github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/api/v1alpha1"

// checks describes what verify and snapshot find.
func checks() []Entry {
	const err, warn = v1alpha1.SeverityError, v1alpha1.SeverityWarning
	return []Entry{
		{NodeDown, err, "A node is not Ready", "Its pods are not served, and nothing new starts there.", "kubectl describe node; remove the node if its machine is gone."},
		{PodNotRunning, err, "A pod is neither Running nor Completed", "After an upgrade every pod runs again or has finished; pods of mongobackup do not count.", "kubectl describe the pod: its events say what it waits for."},
		{PodCrashing, err, "A container ends again and again, or its image cannot be fetched", "It waits between its starts (CrashLoopBackOff, ImagePullBackOff) and serves nobody.", "kubectl logs --previous of the named container."},
		{PodUnready, err, "A pod runs but is not Ready", "It gets no traffic.", "kubectl describe the pod: a readiness probe fails."},
		{PodRestarted, warn, "Containers restarted", "Since the baseline, or in a pod that is newer than it: something ended that should have gone on.", "kubectl logs --previous of the pod."},
		{WorkloadShort, err, "A workload has fewer Ready pods than it should", "Than it asks for, or than it had in the baseline.", "kubectl describe the workload and its pods."},
		{WorkloadRescaled, err, "A workload asks for another number of replicas than in the baseline", "A pause that was not given back, or somebody scaled it meanwhile.", "The command in the finding gives it back; or take a new snapshot if it is meant."},
		{WorkloadGone, err, "A workload of the baseline does not exist any more", "An upgrade deletes none.", "Deploy it again, or take a new snapshot if it is meant."},
		{ImageChanged, err, "A workload runs other images than in the baseline", "A Kubernetes upgrade changes none of yours. What the cloud keeps in kube-system changes with the version and is a difference only.", "kubectl rollout history of the workload; or take a new snapshot if it is meant."},
		{BlockerLeftStopped, err, "A workload that is stopped for upgrades was not started again", "telegraf-prom is scaled to zero before the pools are upgraded; without it there are no metrics.", "kubectl vantiq-upgrade resume-pdb-blockers; or scale it by hand, if it was stopped by hand."},
		{KubeletNotAtTarget, err, "The kubelet of a node is not at the version of --to", "The upgrade of its pool did not come to its end, whatever the cloud says.", "Upgrade the pool, or drain and replace the node."},
		{KubeletsMixed, err, "The nodes of a pool run kubelets of several versions", "Some of its nodes were not replaced.", "Finish the upgrade of the pool."},
		{PoolShrunk, err, "A pool has fewer nodes, or spans fewer zones, than in the baseline", "There is less room for pods to move, and less left when a zone fails.", "Scale the pool back in the cloud."},
		{PoolLabelsLost, err, "The nodes of a pool lost a label that all of them had", "Labels set by hand go with the node; node affinity and our map of pools read vantiq.com/workload-preference.", "Set the label on the pool in the cloud, so that new nodes have it."},
		{NodeCordoned, err, "A node is cordoned", "It takes no new pods: the next restart goes elsewhere.", "kubectl vantiq-upgrade uncordon-pool; kubectl uncordon for a cordon of somebody else."},
		{NodeTainted, err, "A node has a taint that its pool did not have", "Pods that belong there cannot return, and restart elsewhere.", "kubectl taint nodes NODE KEY-"},
		{ChangeLeft, err, "Something that we changed was not given back", "A pause, a cordon or a relocation of a run that did not come to its end.", "kubectl vantiq-upgrade status; then resume, resume-pdb-blockers or abort."},
		{LockLeft, err, "Somebody works on the cluster, or went without giving the lock back", "While a command works nothing can be said to hold.", "Wait for its end; a lock that has lapsed is taken over by the next command."},
		{ClaimUnbound, err, "A claim is not bound to a volume", "Its pod cannot start.", "kubectl describe pvc"},
		{VolumeUnattached, err, "A volume is not attached to the node of its pod", "Its pod waits for it. A disk is attached to one node at a time, in its own zone.", "kubectl describe volumeattachment; the driver of the cloud says why."},
		{EndpointsLost, err, "A Service has fewer endpoints than in the baseline", "Some of what answered does not; none at all means an outage.", "kubectl get endpointslices of the Service, and the pods that it selects."},
		{BackupFailed, warn, "The last backup failed", "The upgrade is the moment at which one may be needed.", "kubectl logs of its pod; then kubectl create job --from=cronjob/mongobackup."},
		{BackupStale, warn, "The last backup that succeeded is old, or there is none", "Its schedule asks for a newer one.", "kubectl create job --from=cronjob/mongobackup"},
		{TroubleReported, warn, "Events tell of trouble with an object that is not well", "They name the cause of other findings.", "kubectl describe the object."},
		{WebhookUnserved, err, "Nobody answers for a webhook", "With failurePolicy Fail the API server refuses what it is asked about: pods that restart do not come back. A warning with Ignore.", "Mend the workload behind the named Service."},
		{APIServiceDown, err, "An aggregated API is not available", "Controllers that list all kinds stand still; namespaces cannot be deleted; HPAs without metrics do not scale.", "kubectl describe apiservice, and the workload behind it."},
		{ObjectGone, err, "An object of the baseline does not exist any more", "An upgrade deletes none.", "Deploy it again, or take a new snapshot if it is meant."},
		{ObjectChanged, err, "An object is not as it was in the baseline", "See before and after. A version of a CRD that is not served any more breaks those who use it.", "Put it back, or take a new snapshot if it is meant."},
		{ReleaseChanged, warn, "A Helm release has another revision, or failed", "Somebody deployed meanwhile, or a deployment did not come to its end.", "helm history"},
		{CheckNotMade, err, "A check could not be made", "What was not looked at is not known to hold.", "Ask for the named right; or --ignore it with a reason."},
		{PageDown, err, "A page of --http does not answer", "Users cannot reach it.", "See the message; look at the ingress, its Service and its pods."},
		{CertificateEnds, warn, "The certificate of a page ends soon", "Within 30 days.", "Renew it."},
		{IgnoredNothing, warn, "A rule of --ignore matches nothing", "What it was for has gone, or it is mistyped.", "Take it out of the command."},
		{NotSteady, err, "All held, but not often enough in a row within --wait", "What comes and goes is not done: pods that restart, nodes that come and go.", "Give --wait more time; look at what came and went."},
		{SnapshotIncomplete, warn, "A kind could not be read for the snapshot", "verify cannot compare it later.", "Ask for the named right, and take the snapshot again."},
	}
}
