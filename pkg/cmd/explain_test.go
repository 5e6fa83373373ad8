// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package cmd

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/cli-runtime/pkg/genericiooptions"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/finding"
)

// explained runs explain on a machine without a cluster.
func explained(t *testing.T, args ...string) (stdout, stderr string, err error) {
	t.Helper()
	t.Setenv("KUBECONFIG", t.TempDir()+"/none")
	system := testSystem()
	var out, talk *bytes.Buffer
	system.IOStreams, _, out, talk = genericiooptions.NewTestIOStreams()
	root, err := NewRootCommand(system)
	if err != nil {
		t.Fatal(err)
	}
	root.SetArgs(args)
	err = root.ExecuteContext(t.Context())
	return out.String(), talk.String(), err
}

func TestExplainCodes(t *testing.T) {
	var first string
	for _, code := range []string{"VU-502", "vu-502", "502"} {
		out, talk, err := explained(t, "explain", code)
		if err != nil || talk != "" || !strings.HasPrefix(out, "VU-502 Error: A pod is neither Running nor Completed\n") {
			t.Errorf("%s: got %q, %q, %v", code, out, talk, err)
		}
		if first == "" {
			first = out
		}
		if out != first {
			t.Errorf("%s: got %s, want %s", code, out, first)
		}
	}
	out, _, err := explained(t, "explain", "514", "VU-502", "502")
	if err != nil || strings.Count(out, "VU-502 Error") != 1 || !strings.HasPrefix(out, "VU-514 Error") {
		t.Errorf("got %q, %v", out, err)
	}
	out, _, err = explained(t, "explain")
	if err != nil || strings.Count(out, "\n") != len(finding.Table())+1 || !strings.HasPrefix(out, "CODE     SEVERITY   MEANING\n") {
		t.Errorf("got %q, %v", out, err)
	}
}

func TestExplainRefuses(t *testing.T) {
	for _, tt := range []struct{ args, want string }{
		{"explain VU-502 VU-520", "there is no code VU-520; the nearest is VU-521"},
		{"explain pods", `"pods" is no code`},
		{"explain 502 -o nonsense", `no output format "nonsense"`},
	} {
		out, _, err := explained(t, strings.Fields(tt.args)...)
		if out != "" || err == nil || !strings.Contains(err.Error(), tt.want) || ExitCode(err) != codeError {
			t.Errorf("%s: got %q, %v", tt.args, out, err)
		}
	}
}

func TestExplainObjects(t *testing.T) {
	var one struct {
		Kind, Severity, Meaning, Why, Mend string
		Metadata                           struct{ Name string }
	}
	out, _, err := explained(t, "explain", "502", "-o", "json")
	if err != nil || json.Unmarshal([]byte(out), &one) != nil {
		t.Fatalf("got %q, %v", out, err)
	}
	if one.Kind != "FindingCode" || one.Metadata.Name != "VU-502" || one.Severity != "Error" || one.Meaning == "" || one.Why == "" || one.Mend == "" {
		t.Errorf("got %s", out)
	}
	for _, args := range [][]string{{"explain"}, {"explain", "502", "503"}} {
		var list struct {
			Kind  string
			Items []struct{ Kind string }
		}
		out, _, err := explained(t, append(args, "-o", "json")...)
		if err != nil || json.Unmarshal([]byte(out), &list) != nil || list.Kind != "FindingCodeList" {
			t.Fatalf("got %q, %v", out, err)
		}
		want := len(args) - 1
		if want == 0 {
			want = len(finding.Table())
		}
		if len(list.Items) != want {
			t.Errorf("%v: %d items", args, len(list.Items))
		}
		if list.Items[0].Kind != "FindingCode" {
			t.Errorf("%v: an item is a %q", args, list.Items[0].Kind)
		}
	}
	out, _, err = explained(t, "explain", "502", "503", "-o", "name")
	if want := "findingcode.upgrade.vantiq.com/VU-502\nfindingcode.upgrade.vantiq.com/VU-503\n"; err != nil || out != want {
		t.Errorf("got %q, %v", out, err)
	}
}

func TestCompleteCodes(t *testing.T) {
	for begun, want := range map[string][]string{
		"VU-50": {"VU-501", "VU-502", "VU-503", "VU-504", "VU-505"},
		"vu-58": {"vu-581"},
		"58":    {"581"},
		"x":     nil,
	} {
		completions, _ := completeCodes(nil, nil, begun)
		var got []string
		for _, c := range completions {
			word, about, _ := strings.Cut(c, "\t")
			if about == "" {
				t.Errorf("%s has no description", word)
			}
			got = append(got, word)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%q: -want +got:\n%s", begun, diff)
		}
	}
	if all, _ := completeCodes(nil, []string{"vu-502"}, ""); len(all) != len(finding.Table())-1 {
		t.Errorf("%d codes", len(all))
	}
}
