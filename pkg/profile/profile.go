// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

// Package profile holds what is known of Vantiq as data: which workloads there
// are, on which pools they belong, how many of them must stay Ready, what they
// depend on, and what must never be disrupted at the same time. The embedded
// profile can be replaced by a file of the same form (--profile).
package profile

import (
	"slices"
	"strings"
)

// APIVersion and Kind head every profile file.
const (
	APIVersion = "upgrade.vantiq.com/v1alpha1"
	Kind       = "Profile"
)

// Profile is a whole profile file.
type Profile struct {
	APIVersion string `yaml:"apiVersion"`
	Kind       string `yaml:"kind"`
	// Installation names the StatefulSet that marks a namespace as a Vantiq
	// installation; a cluster may hold several.
	Installation string `yaml:"installation"`
	// SharedNamespaces are those of the components that all installations use.
	SharedNamespaces []string `yaml:"sharedNamespaces"`
	// Pools map pool names to roles.
	Pools []PoolRole `yaml:"pools"`
	// Workloads are those that the profile knows.
	Workloads []Workload `yaml:"workloads"`
	// NeverTogether lists groups of workload names of which only one may be
	// short of members at a time.
	NeverTogether [][]string `yaml:"neverTogether"`
	// SameZone lists groups of workload names whose pods must be in one zone. The
	// last of a group stays where it is, the others follow it.
	SameZone [][]string `yaml:"sameZone"`
	// KnownBlockers are workloads whose disruption budget stands in the way of
	// every upgrade.
	KnownBlockers []KnownBlocker `yaml:"knownBlockers"`
}

// PoolRole says which pools have a role. Names are compared without case and
// without the suffix "-nodegroup".
type PoolRole struct {
	Role string `yaml:"role"`
	// Names are the pool names on AKS and EKS, older ones too.
	Names []string `yaml:"names"`
	// WorkloadPreference is the value of label vantiq.com/workload-preference.
	// The vantiq and the metrics pool share one, so it names a role only where
	// a single role has it.
	WorkloadPreference string `yaml:"workloadPreference"`
	// Reserved says that only pods whose workload belongs there, and those of
	// DaemonSets, should be on such a pool.
	Reserved bool `yaml:"reserved"`
}

// Workload is what is known of one StatefulSet, Deployment or DaemonSet.
type Workload struct {
	// Name of the object, e.g. "mongodb".
	Name string `yaml:"name"`
	// Kind is StatefulSet, Deployment, DaemonSet or CronJob.
	Kind string `yaml:"kind"`
	// Scope is installation (the Vantiq namespace) or shared.
	Scope string `yaml:"scope"`
	// Roles are the pools where its pods belong; empty means anywhere.
	Roles []string `yaml:"roles"`
	// Floor is "majority", or a number of Ready replicas; empty means that
	// only the disruption budget and the update strategy count.
	Floor Floor `yaml:"floor"`
	// DependsOn names workloads that must be fully Ready before one of its
	// pods is touched.
	DependsOn []string `yaml:"dependsOn"`
	// EmptyDirMayGo declares its emptyDirs free of data worth keeping.
	EmptyDirMayGo bool `yaml:"emptyDirMayGo"`
	// FinishedPodsDontCount marks a CronJob whose finished pods are only logs.
	FinishedPodsDontCount bool `yaml:"finishedPodsDontCount"`
}

// KnownBlocker is a workload whose budget blocks every drain.
type KnownBlocker struct {
	Name   string `yaml:"name"`
	Kind   string `yaml:"kind"`
	Scope  string `yaml:"scope"`
	Reason string `yaml:"reason"`
	// Mode is how pause-pdb-blockers relieves it unless a flag says otherwise:
	// scale-to-zero, surge or relax; empty leaves it alone.
	Mode string `yaml:"mode"`
}

// Object identifies a workload in a cluster. A kind without a group is one of
// Kubernetes' own; any other is KIND.GROUP, and none that a profile can name.
type Object struct {
	Kind, Namespace, Name string
}

// Scopes of a workload.
const (
	ScopeInstallation = "installation"
	ScopeShared       = "shared"
)

// RoleOfPool returns the role of the pool called name whose nodes carry the
// given vantiq.com/workload-preference; empty when nothing is known of it. The
// name decides; the label helps only where its value belongs to one role.
func (p *Profile) RoleOfPool(name, workloadPreference string) string {
	want := NormalPoolName(name)
	for _, r := range p.Pools {
		for _, n := range r.Names {
			if NormalPoolName(n) == want {
				return r.Role
			}
		}
	}
	if workloadPreference == "" {
		return ""
	}
	var roles []string
	for _, r := range p.Pools {
		if r.WorkloadPreference == workloadPreference {
			roles = append(roles, r.Role)
		}
	}
	if len(roles) != 1 {
		return ""
	}
	return roles[0]
}

// IsReserved reports whether the pools of a role are kept for their own workloads.
func (p *Profile) IsReserved(role string) bool {
	return slices.ContainsFunc(p.Pools, func(r PoolRole) bool { return r.Role == role && r.Reserved })
}

// PoolNames are the names that pools of a role have.
func (p *Profile) PoolNames(role string) []string {
	var names []string
	for _, r := range p.Pools {
		if r.Role == role {
			names = append(names, r.Names...)
		}
	}
	return names
}

// NormalPoolName folds case and drops the suffix that the EKS template adds.
func NormalPoolName(name string) string {
	return strings.TrimSuffix(strings.ToLower(name), "-nodegroup")
}

// Together reports the partners that must not be short of members while the
// named workload is disrupted.
func (p *Profile) Together(name string) []string {
	var partners []string
	for _, group := range p.NeverTogether {
		if !slices.Contains(group, name) {
			continue
		}
		for _, other := range group {
			if other != name && !slices.Contains(partners, other) {
				partners = append(partners, other)
			}
		}
	}
	return partners
}
