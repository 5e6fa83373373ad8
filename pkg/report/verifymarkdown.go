// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package report

import (
	"bytes"
	"fmt"
	"io"
	"strconv"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/api/v1alpha1"
)

// VerifyMarkdown writes the report as a page for a work report: GitHub's tables,
// which Backlog reads as well. Nothing is left out or put together.
func VerifyMarkdown(w io.Writer, r *v1alpha1.VerifyReport) error {
	m := &markdown{}
	word, rest := verifyVerdict(r)
	fmt.Fprintf(&m.text, "# Verification after the upgrade: %s\n\n**%s**: %s\n", word, word, plainText(rest))
	m.facts(r)
	m.table("Checks", []string{"State", "Check", "Detail"}, len(r.Checks), func(i int) []string {
		c := &r.Checks[i]
		return []string{checkWord(c.State), c.Title, c.Detail}
	})
	m.table("Findings", []string{"Severity", "Code", "Object", "Cause", "Remedy"}, len(r.Findings), func(i int) []string {
		f := &r.Findings[i]
		return []string{string(f.Severity), f.Code, f.Object, f.Message, f.Remedy}
	})
	m.table("Left out of the verdict", []string{"Severity", "Code", "Object", "Cause", "Rule", "Reason"}, len(r.Ignored), func(i int) []string {
		g := &r.Ignored[i]
		return []string{string(g.Finding.Severity), g.Finding.Code, g.Finding.Object, g.Finding.Message, g.Rule, g.Reason}
	})
	for _, group := range differenceGroups(r.Differences) {
		own := differencesOf(group, r.Differences, true)
		m.table("Changed: "+string(group), []string{"Object", "Field", "Before", "After", "Code"}, len(own), func(i int) []string {
			return []string{own[i].Object, own[i].Field, own[i].Before, own[i].After, own[i].Code}
		})
	}
	m.table("Events of trouble", []string{"Object", "Reason", "Count", "Last", "Over", "Message"}, len(r.Events), func(i int) []string {
		e := &r.Events[i]
		return []string{e.Object, e.Reason, strconv.Itoa(int(e.Count)), dated(&e.Last), yesNo(e.Over), e.Message}
	})
	m.table("Pages", []string{"Page", "State", "Status", "Time", "Certificate ends", "Address", "Final address", "Message"}, len(r.Probes), func(i int) []string {
		p := &r.Probes[i]
		return []string{p.Name, upDown(p), answered(p), tookTime(p), dated(p.Expires), p.URL, p.Final, p.Message}
	})
	m.checklist(r.Checklist)
	_, err := m.text.WriteTo(w)
	return err
}

// markdown is a page while it is written.
type markdown struct {
	text bytes.Buffer
}

// facts says what was looked at, when, and what it was compared with.
func (m *markdown) facts(r *v1alpha1.VerifyReport) {
	facts := [][]string{{"Looked at", bothZones(r.Time.Time)}}
	add := func(name, value string) {
		if value != "" {
			facts = append(facts, []string{name, value})
		}
	}
	add("Context", r.Cluster.Context)
	add("Server", r.Cluster.Server)
	add("API server", r.Cluster.Version)
	add("Target", r.Target)
	add("Cluster (uid of kube-system)", r.Cluster.UID)
	if b := r.Baseline; b != nil {
		add("Compared with", b.Source)
		add("Snapshot taken", dated(&b.Time))
		add("Version then", b.Version)
	}
	if l := r.Looks; l != nil {
		add("Waited", waited(l))
	}
	m.table("", []string{"What", "Value"}, len(facts), func(i int) []string { return facts[i] })
}

// table writes rows below a heading; nothing where there are none.
func (m *markdown) table(heading string, columns []string, n int, row func(int) []string) {
	if n == 0 {
		return
	}
	m.text.WriteString("\n")
	if heading != "" {
		fmt.Fprintf(&m.text, "## %s\n\n", plainText(heading))
	}
	m.row(columns)
	m.text.WriteString(strings.Repeat("| --- ", len(columns)) + "|\n")
	for i := range n {
		cells := row(i)
		for j := range cells {
			cells[j] = plainText(cells[j])
		}
		m.row(cells)
	}
}

func (m *markdown) row(cells []string) {
	m.text.WriteString("| " + strings.Join(cells, " | ") + " |\n")
}

func (m *markdown) checklist(items []v1alpha1.ChecklistItem) {
	if len(items) == 0 {
		return
	}
	m.text.WriteString("\n## For a person to look at\n\n")
	for _, item := range items {
		text := plainText(item.Text)
		if item.Where != "" {
			text = plainText(item.Where) + ": " + text
		}
		m.text.WriteString("- [ ] " + text + "\n")
	}
}

// plainText keeps text of a cluster from being read as Markdown.
func plainText(text string) string {
	return strings.NewReplacer(
		`\`, `\\`, "|", `\|`, "`", "\\`", "*", `\*`, "_", `\_`, "~", `\~`,
		"[", `\[`, "]", `\]`, "<", "&lt;", ">", "&gt;", "&", "&amp;",
	).Replace(oneLine(text))
}

// answered is the status of an answer; nothing where there was none.
func answered(p *v1alpha1.Probe) string {
	if p.Status == 0 {
		return ""
	}
	return strconv.Itoa(p.Status)
}

// dated is a time in both zones; nothing where there is none.
func dated(t *metav1.Time) string {
	if t.IsZero() {
		return ""
	}
	return bothZones(t.Time)
}
