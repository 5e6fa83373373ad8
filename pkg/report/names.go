// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package report

import (
	"regexp"
	"strings"
	"unicode"
)

// nodeWord is a word that may be a node's name.
const nodeWord = `[a-z0-9][a-z0-9.-]*[a-z0-9]`

// NodeNames shortens the names of a cluster's nodes in text, the way the tables
// do, where the short name means one node only.
type NodeNames struct {
	short map[string]string
	words *regexp.Regexp
}

// NewNodeNames takes the names of all nodes.
func NewNodeNames(nodes []string) *NodeNames {
	meant := map[string]int{}
	for _, node := range nodes {
		meant[shortNode(node, false)]++
	}
	n := &NodeNames{short: map[string]string{}, words: regexp.MustCompile(nodeWord)}
	for _, node := range nodes {
		if short := shortNode(node, false); meant[short] == 1 {
			n.short[node] = short
		}
	}
	return n
}

// In shortens the names of nodes in a text.
func (n *NodeNames) In(text string) string {
	if n == nil || len(n.short) == 0 {
		return text
	}
	return n.words.ReplaceAllStringFunc(text, func(word string) string {
		if short, known := n.short[word]; known {
			return short
		}
		return word
	})
}

// oneLine keeps text of a server from breaking a line or steering a terminal.
func oneLine(text string) string {
	return strings.Join(strings.FieldsFunc(text, func(r rune) bool {
		return unicode.IsSpace(r) || unicode.IsControl(r)
	}), " ")
}

// cut shortens text to a width in columns; … takes the place of what is lost.
func cut(text string, width int) string {
	runes := []rune(text)
	switch {
	case len(runes) <= width:
		return text
	case width <= 0:
		return ""
	}
	return strings.TrimRight(string(runes[:width-1]), " ") + "…"
}

// cutInside shortens text to a width in columns, and keeps both its ends.
func cutInside(text string, width int) string {
	runes := []rune(text)
	if len(runes) <= width || width < 3 {
		return cut(text, width)
	}
	tail := (width - 1) / 2
	return string(runes[:width-1-tail]) + "…" + string(runes[len(runes)-tail:])
}
