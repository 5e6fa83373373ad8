// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package docs

import (
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// shells are the languages of blocks in which command lines are looked for. An
// empty one is a block without a language.
var shells = []string{"console", "sh", "bash", "shell", "text", ""}

// Call is a call of our plugin on a page.
type Call struct {
	Line  int
	Words []string
	// Mention is one in a sentence that leaves the name of the plugin away.
	Mention bool
}

// Calls finds the calls on a page.
func (c *Commands) Calls(p *Page) []Call {
	var calls []Call
	for _, code := range p.Code {
		if !code.Inline && !slices.Contains(shells, code.Language) {
			continue
		}
		for _, words := range Invocations(code.Text) {
			calls = append(calls, Call{Line: code.Line, Words: words})
		}
		first, _, more := strings.Cut(code.Text, " ")
		if code.Inline && more && c.has(first) {
			calls = append(calls, Call{Line: code.Line, Words: Words(code.Text), Mention: true})
		}
	}
	return calls
}

// CheckCalls says which calls on a page do not parse.
func (c *Commands) CheckCalls(name string, p *Page) []string {
	var breaches []string
	for _, call := range c.Calls(p) {
		check := c.Check
		if call.Mention {
			check = c.CheckMention
		}
		if err := check(call.Words); err != nil {
			breaches = append(breaches, fmt.Sprintf("%s:%d: %s: %v", name, call.Line, strings.Join(call.Words, " "), err))
		}
	}
	return breaches
}

// CheckLinks says which links of a page lead nowhere. Those to other sites are
// not asked for. name is the page's path within root.
func CheckLinks(root, name string, p *Page) []string {
	var breaches []string
	for _, link := range p.Links {
		if why := broken(root, name, p, link.To); why != "" {
			breaches = append(breaches, fmt.Sprintf("%s:%d: %s: %s", name, link.Line, link.To, why))
		}
	}
	return breaches
}

func broken(root, name string, p *Page, to string) string {
	u, err := url.Parse(to)
	if err != nil {
		return err.Error()
	}
	if u.Scheme != "" || u.Host != "" {
		return ""
	}
	target := p
	if u.Path != "" {
		file := filepath.Join(root, filepath.Dir(name), filepath.FromSlash(u.Path))
		source, err := os.ReadFile(file)
		if info, statErr := os.Stat(file); statErr == nil && info.IsDir() {
			return ""
		}
		if err != nil {
			return "no such file"
		}
		target = Parse(source)
	}
	if u.Fragment != "" && !target.Anchors[u.Fragment] {
		return "no such heading"
	}
	return ""
}

// CheckTwins says where two pages in two languages differ: in the levels of
// their headings, or in the commands that they show.
func CheckTwins(name, twin string, p, q *Page) []string {
	var breaches []string
	for i := range max(len(p.Headings), len(q.Headings)) {
		a, b := headingAt(p, i), headingAt(q, i)
		if a.Level != b.Level {
			breaches = append(breaches, fmt.Sprintf("heading %d: %s has %q (level %d), %s has %q (level %d)", i+1, name, a.Text, a.Level, twin, b.Text, b.Level))
			break
		}
	}
	mine, theirs := shown(p), shown(q)
	breaches = append(breaches, lacks(twin, mine, theirs)...)
	return append(breaches, lacks(name, theirs, mine)...)
}

func headingAt(p *Page, i int) Heading {
	if i < len(p.Headings) {
		return p.Headings[i]
	}
	return Heading{Text: "<none>"}
}

// shown is the kubectl commands in the blocks of a page, ours and others. What a
// command printed is not among them.
func shown(p *Page) []string {
	var commands []string
	for _, code := range p.Code {
		text := strings.TrimPrefix(code.Text, "$ ")
		if !code.Inline && slices.Contains(shells, code.Language) && strings.HasPrefix(text, "kubectl ") {
			commands = append(commands, strings.Join(Words(text), " "))
		}
	}
	slices.Sort(commands)
	return slices.Compact(commands)
}

func lacks(name string, wanted, there []string) []string {
	var breaches []string
	for _, command := range wanted {
		if !slices.Contains(there, command) {
			breaches = append(breaches, fmt.Sprintf("%s lacks: %s", name, command))
		}
	}
	return breaches
}
