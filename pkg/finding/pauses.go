// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package finding

import "github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/api/v1alpha1"

// pauses describes what happens to blockers that are relieved, and to what is
// given back.
func pauses() []Entry {
	const err, warn = v1alpha1.SeverityError, v1alpha1.SeverityWarning
	return []Entry{
		{ReliefRefused, err, "A blocker cannot be relieved by the chosen mode", "Doing it all the same would stop what must not stop, or help nothing. The message says why.", "Use the mode that the finding names, or do what it says."},
		{OwnerMayRevert, warn, "GitOps or an operator looks after what is paused and may put it back", "Argo CD, Flux and operators set the value of their source again by themselves, in the middle of a drain.", "Suspend the application, Kustomization, HelmRelease or operator that is named, for the time of the pause."},
		{PauseReverted, warn, "A pause was put back by somebody else", "Helm, Argo CD, Flux, an operator or a person set the former value again: the budget blocks again. Or a command of ours gave it back and could not write that down.", "Talk to the owner that is named or suspend it, then pause again."},
		{PauseConflict, err, "What was paused was changed by somebody else meanwhile", "It has neither the value that we set nor the former one; giving back would overwrite the change of the named owner or of a person.", "Look at it. To put the recorded value back all the same, use --force, as the finding has it. To keep the new value of the same object, remove our mark (kubectl annotate OBJECT upgrade.vantiq.com/paused-), then run resume-pdb-blockers."},
		{PauseExpired, warn, "A pause is on for longer than it was meant to be", "A workload that is stopped, or a budget that is relaxed, was probably forgotten.", "kubectl vantiq-upgrade resume-pdb-blockers"},
		{PauseUnknown, warn, "What was paused does not exist any more", "The object was deleted, or is being deleted, so that nobody makes pods for it any more: nothing of ours is left to give back.", "Nothing; see to it that its owner made the new one with the right value."},
		{RestoreNotReady, err, "A workload was given back and is not Ready", "Success is said only when it was seen.", "kubectl describe and logs of its pods."},
		{PauseNoEffect, err, "A relief has not had its effect in time", "Its pods have not ended, or the budget still allows nothing: a drain would wait.", "See what it waits for in the message; then run the same command again."},
		{RestoreForced, warn, "A change of somebody else was overwritten by the operator's word", "--force put the recorded value back over it.", "Tell the owner that is named what was there before; it stands in the message."},
		{PausedForDrain, warn, "A blocker is relieved for the time of the drain", "Its disruption budget would hold the drain for ever. It is given back when the drain ends, however it ends, unless --keep-paused is given.", "Nothing; or drain without --pause-pdb-blockers."},
		{FloorGivenUp, warn, "A workload is stopped that must keep replicas, because the operator named it", "The profile keeps a number of its replicas up, or others depend on it: a MongoDB without a majority stops the whole of Vantiq.", "Use --mode surge for it, or leave it out, unless you are sure."},
		{MarkStale, warn, "An object carries a mark of ours that says nothing any more", "What it points at in the journal was given back, or was another object's: a rollback (kubectl rollout undo), a tool or a copy has brought the annotation back. It is not acted on.", "Nothing: pause-pdb-blockers, resume-pdb-blockers or abort removes the mark when it comes by, and nothing else."},
		{CopyStandsPaused, warn, "An object stands as during a pause, and nobody gives it back", "It was copied, or a manifest or a backup that was taken during a pause was applied to it, or the journal has lost the run: it has the value of the pause, and nothing of ours will ever give it back.", "Set the value that is right, then remove the mark; both commands stand in the finding."},
		{MarkUnreadable, err, "A mark of ours cannot be read", "It was cut or edited by hand. What it says may be the only record of a change, so it is neither acted on nor removed. A warning where the journal says all of it.", "Set the value that is right, then remove the mark; both commands stand in the finding."},
		{MarkOnly, warn, "Only the mark on an object tells of a change", "The journal has lost the run, as a whole or this line of it, or it is in another namespace. The mark holds what is needed to give back.", "Look whether --journal-namespace is right. Then give back: the question, or --yes, is your word for it."},
		{TakenOver, warn, "What we had changed is somebody else's now", "They have set another value and removed our mark, or lifted our cordon and set one of their own. It is left as it is, and our line is closed.", "Nothing; or run the command with --force, which puts back what we had found."},
		{AnnotationsFull, err, "The annotations of an object leave no room for our mark", "The API server takes 262,144 bytes of annotations for an object. Without the mark nothing is changed; and the deployment controller, which copies them all to ReplicaSets, would stand still without a word.", "Remove annotations that nobody needs; kubectl get OBJECT -o yaml shows which are large."},
		{PauseRefused, err, "The API server refuses the change that would relieve a blocker", "An admission policy, a webhook, a quota or a missing right denies it. This object is as it was; the other changes were made.", "Mend what the message names, then run the same command again."},
		{RestoreRefused, err, "The API server refuses to give a change back", "An admission policy, a webhook, a quota or a missing right denies it. This object stays as we had changed it, and stays written down; the others were given back.", "Mend what the message names, then run the same command again."},
		{RestoreUnnoted, err, "A change was given back, and the journal could not be told", "The object has its former value; the line in the journal is still open, because the API server refuses to change its ConfigMap.", "Mend what the message names, then run the same command again."},
		{KeepOffRefused, err, "The API server refuses a keep-off pod", "Without it the replacement might come back to a wrong node, so the pods that need it were not evicted; the others are moved.", "Mend what the message names, then run the same command again."},
		{KeepOffLeft, err, "The API server refuses to remove a keep-off pod", "It keeps the pods of one workload off a pool, until its hour is over.", "Mend what the message names, then kubectl vantiq-upgrade abort."},
	}
}
