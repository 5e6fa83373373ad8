// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package finding_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/finding"
)

// root is the top of the repository.
const root = "../.."

// sources calls visit with every source file of the product but those of this
// package.
func sources(t *testing.T, visit func(name string, file *ast.File)) {
	t.Helper()
	for _, dir := range []string{"pkg", "cmd"} {
		err := filepath.WalkDir(filepath.Join(root, dir), func(name string, entry fs.DirEntry, err error) error {
			switch {
			case err != nil:
				return err
			case entry.IsDir() && (entry.Name() == "testdata" || filepath.ToSlash(name) == root+"/pkg/finding"):
				return filepath.SkipDir
			case entry.IsDir() || !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go"):
				return nil
			}
			file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
			if err != nil {
				return err
			}
			visit(name, file)
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

// isFinding reports whether a type is v1alpha1.Finding.
func isFinding(kind ast.Expr) bool {
	selector, is := kind.(*ast.SelectorExpr)
	if !is {
		return false
	}
	from, is := selector.X.(*ast.Ident)
	return is && from.Name == "v1alpha1" && selector.Sel.Name == "Finding"
}

// handMade counts the findings of a file that are written out, with a code or
// without.
func handMade(file *ast.File) int {
	n := 0
	ast.Inspect(file, func(node ast.Node) bool {
		literal, is := node.(*ast.CompositeLit)
		if !is {
			return true
		}
		if isFinding(literal.Type) && len(literal.Elts) > 0 {
			n++
		}
		if list, is := literal.Type.(*ast.ArrayType); is && isFinding(list.Elt) {
			for _, element := range literal.Elts {
				if inner, is := element.(*ast.CompositeLit); is && inner.Type == nil {
					n++
				}
			}
		}
		return true
	})
	return n
}

// TestFindingsAreMadeHere: one that is written out elsewhere might have no code, or
// one with another weight than the table says.
func TestFindingsAreMadeHere(t *testing.T) {
	files := 0
	sources(t, func(name string, file *ast.File) {
		files++
		if n := handMade(file); n > 0 {
			t.Errorf("%s writes %d findings out; use finding.New", name, n)
		}
	})
	if files < 100 {
		t.Errorf("looked at %d files only", files)
	}
	// The check itself finds both forms.
	file, err := parser.ParseFile(token.NewFileSet(), "x.go", `package x
var a = v1alpha1.Finding{Code: "VU-201"}
var b = []v1alpha1.Finding{{Message: "m"}, a}
var c = append([]v1alpha1.Finding{}, v1alpha1.Finding{})`, 0)
	if err != nil {
		t.Fatal(err)
	}
	if n := handMade(file); n != 2 {
		t.Errorf("found %d of 2", n)
	}
}

// TestCodesAreUsed: a code that nothing reports has no place in the documentation.
func TestCodesAreUsed(t *testing.T) {
	used := map[string]bool{}
	sources(t, func(_ string, file *ast.File) {
		ast.Inspect(file, func(node ast.Node) bool {
			if selector, is := node.(*ast.SelectorExpr); is {
				if from, is := selector.X.(*ast.Ident); is && from.Name == "finding" {
					used[selector.Sel.Name] = true
				}
			}
			return true
		})
	})
	for code, name := range declared(t) {
		if !used[name] {
			t.Errorf("nothing reports %s (%s)", code, name)
		}
	}
}

// noSuchCode is what a page shows explain with, as a code that there is not.
const noSuchCode = "VU-999"

// TestMentionedCodesExist: help, documentation and the registry name no code that
// explain does not know.
func TestMentionedCodesExist(t *testing.T) {
	known := map[string]bool{}
	for _, e := range finding.Table() {
		known[string(e.Code)] = true
	}
	mentioned := 0
	code := regexp.MustCompile(`VU-[0-9]{3,}`)
	err := filepath.WalkDir(root, func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && (entry.Name() == "bin" || entry.Name() == "testdata" || len(entry.Name()) > 2 && strings.HasPrefix(entry.Name(), ".")):
			return filepath.SkipDir
		case entry.IsDir(), strings.HasSuffix(name, "_test.go"):
			return nil
		}
		switch filepath.Ext(name) {
		case ".go", ".md", ".yaml":
		default:
			return nil
		}
		text, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		for _, found := range code.FindAllString(string(text), -1) {
			mentioned++
			if !known[found] && found != noSuchCode {
				t.Errorf("%s names %s, which is not in the table", name, found)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if mentioned < len(known) {
		t.Errorf("found %d mentions only", mentioned)
	}
}

func TestLookup(t *testing.T) {
	for _, text := range []string{"VU-502", "vu-502", "Vu-502", "502", " 502 "} {
		if e, err := finding.Lookup(text); err != nil || e.Code != finding.PodNotRunning || e.Title == "" {
			t.Errorf("%q: got %v, %v", text, e, err)
		}
	}
	for text, want := range map[string]string{
		"VU-520":  "there is no code VU-520; the nearest is VU-521 (",
		"999":     "there is no code VU-999; the nearest is VU-581 (",
		"1":       "there is no code VU-1; the nearest is VU-201 (",
		"":        `"" is no code; they are like VU-`,
		"VU-":     `"VU-" is no code; they are like VU-`,
		"-502":    `"-502" is no code; they are like VU-`,
		"VU-5x2":  `"VU-5x2" is no code; they are like VU-`,
		"drained": `"drained" is no code; they are like VU-`,
	} {
		if e, err := finding.Lookup(text); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%q: got %v, %v; want %q", text, e, err, want)
		}
	}
}
