// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package disruption

import (
	"cmp"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/cluster"
)

// Kinds of owners.
const (
	OwnerHelm     = "Helm"
	OwnerArgoCD   = "Argo CD"
	OwnerFlux     = "Flux"
	OwnerOperator = "operator"
)

// Owner is who looks after an object and may put a change of it back. The zero
// Owner is nobody that is known.
type Owner struct {
	// Kind is Helm, Argo CD, Flux or operator.
	Kind string
	// Name is that of the release, application or operator, e.g.
	// shared/telegraf-prom.
	Name string

	// flux is the kind that the command line of Flux asks for.
	flux string
}

// IsZero reports whether no owner is known.
func (o Owner) IsZero() bool { return o == Owner{} }

// String names the owner: Helm release shared/telegraf-prom.
func (o Owner) String() string {
	switch o.Kind {
	case "":
		return ""
	case OwnerHelm:
		return "Helm release " + o.Name
	case OwnerArgoCD:
		return "Argo CD application " + o.Name
	}
	return o.Kind + " " + o.Name
}

// Reverts reports whether the owner puts a change back by itself, sooner or
// later. Helm does so at the next upgrade of the release only.
func (o Owner) Reverts() bool { return !o.IsZero() && o.Kind != OwnerHelm }

// Advice is what keeps the owner from putting a change back; empty where nothing
// is known.
func (o Owner) Advice() string {
	switch o.Kind {
	case OwnerArgoCD:
		return "turn automated sync of the application " + o.Name + " off for the time of the pause"
	case OwnerFlux:
		namespace, name, _ := strings.Cut(o.Name, "/")
		return "flux suspend " + o.flux + " -n " + namespace + " " + name + " # after the upgrade: flux resume"
	case OwnerHelm:
		return "run no helm upgrade of " + o.Name + " before it is given back"
	case OwnerOperator:
		return "pause " + o.Name + " by its own means for the time being"
	}
	return ""
}

// OwnerOf reads from labels, annotations and owner references who looks after an
// object. Where there are several, the one that acts by itself counts: a chart
// that Argo CD or Flux renders carries Helm's label too.
func OwnerOf(o *metav1.ObjectMeta) Owner {
	if o == nil {
		return Owner{}
	}
	if c, owned := cluster.ControllerOf(o); owned {
		return Owner{Kind: OwnerOperator, Name: c.Kind.Type() + "/" + c.Name}
	}
	for _, find := range []func(*metav1.ObjectMeta) (Owner, bool){argoCD, flux, helm, manager} {
		if owner, found := find(o); found {
			return owner
		}
	}
	return Owner{}
}

// argoCD reads the mark of an application, in its newer form
// ("application:group/Kind:namespace/name") or as a label.
func argoCD(o *metav1.ObjectMeta) (Owner, bool) {
	if name, _, _ := strings.Cut(o.Annotations["argocd.argoproj.io/tracking-id"], ":"); name != "" {
		return Owner{Kind: OwnerArgoCD, Name: name}, true
	}
	name := o.Labels["argocd.argoproj.io/instance"]
	return Owner{Kind: OwnerArgoCD, Name: name}, name != ""
}

func flux(o *metav1.ObjectMeta) (Owner, bool) {
	for _, kind := range []struct{ mark, name string }{{"kustomize", "kustomization"}, {"helm", "helmrelease"}} {
		prefix := kind.mark + ".toolkit.fluxcd.io/"
		if name := o.Labels[prefix+"name"]; name != "" {
			namespace := cmp.Or(o.Labels[prefix+"namespace"], o.Namespace)
			return Owner{Kind: OwnerFlux, Name: inNamespace(namespace, name), flux: kind.name}, true
		}
	}
	return Owner{}, false
}

// helm knows the marks of Helm 3, and the labels that charts for Helm 2 set.
func helm(o *metav1.ObjectMeta) (Owner, bool) {
	if name := o.Annotations["meta.helm.sh/release-name"]; name != "" {
		return Owner{Kind: OwnerHelm, Name: inNamespace(o.Annotations["meta.helm.sh/release-namespace"], name)}, true
	}
	switch {
	case o.Labels["app.kubernetes.io/managed-by"] == "Helm" && o.Labels["app.kubernetes.io/instance"] != "":
		return Owner{Kind: OwnerHelm, Name: inNamespace(o.Namespace, o.Labels["app.kubernetes.io/instance"])}, true
	case (o.Labels["heritage"] == "Helm" || o.Labels["heritage"] == "Tiller") && o.Labels["release"] != "":
		return Owner{Kind: OwnerHelm, Name: inNamespace(o.Namespace, o.Labels["release"])}, true
	}
	return Owner{}, false
}

// manager is another name in the label that Helm uses too.
func manager(o *metav1.ObjectMeta) (Owner, bool) {
	name := o.Labels["app.kubernetes.io/managed-by"]
	return Owner{Kind: OwnerOperator, Name: name}, name != "" && name != "Helm"
}

func inNamespace(namespace, name string) string {
	if namespace == "" {
		return name
	}
	return namespace + "/" + name
}
