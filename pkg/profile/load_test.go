// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package profile_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/profile"
)

// head is a valid profile of ten lines; tests append to it or change it.
const head = `apiVersion: upgrade.vantiq.com/v1alpha1
kind: Profile
installation: vantiq
pools:
- role: db
  names: [dbnp]
workloads:
- {name: mongodb, kind: StatefulSet, scope: installation, roles: [db], floor: majority}
- {name: vantiq, kind: StatefulSet, scope: installation, dependsOn: [mongodb]}
- {name: telegraf, kind: Deployment, scope: shared}
`

// load writes a profile to a file and loads it. The file's name stands as FILE
// in the error.
func load(t *testing.T, content string) (*profile.Profile, string) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "profile.yaml")
	if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	p, err := profile.Load(file)
	if err != nil {
		return p, strings.ReplaceAll(err.Error(), file, "FILE")
	}
	return p, ""
}

func TestEmbeddedProfileIsValid(t *testing.T) {
	if _, err := profile.Vantiq(); err != nil {
		t.Error(err)
	}
	embedded, err := profile.Load("")
	if err != nil || len(embedded.Workloads) == 0 {
		t.Errorf("without a file Load gives %v, %v, want the embedded profile", embedded, err)
	}
}

func TestLoad(t *testing.T) {
	p, problem := load(t, head)
	if problem != "" {
		t.Fatal(problem)
	}
	want := profile.Workload{Name: "mongodb", Kind: "StatefulSet", Scope: "installation", Roles: []string{"db"}, Floor: profile.MajorityFloor()}
	if diff := cmp.Diff(want, p.Workloads[0], cmp.AllowUnexported(profile.Floor{})); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestLoadNamesFileLineAndField(t *testing.T) {
	tests := map[string]struct {
		content string
		want    string
	}{
		"empty file":          {"", "profile FILE: the file is empty"},
		"comments only":       {"# nothing\n", "profile FILE: the file is empty"},
		"not YAML":            {"apiVersion: [", "profile FILE: yaml: line 1: did not find expected node content"},
		"not a mapping":       {"- a\n- b\n", "profile FILE: yaml: unmarshal errors:\n  line 1: cannot unmarshal !!seq into profile.Profile"},
		"binary":              {"\x00\x01", "profile FILE: yaml: control characters are not allowed"},
		"unknown field":       {head + "poools: []\n", "profile FILE: yaml: unmarshal errors:\n  line 11: field poools not found in type profile.Profile"},
		"field given twice":   {head + "kind: Profile\n", "profile FILE: yaml: unmarshal errors:\n  line 11: mapping key \"kind\" already defined at line 2"},
		"wrong type":          {head + "sharedNamespaces: {a: b}\n", "profile FILE: yaml: unmarshal errors:\n  line 11: cannot unmarshal !!map into []string"},
		"two documents":       {head + "---\n" + head, "profile FILE: more than one YAML document in the file"},
		"another API version": {strings.Replace(head, "v1alpha1", "v9", 1), `profile FILE: line 1: field apiVersion: want upgrade.vantiq.com/v1alpha1, got "upgrade.vantiq.com/v9"`},
		"another kind":        {strings.Replace(head, "kind: Profile", "kind: Pod", 1), `profile FILE: line 2: field kind: want Profile, got "Pod"`},
		"no installation":     {strings.Replace(head, "installation: vantiq\n", "", 1), "profile FILE: line 1: field installation: must name the StatefulSet that marks a Vantiq namespace"},
		"pool without a role": {strings.Replace(head, "pools:\n", "pools:\n- names: [a]\n", 1), "profile FILE: line 5: field pools[0].role: must not be empty"},
		"pool with two roles": {
			strings.Replace(head, "pools:\n", "pools:\n- role: other\n  names: [a, DBNP-nodegroup]\n", 1),
			`profile FILE: line 8: field pools[1].names: pool "dbnp" has the role "other" already`,
		},
		"workload without a name": {
			head + "- {kind: Deployment, scope: shared}\n",
			"profile FILE: line 11: field workloads[3].name: must not be empty",
		},
		"unknown kind": {
			head + "- name: x\n  scope: shared\n  kind: Pod\n",
			`profile FILE: line 13: field workloads[3].kind: want one of [StatefulSet Deployment DaemonSet CronJob], got "Pod"`,
		},
		"no scope": {
			head + "- {name: x, kind: Deployment}\n",
			`profile FILE: line 11: field workloads[3].scope: want installation or shared, got ""`,
		},
		"a role of no pool": {
			head + "- {name: x, kind: Deployment, scope: shared, roles: [gpu]}\n",
			`profile FILE: line 11: field workloads[3].roles: no pool has the role "gpu"`,
		},
		"depends on itself": {
			head + "- {name: x, kind: Deployment, scope: shared, dependsOn: [x]}\n",
			`profile FILE: line 11: field workloads[3].dependsOn: "x" cannot depend on itself`,
		},
		"depends on nothing known": {
			head + "- {name: x, kind: Deployment, scope: shared, dependsOn: [y]}\n",
			`profile FILE: line 11: field workloads[3].dependsOn: no workload is called "y"`,
		},
		"workload listed twice": {
			head + "- {name: mongodb, kind: StatefulSet, scope: installation, floor: 2}\n",
			`profile FILE: line 11: field workloads[3].name: StatefulSet "mongodb" of scope installation is listed already`,
		},
		"floor is a word": {
			head + "- {name: x, kind: Deployment, scope: shared, floor: most}\n",
			`profile FILE: line 11: field floor: want "majority" or a number of replicas ≥ 0, got "most"`,
		},
		"group of one": {
			head + "neverTogether:\n- [mongodb]\n",
			"profile FILE: line 12: field neverTogether[0]: a group needs two workloads or more",
		},
		"group with a stranger": {
			head + "neverTogether:\n- [mongodb, vantiq]\n- [mongodb, web]\n",
			`profile FILE: line 13: field neverTogether[1]: no workload is called "web"`,
		},
		"group with one twice": {
			head + "neverTogether:\n- [mongodb, mongodb]\n",
			`profile FILE: line 12: field neverTogether[0]: "mongodb" is in the group twice`,
		},
		"zone of one": {
			head + "sameZone:\n- [mongodb]\n",
			"profile FILE: line 12: field sameZone[0]: a group needs two workloads or more",
		},
		"zone with a stranger": {
			head + "sameZone:\n- [mongodb, web]\n",
			`profile FILE: line 12: field sameZone[0]: no workload is called "web"`,
		},
		"reserved is a word": {
			strings.Replace(head, "  names: [dbnp]", "  names: [dbnp]\n  reserved: maybe", 1),
			"profile FILE: yaml: unmarshal errors:\n  line 7: cannot unmarshal !!str `maybe` into bool",
		},
		"reserved and not": {
			strings.Replace(head, "workloads:\n", "- {role: db, names: [otherdbnp], reserved: true}\nworkloads:\n", 1),
			`profile FILE: line 7: field pools[1].reserved: another entry for the role "db" says false`,
		},
		"blocker without a name": {
			head + "knownBlockers:\n- {kind: Deployment, scope: shared}\n",
			"profile FILE: line 12: field knownBlockers[0].name: must not be empty",
		},
		"blocker of an unknown scope": {
			head + "knownBlockers:\n- {name: telegraf, kind: Deployment, scope: all}\n",
			`profile FILE: line 12: field knownBlockers[0].scope: want installation or shared, got "all"`,
		},
		"blocker of an unknown mode": {
			head + "knownBlockers:\n- {name: telegraf, kind: Deployment, scope: shared, mode: delete}\n",
			`profile FILE: line 12: field knownBlockers[0].mode: want one of [surge scale-to-zero relax], got "delete"`,
		},
		"all mistakes at once": {
			strings.Replace(head, "kind: Profile", "kind: Pod", 1) + "neverTogether:\n- [mongodb]\n",
			"profile FILE: line 2: field kind: want Profile, got \"Pod\"\nline 12: field neverTogether[0]: a group needs two workloads or more",
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if _, got := load(t, test.content); got != test.want {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
		})
	}
}

func TestLoadRefusesWhatIsNoProfile(t *testing.T) {
	if _, got := load(t, strings.Repeat("#", 1<<20+1)); got != "profile FILE: larger than 1048576 bytes: not a profile" {
		t.Error(got)
	}
	if _, got := load(t, head+"#"+strings.Repeat("x", 1<<20-len(head)-1)); got != "" {
		t.Errorf("a profile of exactly the largest size: %s", got)
	}
	_, err := profile.Load(filepath.Join(t.TempDir(), "none.yaml"))
	if !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a missing file: got %v", err)
	}
	if _, err := profile.Load(t.TempDir()); err == nil || !strings.HasPrefix(err.Error(), "reading the profile ") {
		t.Errorf("a directory: got %v", err)
	}
}

