// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package docs

import (
	"bytes"
	"fmt"
	"regexp"
	"strings"
	"unicode"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/text"
)

// Page is what the checks want to know of a markdown page.
type Page struct {
	Headings []Heading
	Links    []Link
	// Anchors are what a link may have behind #.
	Anchors map[string]bool
	Code    []Code
}

// Heading is a heading, Level 1 that of the page.
type Heading struct {
	Level int
	Text  string
}

// Link is a link or a picture.
type Link struct {
	To   string
	Line int
}

// Code is a line of a code block, or a piece of code within a sentence.
type Code struct {
	Text string
	Line int
	// Language is that of the block; Inline is within a sentence.
	Language string
	Inline   bool
}

// Parse reads a page as GitHub does.
func Parse(source []byte) *Page {
	p := &Page{Anchors: map[string]bool{}}
	root := goldmark.New(goldmark.WithExtensions(extension.GFM)).Parser().Parse(text.NewReader(source))
	line := func(offset int) int { return 1 + bytes.Count(source[:min(max(offset, 0), len(source))], []byte("\n")) }
	at := 0 // where the last text was: links themselves have no place
	_ = ast.Walk(root, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if !entering {
			return ast.WalkContinue, nil
		}
		if n.Type() == ast.TypeBlock && n.Lines().Len() > 0 {
			at = n.Lines().At(0).Start
		}
		switch n := n.(type) {
		case *ast.Heading:
			p.heading(Heading{Level: n.Level, Text: plain(n, source)})
		case *ast.Link:
			p.Links = append(p.Links, Link{To: string(n.Destination), Line: line(at)})
		case *ast.Image:
			p.Links = append(p.Links, Link{To: string(n.Destination), Line: line(at)})
		case *ast.Text:
			at = n.Segment.Start
		case *ast.CodeSpan:
			p.Code = append(p.Code, Code{Text: plain(n, source), Line: line(at), Inline: true})
		case *ast.FencedCodeBlock:
			p.block(n, source, line)
		}
		return ast.WalkContinue, nil
	})
	for _, id := range htmlID.FindAllSubmatch(source, -1) {
		p.Anchors[string(id[1])] = true
	}
	return p
}

var htmlID = regexp.MustCompile(`<a (?:id|name)="([^"]+)"`)

// heading adds a heading with its anchor; the second one of a name gets -1.
func (p *Page) heading(h Heading) {
	p.Headings = append(p.Headings, h)
	slug := anchor(h.Text)
	for n := 1; p.Anchors[slug]; n++ {
		slug = fmt.Sprintf("%s-%d", anchor(h.Text), n)
	}
	p.Anchors[slug] = true
}

// block adds the lines of a code block; a line that ends in a backslash goes on
// in the next one.
func (p *Page) block(n *ast.FencedCodeBlock, source []byte, line func(int) int) {
	joined := Code{Language: string(n.Language(source))}
	for i := range n.Lines().Len() {
		segment := n.Lines().At(i)
		value := strings.TrimRight(string(segment.Value(source)), " \n")
		if joined.Text == "" {
			joined.Line = line(segment.Start)
		} else {
			value = strings.TrimLeft(value, " ")
		}
		joined.Text += value
		if rest, goesOn := strings.CutSuffix(joined.Text, "\\"); goesOn {
			joined.Text = rest
			continue
		}
		p.Code = append(p.Code, joined)
		joined.Text = ""
	}
}

// plain is the text of a node, without its form.
func plain(n ast.Node, source []byte) string {
	var b strings.Builder
	_ = ast.Walk(n, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if t, isText := n.(*ast.Text); isText && entering {
			b.Write(t.Segment.Value(source))
			if t.SoftLineBreak() {
				b.WriteByte(' ')
			}
		}
		return ast.WalkContinue, nil
	})
	return b.String()
}

// anchor is how GitHub names a heading in links.
func anchor(heading string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == ' ':
			return '-'
		case r == '-' || r == '_' || unicode.IsLetter(r) || unicode.IsNumber(r) || unicode.IsMark(r):
			return unicode.ToLower(r)
		}
		return -1
	}, strings.TrimSpace(heading))
}
