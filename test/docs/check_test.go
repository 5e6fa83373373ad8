// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package docs

import (
	"slices"
	"strings"
	"testing"
)

// The checks themselves: what is right passes, and what is wrong is told.

func TestCallsThatParse(t *testing.T) {
	c := commands(t)
	for _, line := range []string{
		"kubectl vantiq-upgrade",
		"$ kubectl vantiq-upgrade drain-pool POOL --yes",
		"kubectl --context=prod version; kubectl vantiq-upgrade --context prod pools -o wide",
		"if ! kubectl vantiq-upgrade verify --baseline \"$file\" --wait 15m; then exit 1; fi",
		"kubectl vantiq-upgrade drain-pool \"$POOL\" --timeout DURATION --yes --events=json 2>events.jsonl >report.json",
		"kubectl vantiq-upgrade verify --wait=DURATION --ignore 'VU-505=pod/shared/grafana-*' --reason \"by hand\" | less",
		"  → kubectl vantiq-upgrade resume-pdb-blockers # after the upgrade",
		"Next: upgrade the nodes, then kubectl vantiq-upgrade uncordon-pool mongodbnp",
		"kubectl vantiq-upgrade verify --baseline before.yaml.gz \\\n  --to 1.37",
		"kubectl vantiq-upgrade drain-pool --help",
		"kubectl vantiq-upgrade help drain-pool",
		"  Linux, macOS  kubectl vantiq-upgrade status   says what is under way",
		"kubectl vantiq-upgrade explain [CODE...]",
		"/usr/local/bin/kubectl-vantiq_upgrade version --client",
	} {
		page := Parse([]byte("```console\n" + line + "\n```\n"))
		if calls := c.Calls(page); len(calls) != 1 {
			t.Errorf("%q: found %d calls, want one", line, len(calls))
		}
		report(t, c.CheckCalls(line, page))
	}
}

func TestCallsThatDoNotParse(t *testing.T) {
	c := commands(t)
	for line, want := range map[string]string{
		"kubectl vantiq-upgrade drain-pol mongodbnp":                     "drain-pol",
		"kubectl vantiq-upgrade drain-pool mongodbnp --yess":             "--yess",
		"kubectl vantiq-upgrade drain-pool a b":                          "drain-pool",
		"kubectl vantiq-upgrade pools --all":                             "--all",
		"kubectl vantiq-upgrade drain-pool a --timeout soon":             "soon",
		"kubectl vantiq-upgrade verify --wait":                           "--wait",
		"kubectl vantiq-upgrade status now":                              "status",
		"kubectl get pods && kubectl vantiq-upgrade verify --bassline x": "--bassline",
	} {
		for _, source := range []string{"```console\n" + line + "\n```\n", "a `" + line + "` b"} {
			breaches := c.CheckCalls("page.md", Parse([]byte(source)))
			if len(breaches) != 1 || !strings.Contains(breaches[0], want) {
				t.Errorf("%q: got %q, want one breach about %s", source, breaches, want)
			}
		}
	}
}

func TestMentions(t *testing.T) {
	c := commands(t)
	for source, want := range map[string]int{
		"`drain-pool POOL --pause-pdb-blockers`, `verify --wait`, `drain-pool --force`": 0,
		"`drain-pool POOL --pause`":  1,
		"`placement-check POOL`":     1,
		"`pools` and `make pools x`": 0,
	} {
		if breaches := c.CheckCalls("page.md", Parse([]byte(source))); len(breaches) != want {
			t.Errorf("%q: got %q, want %d breaches", source, breaches, want)
		}
	}
}

func TestBrokenLinks(t *testing.T) {
	source := "# One thing\n\n## 終了コード（まとめ）\n\n## Twice\n\n## Twice\n\n<a id=\"own\"></a>\n" +
		"[a](#one-thing) [b](#終了コードまとめ) [c](#twice-1) [d](#own) [e](page.go) [f](../docs) [g](https://example.com/x)\n\n" +
		"[h](#two-things)\n![i](none.svg)\n[j](page.md#x)\n\n| [k](#no) |\n| --- |\n"
	breaches := CheckLinks(".", "page.md", Parse([]byte(source)))
	if len(breaches) != 4 {
		t.Errorf("got %d breaches, want those of h, i, j and k: %q", len(breaches), breaches)
	}
	for i, want := range []string{"#two-things", "none.svg", "page.md#x", "#no"} {
		if i < len(breaches) && !strings.Contains(breaches[i], want) {
			t.Errorf("breach %d is %q, want one about %s", i, breaches[i], want)
		}
	}
}

func TestTwinsThatDrift(t *testing.T) {
	page := func(source string) *Page { return Parse([]byte(source)) }
	one := page("# A\n## B\n```console\n$ kubectl vantiq-upgrade pools\nNext: kubectl vantiq-upgrade status\n```\n")
	for name, other := range map[string]struct {
		page *Page
		want []string
	}{
		"the same": {page("# あ\n## い\n```sh\nkubectl vantiq-upgrade pools # 一覧\n```\n"), nil},
		"levels":   {page("# あ\n### い\n```sh\nkubectl vantiq-upgrade pools\n```\n"), []string{"heading 2"}},
		"headings": {page("# あ\n```sh\nkubectl vantiq-upgrade pools\n```\n"), []string{"heading 2"}},
		"commands": {page("# あ\n## い\n```sh\nkubectl vantiq-upgrade pools -o wide\n```\n"), []string{"ja lacks: kubectl vantiq-upgrade pools", "en lacks: kubectl vantiq-upgrade pools -o wide"}},
	} {
		got := CheckTwins("en", "ja", one, other.page)
		same := slices.EqualFunc(got, other.want, strings.HasPrefix)
		if !same {
			t.Errorf("%s: got %q, want %q", name, got, other.want)
		}
	}
}