func TestFloor(t *testing.T) {
	floor := func(value string) profile.Floor {
		p, problem := load(t, strings.Replace(head, "floor: majority", "floor: "+value, 1))
		if problem != "" {
			t.Fatal(problem)
		}
		return p.Workloads[0].Floor
	}
	tests := []struct {
		value          string
		replicas, want int
		written        string
	}{
		{"majority", 1, 0, "majority"},
		{"majority", 2, 2, "majority"},
		{"majority", 3, 2, "majority"},
		{"majority", 4, 3, "majority"},
		{"majority", 5, 3, "majority"},
		{"2", 3, 2, "2"},
		{"2", 1, 0, "2"}, // a single replica cannot move without being away
		{"2", 0, 0, "2"},
		{"0", 3, 0, "0"},
		{"", 3, 0, "0"}, // nothing demanded
		{"!!str 2", 3, 2, "2"},
	}
	for _, test := range tests {
		f := floor(test.value)
		if got := f.Of(test.replicas); got != test.want || f.String() != test.written {
			t.Errorf("floor %q of %d: got %d (%s), want %d (%s)", test.value, test.replicas, got, f, test.want, test.written)
		}
	}
	for _, value := range []string{"-1", "50%", "[2]", "{n: 2}", "Majority", "1.5"} {
		if _, problem := load(t, strings.Replace(head, "floor: majority", "floor: "+value, 1)); !strings.HasPrefix(problem, "profile FILE: line 8: field floor: want ") {
			t.Errorf("floor %s: got %q", value, problem)
		}
	}
}
