// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package finding_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"regexp"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/api/v1alpha1"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/finding"
)

// declared reads the constants of type Code from the source.
func declared(t *testing.T) map[finding.Code]string {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "codes.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	codes := map[finding.Code]string{}
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok {
			return true
		}
		if kind, ok := spec.Type.(*ast.Ident); !ok || kind.Name != "Code" {
			return true
		}
		value, err := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
		if err != nil {
			t.Fatal(err)
		}
		if other, taken := codes[finding.Code(value)]; taken {
			t.Errorf("%s and %s share the code %s", other, spec.Names[0].Name, value)
		}
		codes[finding.Code(value)] = spec.Names[0].Name
		return true
	})
	return codes
}

func TestTableIsComplete(t *testing.T) {
	codes := declared(t)
	if len(codes) < 20 {
		t.Fatalf("found only %d constants", len(codes))
	}
	form := regexp.MustCompile(`^VU-[0-9]{3}$`)
	last := finding.Code("")
	for _, e := range finding.Table() {
		if _, known := codes[e.Code]; !known {
			t.Errorf("%s is listed twice, or has no constant", e.Code)
		}
		delete(codes, e.Code)
		if !form.MatchString(string(e.Code)) {
			t.Errorf("%s is no code", e.Code)
		}
		if e.Code <= last {
			t.Errorf("%s stands after %s", e.Code, last)
		}
		last = e.Code
		switch e.Severity {
		case v1alpha1.SeverityError, v1alpha1.SeverityWarning, v1alpha1.SeverityInfo:
		default:
			t.Errorf("%s has the severity %q", e.Code, e.Severity)
		}
		if e.Title == "" || e.Why == "" || e.Mend == "" {
			t.Errorf("%s lacks a title, a why or a mend", e.Code)
		}
	}
	for code, name := range codes {
		t.Errorf("%s (%s) is not in the table", name, code)
	}
}

func TestNew(t *testing.T) {
	tests := map[string]struct{ got, want v1alpha1.Finding }{
		"with its severity": {
			finding.New(finding.PDBTransient, "pdb/app/web", "m", "r"),
			v1alpha1.Finding{Code: "VU-206", Severity: v1alpha1.SeverityInfo, Object: "pdb/app/web", Message: "m", Remedy: "r"},
		},
		// Server errors have newlines; a table would end a row there.
		"on one line": {
			finding.New(finding.PodUnmanaged, "pod/app/x", " two\n\tlines ", "a\r\nb"),
			v1alpha1.Finding{Code: "VU-211", Severity: v1alpha1.SeverityError, Object: "pod/app/x", Message: "two lines", Remedy: "a b"},
		},
		"formatted": {
			finding.Newf(finding.NodeNotReady, "node/n1", "%d of %d", 1, 2),
			v1alpha1.Finding{Code: "VU-219", Severity: v1alpha1.SeverityWarning, Object: "node/n1", Message: "1 of 2"},
		},
		"of another weight": {
			finding.WithSeverity(finding.New(finding.PodUnmanaged, "o", "m", ""), v1alpha1.SeverityWarning),
			v1alpha1.Finding{Code: "VU-211", Severity: v1alpha1.SeverityWarning, Object: "o", Message: "m"},
		},
		"a code that is not in the table blocks": {
			finding.New("VU-999", "o", "m", ""),
			v1alpha1.Finding{Code: "VU-999", Severity: v1alpha1.SeverityError, Object: "o", Message: "m"},
		},
	}
	for name, test := range tests {
		if diff := cmp.Diff(test.want, test.got); diff != "" {
			t.Errorf("%s: -want +got:\n%s", name, diff)
		}
	}
}

func TestSort(t *testing.T) {
	const e, w, i = v1alpha1.SeverityError, v1alpha1.SeverityWarning, v1alpha1.SeverityInfo
	got := []v1alpha1.Finding{
		{Severity: "Odd", Code: "VU-001"},
		{Severity: i, Code: "VU-100"},
		{Severity: w, Code: "VU-300"},
		{Severity: w, Code: "VU-200", Object: "b", Message: "first"},
		{Severity: w, Code: "VU-200", Object: "b", Message: "second"},
		{Severity: w, Code: "VU-200", Object: "a"},
		{Severity: e, Code: "VU-900"},
	}
	want := []v1alpha1.Finding{got[6], got[5], got[3], got[4], got[2], got[1], got[0]}
	finding.Sort(got)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestHasErrors(t *testing.T) {
	warning, blocker := v1alpha1.Finding{Severity: v1alpha1.SeverityWarning}, v1alpha1.Finding{Severity: v1alpha1.SeverityError}
	if finding.HasErrors(nil) || finding.HasErrors([]v1alpha1.Finding{warning}) || !finding.HasErrors([]v1alpha1.Finding{warning, blocker}) {
		t.Error("HasErrors is wrong")
	}
}
