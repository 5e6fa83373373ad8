// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package docs

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const repository = "../.."

// notOurs are folders of what is built, or of input for tests.
var notOurs = []string{".git", "bin", "dist", "testdata"}

// twins are the pages that there are in English and in Japanese.
var twins = [][2]string{
	{"README.md", "README.ja.md"},
	{"docs/runbook.md", "docs/ja/runbook.md"},
	{"docs/how-it-works.md", "docs/ja/how-it-works.md"},
	{"docs/limits.md", "docs/ja/limits.md"},
}

// pages is every markdown page of the repository, by its path.
func pages(t *testing.T) map[string]*Page {
	t.Helper()
	all := map[string]*Page{}
	err := filepath.WalkDir(repository, func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && slices.Contains(notOurs, entry.Name()):
			return filepath.SkipDir
		case entry.IsDir() || filepath.Ext(path) != ".md":
			return nil
		}
		name, err := filepath.Rel(repository, path)
		if err != nil {
			return err
		}
		source, err := os.ReadFile(path)
		all[filepath.ToSlash(name)] = Parse(source)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func commands(t *testing.T) *Commands {
	t.Helper()
	c, err := NewCommands()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func report(t *testing.T, breaches []string) {
	t.Helper()
	for _, breach := range breaches {
		t.Error(breach)
	}
}

func TestLinks(t *testing.T) {
	for name, p := range pages(t) {
		report(t, CheckLinks(repository, name, p))
	}
}

func TestCommandLines(t *testing.T) {
	c, found := commands(t), 0
	for name, p := range pages(t) {
		found += len(c.Calls(p))
		report(t, c.CheckCalls(name, p))
	}
	// Less would mean that the check does not see them any more.
	if found < 100 {
		t.Errorf("found %d command lines on all pages, want 100 and more", found)
	}
}

func TestExamplesOfHelp(t *testing.T) {
	c := commands(t)
	for name, example := range c.Examples() {
		source := "```console\n" + dedent(example) + "\n```\n"
		report(t, c.CheckCalls(name+" --help", Parse([]byte(source))))
	}
}

func TestTwins(t *testing.T) {
	all := pages(t)
	for _, pair := range twins {
		for _, name := range pair {
			if all[name] == nil {
				t.Fatalf("%s is missing", name)
			}
		}
		report(t, CheckTwins(pair[0], pair[1], all[pair[0]], all[pair[1]]))
	}
}

// dedent lets a block begin where its lines do.
func dedent(text string) string {
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		lines[i] = strings.TrimSpace(line)
	}
	return strings.Join(lines, "\n")
}
