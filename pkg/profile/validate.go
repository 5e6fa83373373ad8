// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package profile

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	yaml "go.yaml.in/yaml/v3"
)

// validator collects the mistakes of a profile with their lines.
type validator struct {
	root     *yaml.Node
	problems []error
}

// validate returns what is impossible in the profile, each with line and field.
func (p *Profile) validate(root *yaml.Node) []error {
	v := &validator{root: root}
	if p.APIVersion != APIVersion {
		v.add([]string{"apiVersion"}, "want %s, got %q", APIVersion, p.APIVersion)
	}
	if p.Kind != Kind {
		v.add([]string{"kind"}, "want %s, got %q", Kind, p.Kind)
	}
	if p.Installation == "" {
		v.add([]string{"installation"}, "must name the StatefulSet that marks a Vantiq namespace")
	}
	v.pools(p)
	v.workloads(p)
	v.groups(p, "neverTogether", p.NeverTogether)
	v.groups(p, "sameZone", p.SameZone)
	v.blockers(p)
	return v.problems
}

func (v *validator) pools(p *Profile) {
	seen, reserved := map[string]string{}, map[string]bool{}
	for i, pool := range p.Pools {
		at := []string{"pools", strconv.Itoa(i)}
		if pool.Role == "" {
			v.add(append(at, "role"), "must not be empty")
		}
		for _, name := range pool.Names {
			normal := NormalPoolName(name)
			if other, taken := seen[normal]; taken && other != pool.Role {
				v.add(append(at, "names"), "pool %q has the role %q already", name, other)
			}
			seen[normal] = pool.Role
		}
		// Of two entries for a role one would reserve its pools and one would not.
		if first, taken := reserved[pool.Role]; taken && first != pool.Reserved {
			v.add(append(at, "reserved"), "another entry for the role %q says %t", pool.Role, first)
		}
		reserved[pool.Role] = pool.Reserved
	}
}

func (v *validator) workloads(p *Profile) {
	roles := map[string]bool{}
	for _, pool := range p.Pools {
		roles[pool.Role] = true
	}
	seen := map[[3]string]bool{}
	for i, w := range p.Workloads {
		at := []string{"workloads", strconv.Itoa(i)}
		if w.Name == "" {
			v.add(append(at, "name"), "must not be empty")
		}
		v.kindAndScope(at, w.Kind, w.Scope)
		// Of two entries only the first would count, and a floor in the second
		// would hold nothing.
		if id := [3]string{w.Name, w.Kind, w.Scope}; seen[id] {
			v.add(append(at, "name"), "%s %q of scope %s is listed already", w.Kind, w.Name, w.Scope)
		} else {
			seen[id] = true
		}
		for _, role := range w.Roles {
			if !roles[role] {
				v.add(append(at, "roles"), "no pool has the role %q", role)
			}
		}
		for _, name := range w.DependsOn {
			if name == w.Name {
				v.add(append(at, "dependsOn"), "%q cannot depend on itself", name)
			} else if !p.has(name) {
				v.add(append(at, "dependsOn"), "no workload is called %q", name)
			}
		}
	}
}

func (v *validator) groups(p *Profile, field string, groups [][]string) {
	for i, group := range groups {
		at := []string{field, strconv.Itoa(i)}
		if len(group) < 2 {
			v.add(at, "a group needs two workloads or more")
		}
		for j, name := range group {
			if !p.has(name) {
				v.add(at, "no workload is called %q", name)
			}
			if slices.Contains(group[:j], name) {
				v.add(at, "%q is in the group twice", name)
			}
		}
	}
}

func (v *validator) blockers(p *Profile) {
	for i, b := range p.KnownBlockers {
		at := []string{"knownBlockers", strconv.Itoa(i)}
		if b.Name == "" {
			v.add(append(at, "name"), "must not be empty")
		}
		v.kindAndScope(at, b.Kind, b.Scope)
		if modes := Modes(); b.Mode != "" && !slices.Contains(modes, b.Mode) {
			v.add(append(at, "mode"), "want one of %v, got %q", modes, b.Mode)
		}
	}
}

// Modes are the ways to relieve a known blocker.
func Modes() []string { return []string{"surge", "scale-to-zero", "relax"} }

func (v *validator) kindAndScope(at []string, kind, scope string) {
	kinds := []string{"StatefulSet", "Deployment", "DaemonSet", "CronJob"}
	if !slices.Contains(kinds, kind) {
		v.add(append(at, "kind"), "want one of %v, got %q", kinds, kind)
	}
	if scope != ScopeInstallation && scope != ScopeShared {
		v.add(append(at, "scope"), "want %s or %s, got %q", ScopeInstallation, ScopeShared, scope)
	}
}

func (p *Profile) has(workload string) bool {
	return slices.ContainsFunc(p.Workloads, func(w Workload) bool { return w.Name == workload })
}

func (v *validator) add(path []string, format string, args ...any) {
	v.problems = append(v.problems, &fieldError{
		line:    lineOf(v.root, path),
		field:   fieldName(path),
		message: fmt.Sprintf(format, args...),
	})
}

// lineOf finds the line of a field; of its nearest parent when it is missing.
func lineOf(node *yaml.Node, path []string) int {
	if node.Kind == yaml.DocumentNode && len(node.Content) > 0 {
		return lineOf(node.Content[0], path)
	}
	if len(path) == 0 {
		return node.Line
	}
	child := childOf(node, path[0])
	if child == nil {
		return node.Line
	}
	return lineOf(child, path[1:])
}

func childOf(node *yaml.Node, step string) *yaml.Node {
	if node.Kind == yaml.SequenceNode {
		if i, err := strconv.Atoi(step); err == nil && i < len(node.Content) {
			return node.Content[i]
		}
		return nil
	}
	for i := 0; i+1 < len(node.Content); i += 2 {
		if node.Content[i].Value == step {
			return node.Content[i+1]
		}
	}
	return nil
}

// fieldName writes a path as operators read it: workloads[2].floor.
func fieldName(path []string) string {
	var name strings.Builder
	for i, step := range path {
		_, err := strconv.Atoi(step)
		switch {
		case err == nil:
			name.WriteString("[" + step + "]")
		case i > 0:
			name.WriteString("." + step)
		default:
			name.WriteString(step)
		}
	}
	return name.String()
}
