// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package spelling

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestNear(t *testing.T) {
	pools := []string{"grafananp", "keycloaknp", "metricsnp", "mongodbnp", "userdbnp", "vantiqnp", "vantiqnp2"}
	tests := []struct {
		name  string
		known []string
		want  []string
	}{
		{"mongodbpn", pools, []string{"mongodbnp"}},
		{"mongobdnp", pools, []string{"mongodbnp"}},
		{"MongoDB", pools, []string{"mongodbnp"}},
		{"vantiq", pools, []string{"vantiqnp"}},
		{"vantiqnp3", pools, []string{"vantiqnp", "vantiqnp2"}},
		{"mertics-np", pools, []string{"metricsnp"}},
		{"default", pools, []string{}},
		{"", pools, []string{}},
		{"a", []string{"b", "blue-a"}, []string{}},
		{"bleu", []string{"blue", "green"}, []string{"blue"}},
		{"statefulset/app/mongo", []string{"statefulset/app/mongodb", "deployment/app/mongo-express"}, []string{"statefulset/app/mongodb"}},
		{"app/mongodb-00", []string{"app/mongodb-0", "app/mongodb-0"}, []string{"app/mongodb-0"}},
		{"za5rv", []string{"20261201-100619-za5rv", "20261201-100619-zb5rw"}, []string{"20261201-100619-za5rv"}},
		{"ノード", []string{"ノード1"}, []string{"ノード1"}},
	}
	for _, test := range tests {
		if diff := cmp.Diff(test.want, Near(test.name, test.known)); diff != "" {
			t.Errorf("%q: -want +got:\n%s", test.name, diff)
		}
	}
	if got := DidYouMean("vantiqnp3", pools); got != "; did you mean vantiqnp or vantiqnp2?" {
		t.Error(got)
	}
	if got := DidYouMean("default", pools); got != "" {
		t.Error(got)
	}
}

func TestDistance(t *testing.T) {
	for _, test := range []struct {
		a, b string
		want int
	}{{"", "", 0}, {"", "abc", 3}, {"abc", "abc", 0}, {"abc", "acb", 1}, {"abc", "axc", 1}, {"abc", "abcd", 1}, {"kitten", "sitting", 3}, {"ab", "ba", 1}} {
		if got, back := distance(test.a, test.b), distance(test.b, test.a); got != test.want || back != test.want {
			t.Errorf("%q and %q: %d and %d, want %d", test.a, test.b, got, back, test.want)
		}
	}
}
