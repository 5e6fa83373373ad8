// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package relief

import (
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/api/v1alpha1"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/drain"
)

// Cordon is what the journal and the mark say of a node's cordon.
type Cordon struct {
	// Ours: giving it back is our business.
	Ours bool
	// CanGo: there is a mark that may be removed, whoever's the cordon is.
	CanGo bool
	// By and At are who cordoned it for us, and when; empty where that is not known.
	By string
	At time.Time
	// Told is what is to be said about it; nil when there is nothing.
	Told *v1alpha1.Finding
}

// CordonOf says whose the cordon of a node is. An open line of the journal stands also
// where the mark cannot be read; a mark alone where the line is lost.
func (b Book) CordonOf(node *corev1.Node) (Cordon, error) {
	all, err := Collect(b, []runtime.Object{node})
	if err != nil {
		return Cordon{}, err
	}
	_, marked := node.Annotations[drain.CordonAnnotation]
	cordon := Cordon{CanGo: marked}
	for _, h := range all.Held {
		if h.Change.Mode != drain.ModeCordon || h.Change.Object.Name != node.Name || h.Live == nil || h.Change.UID != node.UID {
			continue
		}
		cordon.Ours = cordon.Ours || h.Standing == Ours
		if marked {
			cordon.By, cordon.At = h.Host, h.Change.Time
		}
		switch {
		case h.Unrecorded:
			cordon.Told = new(h.MarkOnly())
		case h.Standing == TakenOver && marked:
			cordon.Told = new(h.takenOver(""))
		}
	}
	for _, s := range all.Strays {
		if s.IsPause() {
			continue
		}
		cordon.CanGo = cordon.Ours || s.CanGo()
		cordon.Told = new(s.Finding())
	}
	return cordon, nil
}
