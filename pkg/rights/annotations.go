// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package rights

import (
	"fmt"
	"slices"
	"strings"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/api/v1alpha1"
)

// annotations tell the one who reads a role which subcommands want its rules, which
// of them can be left out, and why some look like more than is needed.
func annotations(rights []v1alpha1.Right) map[string]string {
	all := map[string]string{NeededByAnnotation: text(merged(rights, neededBy))}
	if lines := merged(rights, losses); len(lines) > 0 {
		all[OptionalAnnotation] = text(append(lines, "to leave rules out: kubectl vantiq-upgrade rbac --without RESOURCE,..."))
	}
	if lines := merged(rights, func(r *v1alpha1.Right) string { return r.Why }); len(lines) > 0 {
		all[WhyAnnotation] = text(lines)
	}
	return all
}

func text(lines []string) string { return strings.Join(lines, "\n") + "\n" }

// neededBy names all who want a right.
func neededBy(r *v1alpha1.Right) string {
	return strings.Join(WantedBy(r), ", ")
}

// WantedBy are all who want a right, also those that go on without it; a flag only
// where its subcommand does not want it anyway.
func WantedBy(r *v1alpha1.Right) []string {
	names := slices.Clone(r.For)
	for _, loss := range r.Without {
		names = append(names, loss.Subcommand)
	}
	slices.Sort(names)
	return slices.DeleteFunc(names, func(name string) bool {
		subcommand, _, isFlag := strings.Cut(name, " --")
		return isFlag && slices.Contains(names, subcommand)
	})
}

// losses say what is lost without a right that nobody needs.
func losses(r *v1alpha1.Right) string {
	if len(r.For) > 0 {
		return ""
	}
	return strings.Join(Losses(r), "; ")
}

// Losses say what those who go on without a right cannot do then.
func Losses(r *v1alpha1.Right) []string {
	all := make([]string, 0, len(r.Without))
	for _, loss := range r.Without {
		all = append(all, loss.Subcommand+": "+loss.Loss)
	}
	return all
}

// merged are lines like "get, list nodes, pods: …" for the rights of which there is
// something to say: one line for all verbs and resources of which it is the same.
func merged(rights []v1alpha1.Right, say func(*v1alpha1.Right) string) []string {
	type line struct {
		verbs, resources []string
		said             string
	}
	var byResource []line
	for i := range rights {
		r := &rights[i]
		said := say(r)
		if said == "" {
			continue
		}
		at := slices.IndexFunc(byResource, func(l line) bool { return l.resources[0] == nameOf(r) && l.said == said })
		if at < 0 {
			at = len(byResource)
			byResource = append(byResource, line{resources: []string{nameOf(r)}, said: said})
		}
		byResource[at].verbs = append(byResource[at].verbs, r.Verb)
	}
	var lines []line
	for _, l := range byResource {
		at := slices.IndexFunc(lines, func(other line) bool { return slices.Equal(other.verbs, l.verbs) && other.said == l.said })
		if at < 0 {
			lines = append(lines, l)
			continue
		}
		lines[at].resources = append(lines[at].resources, l.resources...)
	}
	all := make([]string, 0, len(lines))
	for _, l := range lines {
		all = append(all, fmt.Sprintf("%s %s: %s", strings.Join(l.verbs, ","), strings.Join(l.resources, ","), l.said))
	}
	return all
}

// nameOf is the resource as kubectl names it, and the object where it is one alone.
func nameOf(r *v1alpha1.Right) string {
	name := Kind(r)
	if r.Name != "" {
		name += "/" + r.Name
	}
	return name
}

// Kind is the resource as kubectl names it: poddisruptionbudgets.policy.
func Kind(r *v1alpha1.Right) string {
	if r.Group == "" {
		return r.Resource
	}
	return r.Resource + "." + r.Group
}
