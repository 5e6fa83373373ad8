// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package placement

import (
	"slices"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
)

// domain is a part of a cluster: the nodes that share the value of a label.
type domain struct{ key, value string }

// domainOf is the part of the cluster that a node is in; false where it has no
// such label. A node is a part of its own also without the label for it.
func domainOf(node *corev1.Node, key string) (domain, bool) {
	value, labelled := node.Labels[key]
	if !labelled && key == corev1.LabelHostname {
		value, labelled = node.Name, true
	}
	return domain{key, value}, labelled
}

// term is a required term of affinity or anti-affinity between pods.
type term struct {
	corev1.PodAffinityTerm
	owner    *corev1.Pod
	selector labels.Selector
}

func termsOf(owner *corev1.Pod, terms []corev1.PodAffinityTerm) []term {
	parsed := make([]term, 0, len(terms))
	for _, t := range terms {
		selector, err := metav1.LabelSelectorAsSelector(t.LabelSelector)
		if err != nil {
			selector = labels.Nothing() // the server accepts none that does not parse
		}
		parsed = append(parsed, term{PodAffinityTerm: t, owner: owner, selector: selector})
	}
	return parsed
}

func antiAffinityOf(pod *corev1.Pod) []term {
	if pod.Spec.Affinity == nil || pod.Spec.Affinity.PodAntiAffinity == nil {
		return nil
	}
	return termsOf(pod, pod.Spec.Affinity.PodAntiAffinity.RequiredDuringSchedulingIgnoredDuringExecution)
}

func affinityOf(pod *corev1.Pod) []term {
	if pod.Spec.Affinity == nil || pod.Spec.Affinity.PodAffinity == nil {
		return nil
	}
	return termsOf(pod, pod.Spec.Affinity.PodAffinity.RequiredDuringSchedulingIgnoredDuringExecution)
}

// means reports whether a term is about a pod.
func (t *term) means(pod *corev1.Pod) bool {
	return t.reaches(pod.Namespace) && t.selector.Matches(labels.Set(pod.Labels))
}

// reaches reports whether a term looks at a namespace. The labels of namespaces
// are not read, so that a selector over them, unless it is the empty one for all,
// counts as none.
func (t *term) reaches(namespace string) bool {
	if n := t.NamespaceSelector; n != nil && len(n.MatchLabels)+len(n.MatchExpressions) == 0 {
		return true
	}
	if len(t.Namespaces) == 0 {
		return t.NamespaceSelector == nil && namespace == t.owner.Namespace
	}
	return slices.Contains(t.Namespaces, namespace)
}

// repeller is a pod that keeps others out of its part of the cluster.
type repeller struct {
	placedPod
	terms []term
}

// repelledBy is where a pod's own anti-affinity keeps it out of.
func (s *Space) repelledBy(pod *corev1.Pod) map[domain]bool {
	from := map[domain]bool{}
	terms := antiAffinityOf(pod)
	for i := range terms {
		s.each(&terms[i], func(d domain) { from[d] = true })
	}
	return from
}

// refused is where the anti-affinity of other pods keeps a pod out of.
func (s *Space) refused(pod *corev1.Pod) map[domain]bool {
	from := map[domain]bool{}
	for _, r := range s.repellers {
		if r.pod.UID == pod.UID {
			continue
		}
		for i := range r.terms {
			if d, in := domainOf(r.node, r.terms[i].TopologyKey); in && r.terms[i].means(pod) {
				from[d] = true
			}
		}
	}
	return from
}

// attraction is where a required term of affinity lets its pod be.
type attraction struct {
	key string
	in  map[domain]bool
}

// attractions are where a pod's own required affinity lets it be. The first pod
// of a group that wants to be together may be anywhere.
func (s *Space) attractions(pod *corev1.Pod) []attraction {
	first, terms := true, affinityOf(pod)
	all := make([]attraction, 0, len(terms))
	for i := range terms {
		a := attraction{terms[i].TopologyKey, map[domain]bool{}}
		s.each(&terms[i], func(d domain) { a.in[d] = true })
		first = first && len(a.in) == 0 && terms[i].means(pod)
		all = append(all, a)
	}
	if first {
		return nil
	}
	return all
}

// each calls found for the part of the cluster of every pod that a term means,
// but for its own pod, which would be gone from where it is.
func (s *Space) each(t *term, found func(domain)) {
	for _, placed := range s.pods {
		if placed.pod.UID == t.owner.UID || !t.means(placed.pod) {
			continue
		}
		if d, in := domainOf(placed.node, t.TopologyKey); in {
			found(d)
		}
	}
}
