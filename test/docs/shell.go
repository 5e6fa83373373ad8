// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package docs

import (
	"regexp"
	"strings"
)

// invocation is where our plugin is called, as kubectl or by its own name.
var invocation = regexp.MustCompile(`(?:^|[\s(\x60"'=/])(?:kubectl vantiq-upgrade|kubectl-vantiq_upgrade)(?:\s|$)`)

// column is what stands between a command and what is said beside it.
const column = "   "

// Invocations are the arguments of every call of our plugin in a line of shell,
// or in a sentence that ends with one.
func Invocations(line string) [][]string {
	found := invocation.FindAllStringIndex(line, -1)
	calls := make([][]string, 0, len(found))
	for _, at := range found {
		call, _, _ := strings.Cut(line[at[1]:], column)
		calls = append(calls, Words(call))
	}
	return calls
}

// Words are the words of the first command of a line, as a POSIX shell takes it
// apart; it ends before a pipe, a redirection, a comment. Variables stay as they are.
func Words(line string) []string {
	var words []string
	var word strings.Builder
	inWord, quote := false, rune(0)
	end := func() {
		if inWord {
			words = append(words, word.String())
		}
		word.Reset()
		inWord = false
	}
	escaped := false
	for _, r := range line {
		switch {
		case escaped:
			word.WriteRune(r)
			escaped = false
		case r == '\\' && quote != '\'':
			escaped, inWord = true, true
		case quote != 0 && r == quote:
			quote = 0
		case quote != 0:
			word.WriteRune(r)
		case r == '\'' || r == '"':
			quote, inWord = r, true
		case r == ' ' || r == '\t':
			end()
		case r == '#' && !inWord, strings.ContainsRune("|;&<()`", r):
			end()
			return words
		case r == '>':
			if strings.Trim(word.String(), "0123456789") == "" {
				word.Reset()
				inWord = false
			}
			end()
			return words
		default:
			word.WriteRune(r)
			inWord = true
		}
	}
	end()
	return words
}
