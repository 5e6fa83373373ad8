// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package disruption

import (
	"encoding/json"
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/api/v1alpha1"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/cluster"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/profile"
)

// Fields that a relief changes.
const (
	FieldReplicas       = "spec.replicas"
	FieldMinAvailable   = "spec.minAvailable"
	FieldMaxUnavailable = "spec.maxUnavailable"
	FieldEvictionPolicy = "spec.unhealthyPodEvictionPolicy"
)

// Step is one field of one object that a relief changes.
type Step struct {
	Object v1alpha1.ObjectRef
	UID    types.UID
	// Field is the path of the field, e.g. spec.replicas.
	Field string
	// Before and After are its values; null: the field is absent.
	Before, After json.RawMessage
	// Owner is who may put the change back.
	Owner Owner
	// Mode is the one that it is part of.
	Mode Mode
}

// Relief is what is done about a blocker.
type Relief struct {
	Mode Mode
	// Steps are the changes, in order; none when it is refused.
	Steps []Step
	// Refused says why the mode cannot work, Remedy what to do instead where
	// there is a command for it.
	Refused, Remedy string
}

// Works reports whether there is anything to change.
func (r Relief) Works() bool { return r.Refused == "" && len(r.Steps) > 0 }

// Terms are what a relief is held to.
type Terms struct {
	// Named is true when the operator or the profile names the workload or its
	// budget. Those of the system, and those that others depend on, are left
	// alone unless they are named.
	Named bool
	// Profile knows which workloads others depend on; it may be nil.
	Profile *profile.View
}

// Relieve says what a mode changes so that the budget lets a pod go, or why it
// cannot work.
func (b *Blocker) Relieve(s *cluster.Snapshot, mode Mode, terms Terms) Relief {
	r := Relief{Mode: mode}
	switch {
	case b.Class == Transient:
		r.Refused = "it allows nothing for the moment only, and opens by itself"
	case b.Class == Stale:
		r.Refused = "the disruption controller has not judged its latest change yet; it may be open in a moment"
	case b.PDB.Namespace == metav1.NamespaceSystem && !terms.Named:
		r.Refused = "it belongs to the system (namespace kube-system), which is left alone unless it is named"
	case b.Later && !terms.Named:
		r.Refused = "it allows evictions now; it is left alone unless it is named"
	default:
		b.relieveBy(s, terms, &r)
	}
	if r.Refused != "" {
		r.Steps = nil
	}
	for i := range r.Steps {
		r.Steps[i].Mode = mode
	}
	return r
}

func (b *Blocker) relieveBy(s *cluster.Snapshot, terms Terms, r *Relief) {
	switch r.Mode {
	case ScaleToZero:
		b.scaleToZero(s, terms, r)
	case Surge:
		b.surge(s, r)
	case Relax:
		b.relax(s, r)
	default:
		r.Refused = fmt.Sprintf("%q is no mode", r.Mode)
	}
}

// replicasStep changes the replicas of a workload.
func replicasStep(w *cluster.Workload, after int) Step {
	return Step{
		Object: v1alpha1.ObjectRef{APIVersion: "apps/v1", Kind: w.Kind.Name(), Namespace: w.Namespace, Name: w.Name},
		UID:    w.UID, Field: FieldReplicas,
		Before: encode(w.Replicas), After: encode(after), Owner: OwnerOf(w.Meta),
	}
}

// budgetStep changes a field of the budget.
func (b *Blocker) budgetStep(field string, before, after any) Step {
	return Step{
		Object: v1alpha1.ObjectRef{APIVersion: "policy/v1", Kind: "PodDisruptionBudget", Namespace: b.PDB.Namespace, Name: b.PDB.Name},
		UID:    b.PDB.UID, Field: field,
		Before: encode(before), After: encode(after), Owner: OwnerOf(&b.PDB.ObjectMeta),
	}
}

// encode writes a number or a string as JSON, which cannot fail for those.
func encode(value any) json.RawMessage {
	data, err := json.Marshal(value)
	if err != nil {
		return json.RawMessage("null")
	}
	return data
}
