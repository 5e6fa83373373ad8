// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package journal

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/api/v1alpha1"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/finding"
)

// Read makes runs of ConfigMaps, newest first. Whatever can be read is read;
// what cannot is a finding. ConfigMaps that are not ours mean nothing.
func Read(configMaps []*corev1.ConfigMap) ([]*Run, []v1alpha1.Finding) {
	all := documents(configMaps)
	runs := make([]*Run, 0, len(all))
	var findings []v1alpha1.Finding
	for _, d := range all {
		runs = append(runs, d.run())
		findings = append(findings, d.findings()...)
	}
	finding.Sort(findings)
	return runs, findings
}

// documents sorts ConfigMaps by run, newest first: by when each started, and where
// that is the same by its id, so that the order is always one.
func documents(configMaps []*corev1.ConfigMap) []*document {
	shards := map[string][]*shard{}
	for _, object := range configMaps {
		if id, index, ours := splitName(object.Name); ours {
			shards[id] = append(shards[id], readShard(index, object))
		}
	}
	all := make([]*document, 0, len(shards))
	for id, of := range shards {
		all = append(all, newDocument(id, of))
	}
	slices.SortFunc(all, func(a, b *document) int { return cmp.Or(b.started().Compare(a.started()), cmp.Compare(b.id, a.id)) })
	return all
}

// defect is something about a run that cannot be read.
type defect struct {
	code    finding.Code
	object  string
	message string
}

// findings tells what is wrong with a run.
func (d *document) findings() []v1alpha1.Finding {
	if d.isNewer() {
		return []v1alpha1.Finding{finding.New(finding.JournalNewer, d.shards[0].String(), d.headerErr.Error(),
			"use the version of the plugin that made run "+d.id+", or a newer one")}
	}
	var findings []v1alpha1.Finding
	for _, bad := range append(d.defects(), d.unknownStates()...) {
		namespace := d.shards[0].object.Namespace
		findings = append(findings, finding.New(bad.code, bad.object, bad.message,
			"kubectl get configmap -n "+namespace+" -l "+RunLabel+"="+d.id+
				" -o yaml, and mend it; or delete it once nothing of the run is left: what it changed is annotated"))
	}
	return findings
}

// defects are what makes a run damaged: there may be more of it than we read.
func (d *document) defects() []defect {
	if d.isNewer() {
		return nil
	}
	var bad []defect
	seen := map[int]bool{}
	for _, s := range d.shards {
		if message := s.unreadable(seen); message != "" {
			bad = append(bad, defect{finding.JournalDamaged, s.String(), message})
		}
	}
	if d.headerErr != nil && d.shard(0) != nil {
		bad = append(bad, defect{finding.JournalDamaged, d.shards[0].String(), d.headerErr.Error()})
	}
	if message := d.incomplete(); message != "" && !d.isRemainder() {
		bad = append(bad, defect{finding.JournalIncomplete, d.shards[0].String(), message})
	}
	return bad
}

// unreadable says which lines cannot be read; seen are the numbers so far.
func (s *shard) unreadable(seen map[int]bool) string {
	var lines []string
	var first error
	for i, l := range s.lines {
		err := l.err
		if l.change != nil {
			if seen[l.change.Number] {
				err = fmt.Errorf("number %d is there twice", l.change.Number)
			}
			seen[l.change.Number] = true
		}
		if err != nil {
			lines = append(lines, strconv.Itoa(i+1))
			first = cmp.Or(first, err)
		}
	}
	if len(lines) == 0 {
		return ""
	}
	return fmt.Sprintf("line %s cannot be read: %s", some(lines), shorten(first.Error(), 120))
}

// incomplete says what is missing: shards between others, shards that the header
// counts, or lines.
func (d *document) incomplete() string {
	var missing []string
	last := max(d.shards[len(d.shards)-1].index+1, d.known())
	for index := range last {
		if d.shard(index) == nil {
			missing = append(missing, shardName(d.id, index))
		}
	}
	if len(missing) > 0 {
		return "configmap " + some(missing) + " of the run is missing"
	}
	numbers, highest, lines := d.numbers()
	unreadable := lines - len(numbers)
	if gaps := highest - len(numbers) - unreadable; gaps > 0 {
		return fmt.Sprintf("%d line(s) of the run are missing", gaps)
	}
	return ""
}

// unknownStates tells of lines whose state this version does not know. They
// count as open.
func (d *document) unknownStates() []defect {
	var bad []defect
	for _, s := range d.shards {
		var lines []string
		state := State("")
		for i, l := range s.lines {
			if l.change != nil && !l.change.State.isKnown() {
				lines = append(lines, strconv.Itoa(i+1))
				state = cmp.Or(state, l.change.State)
			}
		}
		if len(lines) > 0 {
			bad = append(bad, defect{
				finding.JournalDamaged, s.String(),
				fmt.Sprintf("line %s has a state that is not known: %q", some(lines), shorten(string(state), 40)),
			})
		}
	}
	return bad
}

// shown is how many of a list are named.
const shown = 5

// some names the first ones of a list.
func some(names []string) string {
	if len(names) <= shown {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:shown], ", "), len(names)-shown)
}
