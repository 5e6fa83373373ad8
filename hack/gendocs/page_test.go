// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/registry"
)

// whole is the part by hand of a page, with text under each heading.
func whole() string {
	var b strings.Builder
	b.WriteString("# pools\n")
	for _, heading := range headings {
		b.WriteString("\n" + heading + "\n\nSome words.\n")
	}
	return b.String() + "\n"
}

func TestPage(t *testing.T) {
	marks := beginMark + "\n\nold\n\n" + endMark + "\n"
	for name, c := range map[string]struct {
		page  string // empty: there is none
		check bool
		want  string // what is complained of, nothing when empty
	}{
		"written anew":                  {page: whole() + marks},
		"out of date":                   {page: whole() + marks, check: true, want: "is not what the code says"},
		"up to date":                    {page: whole() + beginMark + "\n\nnew\n\n" + endMark + "\n", check: true},
		"missing":                       {check: true, want: "is missing"},
		"begun":                         {want: "nothing stands under"},
		"without a heading":             {page: strings.ReplaceAll(whole(), headings[1]+"\n", "") + marks, want: headings[1]},
		"without words":                 {page: strings.Replace(whole(), "Some words.", "", 1) + marks, check: true, want: headings[0]},
		"without marks":                 {page: whole(), want: "has no line"},
		"words below what is generated": {page: whole() + marks + "More.\n", want: "must end with"},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "pages", "pools.md")
			if c.page != "" {
				put(t, path, c.page)
			}
			w := &writer{check: c.check}
			w.page(path, "pools", []byte("new\n"))
			err := errors.Join(w.breaches...)
			if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
				t.Errorf("got error %v, want one about %q", err, c.want)
			}
			if got, err := os.ReadFile(path); !c.check && (err != nil || !strings.Contains(string(got), "# pools")) {
				t.Errorf("the page is %q, error %v", got, err)
			}
			if got, _ := os.ReadFile(path); c.check && string(got) != c.page {
				t.Errorf("a check has changed the page to %q", got)
			}
		})
	}
}

// TestPageKeepsWhatIsByHand: only what is between the marks changes.
func TestPageKeepsWhatIsByHand(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pools.md")
	put(t, path, whole()+beginMark+"\nold\n"+endMark+"\n")
	w := &writer{}
	w.page(path, "pools", []byte("new\n"))
	got, err := os.ReadFile(path)
	if want := whole() + beginMark + "\n\nnew\n\n" + endMark + "\n"; err != nil || string(got) != want {
		t.Errorf("got %q, error %v, want %q", got, err, want)
	}
}

func TestStrays(t *testing.T) {
	t.Chdir(t.TempDir())
	put(t, pagePath("pools"), whole())
	put(t, pagePath("fly"), whole())
	w := &writer{}
	if err := w.strays(&registry.Registry{Subcommands: []registry.Subcommand{{Name: "pools"}}}); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(w.breaches...); len(w.breaches) != 1 || !strings.Contains(err.Error(), "fly.md") {
		t.Errorf("got %v, want a complaint of fly.md only", err)
	}
}

func put(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
