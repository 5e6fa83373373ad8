// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package baseline

import (
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/api/v1alpha1"
)

// The form of the file; docs/snapshot-format.md describes it. Whoever changes it,
// be it by a field more, gives it another number: a reader refuses a field that it
// does not know.
const (
	kind   = "ClusterSnapshot"
	format = 1
)

// end is the last line: what was written before it.
type end struct {
	Counts map[string]int `json:"counts"`
	SHA256 string         `json:"sha256"`
}

// section is a key of the file: a value on its line, or a list with a line for each
// of its objects.
type section struct {
	key string
	// value is where a value is kept; nil for a list.
	value any
	// absent: the key may be missing.
	absent bool
	list   *records
}

// records are the objects of a list, whatever their type.
type records struct {
	len func() int
	at  func(int) any
	// empty makes it a list without objects, which is not the same as none.
	empty func()
	// add reads one more.
	add func(decode func(any) error) error
}

func recordsOf[T any](list *[]T) *records {
	return &records{
		len:   func() int { return len(*list) },
		at:    func(i int) any { return &(*list)[i] },
		empty: func() { *list = []T{} },
		add: func(decode func(any) error) error {
			var record T
			if err := decode(&record); err != nil {
				return err
			}
			*list = append(*list, record)
			return nil
		},
	}
}

// sections are the keys in the order of the file, after those that say what it is.
func sections(s *v1alpha1.ClusterSnapshot) []section {
	return []section{
		{key: "metadata", value: &s.ObjectMeta},
		{key: "time", value: &s.Time},
		{key: "cluster", value: &s.Cluster},
		{key: "operator", value: &s.Operator, absent: true},
		{key: "tool", value: &s.Tool, absent: true},
		{key: "notRead", list: recordsOf(&s.NotRead), absent: true},
		{key: "nodes", list: recordsOf(&s.Nodes)},
		{key: "workloads", list: recordsOf(&s.Workloads)},
		{key: "pods", list: recordsOf(&s.Pods)},
		{key: "budgets", list: recordsOf(&s.Budgets)},
		{key: "claims", list: recordsOf(&s.Claims)},
		{key: "volumes", list: recordsOf(&s.Volumes)},
		{key: "services", list: recordsOf(&s.Services)},
		{key: "storageClasses", list: recordsOf(&s.StorageClasses)},
		{key: "cronJobs", list: recordsOf(&s.CronJobs)},
		{key: "webhooks", list: recordsOf(&s.Webhooks)},
		{key: "customResources", list: recordsOf(&s.CustomResources)},
		{key: "releases", list: recordsOf(&s.Releases)},
	}
}

// Counts are the numbers of objects by kind.
func Counts(s *v1alpha1.ClusterSnapshot) map[string]int {
	counts := map[string]int{}
	for _, section := range sections(s) {
		if section.list != nil && !section.absent {
			counts[section.key] = section.list.len()
		}
	}
	return counts
}

// isEmpty reports whether a value is left out of the file when it may be.
func isEmpty(value any) bool {
	text, is := value.(*string)
	return is && *text == ""
}
