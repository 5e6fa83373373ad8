// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package picture

import (
	"bytes"
	"crypto/sha256"
	_ "embed" // the page
	"encoding/base64"
	"fmt"
	"html/template"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/api/v1alpha1"
)

//go:embed page.css
var pageStyle string

//go:embed page.gohtml
var pageText string

// page is what the template shows.
type page struct {
	// Policy lets in the two style sheets by their digests, and nothing else.
	Policy  string
	Style   template.CSS
	Picture template.HTML
	// Level is the class of the verdict: wrong, poor or right.
	Verdict, Level  string
	Time, UTC       string
	Installations   string
	NotChecked      []v1alpha1.UncheckedPlacement
	Pods            []pagePod
	Findings        []pageFinding
	Moves           []v1alpha1.Move
	RelocationState string
}

type pagePod struct {
	Number                              int
	Class, Verdict, Pod, Where, Belongs string
	Since, SinceUTC, Room, NoRoom       string
}

type pageFinding struct {
	v1alpha1.Finding
	Class string
	// Number is that of the pod in the picture, 0 for none.
	Number int
}

// HTML writes the picture as a page that needs no other file and runs no script:
// the same drawing, and what it shows as text.
func HTML(w io.Writer, r *v1alpha1.PlacementReport) error {
	t, err := template.New("page").Parse(pageText)
	if err != nil {
		return fmt.Errorf("reading the page's template: %w", err)
	}
	var b bytes.Buffer
	if err := t.Execute(&b, newPage(r)); err != nil {
		return fmt.Errorf("filling in the page: %w", err)
	}
	if _, err := w.Write(b.Bytes()); err != nil {
		return fmt.Errorf("writing the page: %w", err)
	}
	return nil
}

func newPage(r *v1alpha1.PlacementReport) *page {
	c := newChart(r)
	drawing := &pen{}
	drawing.picture(newLayout(c))
	g := &page{
		Policy: "default-src 'none'; style-src '" + digest(pageStyle) + "' '" + digest(pictureStyle) +
			"'; base-uri 'none'; form-action 'none'",
		Style: template.CSS(pageStyle),
		// The pen has escaped every word of the cluster.
		Picture:       template.HTML(drawing.String()),
		Time:          r.Time.Format("2006-01-02 15:04:05 -07:00"),
		UTC:           r.Time.UTC().Format("2006-01-02 15:04:05 UTC"),
		Installations: printable(strings.Join(r.Installations, ", ")),
		NotChecked:    r.NotChecked,
	}
	g.Verdict, g.Level = verdict(r)
	numbers := g.listPods(c, r.Time.Location())
	for _, f := range r.Findings {
		g.Findings = append(g.Findings, pageFinding{f, strings.ToLower(string(f.Severity)), numbers[f.Object]})
	}
	if r.Relocation != nil {
		g.Moves, g.RelocationState = r.Relocation.Moves, string(r.Relocation.Outcome)
	}
	return g
}

// listPods adds a row for each pod with a number; it returns the numbers by the
// object that a finding names.
func (g *page) listPods(c *chart, zone *time.Location) map[string]int {
	numbers := map[string]int{}
	for _, m := range c.marks() {
		row := pagePod{
			Number: m.number, Class: class(m.Verdict), Verdict: strings.ToLower(string(m.Verdict)),
			Pod: printable(m.Namespace + "/" + m.Name), Where: printable(m.Node),
			Belongs: printable(strings.Join(m.Belongs, ", ")), NoRoom: printable(m.NoRoom),
		}
		if m.hasRoom() {
			row.Room = printable(m.Expected)
		}
		if m.Since != nil {
			row.Since = m.Since.In(zone).Format("2006-01-02 15:04 -07:00")
			row.SinceUTC = m.Since.UTC().Format("2006-01-02 15:04 UTC")
		}
		g.Pods = append(g.Pods, row)
		numbers["pod/"+m.Namespace+"/"+m.Name] = m.number
	}
	return numbers
}

// marks are the pods with a number, in its order.
func (c *chart) marks() []*mark {
	all := slices.Clone(c.pending)
	for _, p := range c.pools {
		for _, n := range slices.Concat(p.cells...) {
			all = append(all, n.noted...)
		}
	}
	all = slices.DeleteFunc(all, func(m *mark) bool { return m.number == 0 })
	slices.SortFunc(all, func(a, b *mark) int { return a.number - b.number })
	return all
}

// verdict says in a sentence how things stand; what was not checked is never green.
func verdict(r *v1alpha1.PlacementReport) (words, level string) {
	s := r.Summary
	switch {
	case s.Wrong > 0 && s.Pending > 0:
		return fmt.Sprintf("%s in a wrong place, %d pending", plural(s.Wrong, "pod"), s.Pending), "wrong"
	case s.Wrong > 0:
		return plural(s.Wrong, "pod") + " in a wrong place", "wrong"
	case s.Pending > 0:
		return plural(s.Pending, "pod") + " without a node", "wrong"
	case hasErrors(r.Findings):
		return "Every pod has a place, but there are findings", "wrong"
	case len(r.NotChecked) > 0:
		return "Not everything could be checked", "wrong"
	case s.Poor > 0:
		return plural(s.Poor, "pod") + " would be better off on another node", "poor"
	case s.Pods == 0:
		return "There are no pods", "poor"
	}
	return "Every pod is where it belongs", "right"
}

func hasErrors(findings []v1alpha1.Finding) bool {
	return slices.ContainsFunc(findings, func(f v1alpha1.Finding) bool { return f.Severity == v1alpha1.SeverityError })
}

// digest is how a policy names a style sheet.
func digest(sheet string) string {
	sum := sha256.Sum256([]byte(sheet))
	return "sha256-" + base64.StdEncoding.EncodeToString(sum[:])
}
