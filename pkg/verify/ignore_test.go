// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package verify

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/api/v1alpha1"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/finding"
)

func TestParseRules(t *testing.T) {
	got, err := ParseRules([]string{"VU-502", "vu-505=pod/app/*", "511=statefulset/app/mongodb", " 544 = cronjob/app/mongobackup "}, " known,\n ticket 1234 ")
	if err != nil {
		t.Fatal(err)
	}
	const reason = "known, ticket 1234"
	want := []Rule{
		{Code: finding.PodNotRunning, Reason: reason},
		{Code: finding.PodRestarted, Object: "pod/app/*", Reason: reason},
		{Code: finding.WorkloadShort, Object: "statefulset/app/mongodb", Reason: reason},
		{Code: finding.BackupFailed, Object: "cronjob/app/mongobackup", Reason: reason},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if rules, err := ParseRules(nil, ""); err != nil || len(rules) != 0 {
		t.Errorf("nothing given: got %v, %v", rules, err)
	}
}

func TestParseRulesRefuses(t *testing.T) {
	tests := map[string]struct {
		given  []string
		reason string
		words  []string
	}{
		"no reason":              {[]string{"VU-502"}, "", []string{"--ignore needs --reason"}},
		"an empty reason":        {[]string{"VU-502"}, " \n", []string{"--ignore needs --reason"}},
		"a reason for nothing":   {nil, "known", []string{"--reason is for --ignore"}},
		"an unknown code":        {[]string{"VU-502", "VU-599"}, "known", []string{"--ignore", "VU-599", "nearest is VU-581"}},
		"no code":                {[]string{"pod/app/x"}, "known", []string{`"pod/app/x" is no code`}},
		"an empty rule":          {[]string{""}, "known", []string{`"" is no code`}},
		"no object":              {[]string{"VU-502="}, "known", []string{`"VU-502="`, "no object"}},
		"a blank object":         {[]string{"VU-502= "}, "known", []string{"no object"}},
		"a star in the middle":   {[]string{"VU-502=pod/*/x"}, "known", []string{"* may stand at the end only"}},
		"a star twice":           {[]string{"VU-502=pod/**"}, "known", []string{"* may stand at the end only"}},
		"what tells of --ignore": {[]string{"VU-574"}, "known", []string{"VU-574", "take the rule out"}},
	}
	for name, tt := range tests {
		_, err := ParseRules(tt.given, tt.reason)
		if err == nil {
			t.Errorf("%s: is accepted", name)
			continue
		}
		for _, word := range tt.words {
			if !strings.Contains(err.Error(), word) {
				t.Errorf("%s: no %q in %q", name, word, err)
			}
		}
	}
}

func TestApply(t *testing.T) {
	found := func(code finding.Code, object string) v1alpha1.Finding { return finding.New(code, object, "m", "r") }
	findings := []v1alpha1.Finding{
		found(finding.PodNotRunning, "pod/app/vantiq-0"), found(finding.PodNotRunning, "pod/app/vantiq-10"),
		found(finding.PodNotRunning, "pod/shared/x"), found(finding.PodRestarted, "pod/app/vantiq-0"), found(finding.CheckNotMade, "check/volumes"),
	}
	tests := map[string]struct {
		rules []Rule
		// kept and ignored are the numbers of findings, by are the rules of the
		// ignored ones, unused the rules that match nothing.
		kept, ignored []int
		by, unused    []string
	}{
		"no rules":           {nil, []int{0, 1, 2, 3, 4}, nil, nil, nil},
		"a code":             {[]Rule{{Code: "VU-502"}}, []int{3, 4}, []int{0, 1, 2}, []string{"VU-502", "VU-502", "VU-502"}, nil},
		"an object":          {[]Rule{{Code: "VU-502", Object: "pod/app/vantiq-1"}, {Code: "VU-502", Object: "pod/app/vantiq-10"}}, []int{0, 2, 3, 4}, []int{1}, []string{"VU-502=pod/app/vantiq-10"}, []string{"VU-502=pod/app/vantiq-1"}},
		"a beginning":        {[]Rule{{Code: "VU-502", Object: "pod/app/*"}}, []int{2, 3, 4}, []int{0, 1}, []string{"VU-502=pod/app/*", "VU-502=pod/app/*"}, nil},
		"everything by star": {[]Rule{{Code: "VU-505", Object: "*"}}, []int{0, 1, 2, 4}, []int{3}, []string{"VU-505=*"}, nil},
		"two rules for one: the first is named, both are used": {
			[]Rule{{Code: "VU-502", Object: "pod/shared/*"}, {Code: "VU-502"}},
			[]int{3, 4},
			[]int{0, 1, 2},
			[]string{"VU-502", "VU-502", "VU-502=pod/shared/*"},
			nil,
		},
		"another code":     {[]Rule{{Code: "VU-511", Object: "pod/app/vantiq-0"}}, []int{0, 1, 2, 3, 4}, nil, nil, []string{"VU-511=pod/app/vantiq-0"}},
		"what was unknown": {[]Rule{{Code: "VU-571", Object: "check/volumes"}}, []int{0, 1, 2, 3}, []int{4}, []string{"VU-571=check/volumes"}, nil},
	}
	for name, tt := range tests {
		for i := range tt.rules {
			tt.rules[i].Reason = "why"
		}
		kept, ignored, unused := Apply(findings, tt.rules)
		var wantKept []v1alpha1.Finding
		for _, i := range tt.kept {
			wantKept = append(wantKept, findings[i])
		}
		var wantIgnored []v1alpha1.IgnoredFinding
		for n, i := range tt.ignored {
			wantIgnored = append(wantIgnored, v1alpha1.IgnoredFinding{Finding: findings[i], Rule: tt.by[n], Reason: "why"})
		}
		if diff := cmp.Diff(wantKept, kept); diff != "" {
			t.Errorf("%s: kept: -want +got:\n%s", name, diff)
		}
		if diff := cmp.Diff(wantIgnored, ignored); diff != "" {
			t.Errorf("%s: ignored: -want +got:\n%s", name, diff)
		}
		var gotUnused []string
		for _, f := range unused {
			if f.Code != "VU-574" || f.Severity != v1alpha1.SeverityWarning || f.Remedy == "" {
				t.Errorf("%s: got %+v", name, f)
			}
			gotUnused = append(gotUnused, strings.TrimPrefix(f.Object, "ignore/"))
		}
		if diff := cmp.Diff(tt.unused, gotUnused); diff != "" {
			t.Errorf("%s: unused: -want +got:\n%s", name, diff)
		}
	}
}

// TestRuleReadsItself: the rule in a report can be given again.
func TestRuleReadsItself(t *testing.T) {
	for _, text := range []string{"VU-502", "VU-502=pod/app/x", "VU-562=customresource/a=b", "VU-502=*"} {
		rules, err := ParseRules([]string{text}, "why")
		if err != nil || rules[0].String() != text {
			t.Errorf("%s: got %v, %v", text, rules, err)
		}
	}
}
