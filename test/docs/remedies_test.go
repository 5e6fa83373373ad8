// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package docs

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// TestRemediesInTheCode: a command line that the program prints is one that it takes. What
// stands in the code is the beginning of it: the names of objects follow.
func TestRemediesInTheCode(t *testing.T) {
	commands := commands(t)
	seen := 0
	err := filepath.WalkDir(filepath.Join("..", "..", "pkg"), func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		ast.Inspect(file, func(node ast.Node) bool {
			literal, is := node.(*ast.BasicLit)
			if !is || literal.Kind != token.STRING {
				return true
			}
			text, err := strconv.Unquote(literal.Value)
			if err != nil {
				t.Errorf("%s: %v", name, err)
			}
			for _, words := range printed(text) {
				seen++
				if !accepted(commands, words) {
					t.Errorf("%s prints %q, which is not accepted: %v", name, strings.Join(words, " "), commands.CheckMention(words))
				}
			}
			return true
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if seen < 20 {
		t.Errorf("found %d command lines only", seen)
	}
	for _, wrong := range []string{"pause-pdb-blocker", "drain-pool --every", "uncordon-pool a b"} {
		if accepted(commands, strings.Fields(wrong)) {
			t.Errorf("%q is accepted", wrong)
		}
	}
}

// printed are the calls of the plugin in a text, without its name; they end at a comment,
// at the end of a line, and where a sentence goes on.
func printed(text string) [][]string {
	var calls [][]string
	for _, rest := range strings.Split(text, "kubectl vantiq-upgrade ")[1:] {
		line, _, _ := strings.Cut(rest, "\n")
		line, _, _ = strings.Cut(line, " #")
		line, _, _ = strings.Cut(line, ";")
		line, _, _ = strings.Cut(line, ", ")
		line, _, _ = strings.Cut(line, " (")
		var words []string
		for word := range strings.FieldsSeq(line) {
			if len(words) > 0 && !strings.HasPrefix(word, "-") && strings.ToLower(word) == word && !strings.ContainsAny(word, "/%$") {
				break // the sentence goes on
			}
			words = append(words, strings.Trim(word, ".:`\""))
		}
		if len(words) > 0 && !strings.Contains(words[0], "%") {
			calls = append(calls, words)
		}
	}
	return calls
}

// accepted reports whether a call is one, or becomes one by the name that follows it.
func accepted(commands *Commands, words []string) bool {
	return commands.CheckMention(words) == nil || commands.Check(append(slices.Clip(words), "NAME")) == nil
}
