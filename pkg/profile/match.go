// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package profile

import "slices"

// View is the profile applied to one cluster: it knows which namespaces hold a
// Vantiq installation.
type View struct {
	*Profile
	installations []string
}

// For applies the profile to the given workloads of a cluster.
func (p *Profile) For(objects []Object) *View {
	v := &View{Profile: p}
	for _, o := range objects {
		if o.Kind == "StatefulSet" && o.Name == p.Installation && !slices.Contains(v.installations, o.Namespace) {
			v.installations = append(v.installations, o.Namespace)
		}
	}
	slices.Sort(v.installations)
	return v
}

// Installations lists the namespaces of the Vantiq installations, in order.
func (v *View) Installations() []string { return slices.Clone(v.installations) }

// Lookup returns what the profile knows of o, or nil.
func (v *View) Lookup(o Object) *Workload {
	for i := range v.Workloads {
		w := &v.Workloads[i]
		if w.Name == o.Name && w.Kind == o.Kind && v.inScope(w.Scope, o.Namespace) {
			return w
		}
	}
	return nil
}

// Blocker returns the known blocker that o is, or nil.
func (v *View) Blocker(o Object) *KnownBlocker {
	for i := range v.KnownBlockers {
		b := &v.KnownBlockers[i]
		if b.Name == o.Name && b.Kind == o.Kind && v.inScope(b.Scope, o.Namespace) {
			return b
		}
	}
	return nil
}

// DependenciesOf lists the objects that must be Ready before o is touched.
func (v *View) DependenciesOf(o Object) []Object {
	w := v.Lookup(o)
	if w == nil {
		return nil
	}
	return v.resolve(w.DependsOn, o.Namespace)
}

// DependentsOf lists the objects that depend on o.
func (v *View) DependentsOf(o Object) []Object {
	var objects []Object
	for _, w := range v.Workloads {
		namespaces := v.installations
		if w.Scope == ScopeShared {
			namespaces = v.SharedNamespaces
		}
		for _, namespace := range namespaces {
			if slices.Contains(v.resolve(w.DependsOn, namespace), o) {
				objects = append(objects, Object{Kind: w.Kind, Namespace: namespace, Name: w.Name})
			}
		}
	}
	return objects
}

// NeverTogetherWith lists the objects that must have all their members while o
// is disrupted.
func (v *View) NeverTogetherWith(o Object) []Object {
	if v.Lookup(o) == nil {
		return nil
	}
	return v.resolve(v.Together(o.Name), o.Namespace)
}

// MustShareZone are the groups of objects whose pods must be in one zone, once for
// each installation that a group has members of. The last of a group stays where
// it is, the others follow it.
func (v *View) MustShareZone() [][]Object {
	groups := make([][]Object, 0, len(v.SameZone))
	for _, names := range v.SameZone {
		namespaces := v.SharedNamespaces[:min(1, len(v.SharedNamespaces))]
		if v.hasInstallationScope(names) {
			namespaces = v.installations
		}
		for _, namespace := range namespaces {
			groups = append(groups, v.resolve(names, namespace))
		}
	}
	return groups
}

func (v *View) hasInstallationScope(names []string) bool {
	return slices.ContainsFunc(v.Workloads, func(w Workload) bool {
		return w.Scope == ScopeInstallation && slices.Contains(names, w.Name)
	})
}

// resolve turns workload names into objects, seen from namespace: what belongs
// to an installation is looked for in the same one.
func (v *View) resolve(names []string, namespace string) []Object {
	var objects []Object
	for _, name := range names {
		for _, w := range v.Workloads {
			if w.Name != name {
				continue
			}
			namespaces := []string{namespace}
			if w.Scope == ScopeShared {
				namespaces = v.SharedNamespaces
			} else if !slices.Contains(v.installations, namespace) {
				namespaces = v.installations
			}
			for _, ns := range namespaces {
				objects = append(objects, Object{Kind: w.Kind, Namespace: ns, Name: w.Name})
			}
		}
	}
	return objects
}

func (v *View) inScope(scope, namespace string) bool {
	if scope == ScopeShared {
		return slices.Contains(v.SharedNamespaces, namespace)
	}
	return slices.Contains(v.installations, namespace)
}
