// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"encoding/json"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// FieldOwner is who set a field of an object to the value that it has, as the
// managed fields tell.
type FieldOwner struct {
	// Manager is the program, as it calls itself.
	Manager string
	// Time is when it last changed any of its fields; zero when that is not told.
	Time time.Time
}

// ancientChanges is the manager in which an API server puts together the oldest ones
// when there are too many (apimachinery, util/managedfields): it may be anybody.
const ancientChanges = "ancient-changes"

// FieldOwners returns the owners of a field, such as spec.replicas. There is more
// than one when several have applied the same value, and none when the managed
// fields do not tell.
func FieldOwners(entries []metav1.ManagedFieldsEntry, field string) []FieldOwner {
	var owners []FieldOwner
	for i := range entries {
		e := &entries[i]
		if e.FieldsV1 == nil || !owns(e.FieldsV1.GetRawBytes(), field) {
			continue
		}
		if e.Manager == ancientChanges {
			return nil
		}
		owner := FieldOwner{Manager: e.Manager}
		if e.Time != nil {
			owner.Time = e.Time.Time
		}
		owners = append(owners, owner)
	}
	return owners
}

// owns reports whether a set of fields, as FieldsV1 writes it, has a field.
func owns(raw []byte, field string) bool {
	for name := range strings.SplitSeq(field, ".") {
		var set map[string]json.RawMessage
		if err := json.Unmarshal(raw, &set); err != nil {
			return false
		}
		inner, found := set["f:"+name]
		if !found {
			return false
		}
		raw = inner
	}
	return true
}
