// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package verify

import (
	"fmt"
	"strings"

	"k8s.io/apimachinery/pkg/util/version"
)

// Target is the version that an upgrade leads to: 1.30, or 1.30.2 where the patch
// matters too.
type Target struct {
	text    string
	version *version.Version
}

// ParseTarget reads 1.30, v1.30.2 or what a kubelet reports: v1.30.2-eks-1552ad0.
func ParseTarget(text string) (*Target, error) {
	v, err := version.ParseGeneric(text)
	if err != nil || len(v.Components()) < 2 || len(v.Components()) > 3 {
		return nil, fmt.Errorf("want a version such as 1.30 or 1.30.2, got %q", text)
	}
	return &Target{text: "v" + strings.TrimPrefix(text, "v"), version: v}, nil
}

// String is the version as given, with a leading v; empty for none.
func (t *Target) String() string {
	if t == nil {
		return ""
	}
	return t.text
}

// Matches reports whether a version is that of the target, as far as it goes.
func (t *Target) Matches(reported string) bool {
	return t.matches(reported, len(t.version.Components()))
}

// IsAfter reports whether the target is of a later minor than a version, or whether
// that cannot be told.
func (t *Target) IsAfter(reported string) bool {
	v, err := version.ParseGeneric(reported)
	if err != nil {
		return true
	}
	return t.version.Major() > v.Major() || t.version.Major() == v.Major() && t.version.Minor() > v.Minor()
}

func (t *Target) matches(reported string, depth int) bool {
	v, err := version.ParseGeneric(reported)
	if err != nil {
		return false
	}
	same := v.Major() == t.version.Major() && v.Minor() == t.version.Minor()
	return same && (depth < 3 || v.Patch() == t.version.Patch())
}
