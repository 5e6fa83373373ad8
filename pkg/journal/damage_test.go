// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package journal_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/api/v1alpha1"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/journal"
)

// inRun edits a key of a shard.
func inRun(key, old, by string) func(*configMaps) {
	return func(c *configMaps) {
		c.edit(shardName(0), func(m *corev1.ConfigMap) { m.Data[key] = strings.Replace(m.Data[key], old, by, 1) })
	}
}

// intoLine puts by over the beginning of the second line.
func intoLine(by string) func(*configMaps) { return inRun("changes", `{"n":2,`, by) }

// TestDamage: each bad thing is one clear finding, and the rest of the run is read.
// Each run has 1,002 lines in two shards.
func TestDamage(t *testing.T) {
	tests := map[string]struct {
		do func(*configMaps)
		// want is how the findings begin: code, object, message. The numbers are
		// those of the changes that are read.
		want    []string
		changes int
		closed  bool
		newer   bool
	}{
		"nothing": {do: func(*configMaps) {}, changes: 1002, closed: true},
		"a line that is no JSON": {
			do:   intoLine(`{"n":2;`),
			want: []string{"VU-301 0: line 2 cannot be read: invalid character ';' after object key:value pair"}, changes: 1001,
		},
		"a line that was cut off": {
			do: func(c *configMaps) {
				c.edit(shardName(1), func(m *corev1.ConfigMap) { m.Data["changes"] = m.Data["changes"][:len(m.Data["changes"])-30] })
			},
			want: []string{"VU-301 1: line 2 cannot be read: unexpected end of JSON input"}, changes: 1001,
		},
		"lines that are cut off everywhere": {
			do: func(c *configMaps) {
				c.edit(shardName(0), func(m *corev1.ConfigMap) {
					m.Data["changes"] = strings.ReplaceAll(m.Data["changes"], "{", "")
				})
			},
			want: []string{"VU-301 0: line 1, 2, 3, 4, 5 and 995 more cannot be read: "}, changes: 2,
		},
		"a line of another shape":      {do: intoLine(`[{"n":2,`), want: []string{"VU-301 0: line 2 cannot be read: "}, changes: 1001},
		"a number that is text":        {do: intoLine(`{"n":"2",`), want: []string{"VU-301 0: line 2 cannot be read: json: cannot unmarshal string"}, changes: 1001},
		"a number that is missing":     {do: intoLine(`{`), want: []string{"VU-301 0: line 2 cannot be read: n is missing or out of range"}, changes: 1001},
		"a number that is negative":    {do: intoLine(`{"n":-2,`), want: []string{"VU-301 0: line 2 cannot be read: n is missing or out of range"}, changes: 1001},
		"a number that is huge":        {do: intoLine(`{"n":9223372036854775807,`), want: []string{"VU-301 0: line 2 cannot be read: n is missing or out of range"}, changes: 1001},
		"a number beyond every int":    {do: intoLine(`{"n":1e99,`), want: []string{"VU-301 0: line 2 cannot be read: json: cannot unmarshal number 1e99"}, changes: 1001},
		"a number that is taken":       {do: intoLine(`{"n":1,`), want: []string{"VU-301 0: line 2 cannot be read: number 1 is there twice"}, changes: 1001},
		"a time in another millennium": {do: inRun("changes", `"time":"2026`, `"time":"99999`), want: []string{"VU-301 0: line 1 cannot be read: parsing time"}, changes: 1001},
		"no value to give back":        {do: inRun("changes", `"before":null,`, ""), want: []string{"VU-301 0: line 1 cannot be read: before is missing"}, changes: 1001},
		"no value that is ours":        {do: inRun("changes", `"after":true,`, ""), want: []string{"VU-301 0: line 1 cannot be read: after is missing"}, changes: 1001},
		"no field":                     {do: inRun("changes", "spec.unschedulable", ""), want: []string{"VU-301 0: line 1 cannot be read: field is missing"}, changes: 1001},
		"no object":                    {do: inRun("changes", `"object":`, `"subject":`), want: []string{"VU-301 0: line 1 cannot be read: object.kind is missing"}, changes: 1001},
		"no state":                     {do: inRun("changes", `,"state":"Restored"`, ""), want: []string{"VU-301 0: line 1 cannot be read: state is missing"}, changes: 1001},
		"a state that is not known":    {do: inRun("changes", `"Restored"`, `"Frozen"`), want: []string{`VU-301 0: line 1 has a state that is not known: "Frozen"`}, changes: 1002},
		"a huge line":                  {do: intoLine(`{"x":"` + strings.Repeat("x", 300_000)), want: []string{"VU-301 0: line 2 cannot be read: "}, changes: 1001},
		"a deep line":                  {do: intoLine(`{"x":` + strings.Repeat("[", 20_000)), want: []string{"VU-301 0: line 2 cannot be read: "}, changes: 1001},
		"a field that is not known":    {do: intoLine(`{"n":2,"ticket":"OPS-1",`), changes: 1002, closed: true},
		"empty lines":                  {do: inRun("changes", "\n", "\n\n \n"), changes: 1002, closed: true},
		"ends of lines of Windows":     {do: inRun("changes", "\n", "\r\n"), changes: 1002, closed: true},
		"a line that is deleted": {
			do: func(c *configMaps) {
				c.edit(shardName(0), func(m *corev1.ConfigMap) { _, m.Data["changes"], _ = strings.Cut(m.Data["changes"], "\n") })
				c.edit(shardName(0), func(m *corev1.ConfigMap) { m.Labels[journal.JournalLabel] = "open" })
			},
			want: []string{"VU-303 0: 1 line(s) of the run are missing"}, changes: 1001,
		},
		"no lines": {
			do: func(c *configMaps) {
				c.edit(shardName(0), func(m *corev1.ConfigMap) { delete(m.Data, "changes"); m.Labels = nil })
				c.edit(shardName(0), func(m *corev1.ConfigMap) { m.Labels = map[string]string{journal.JournalLabel: "x"} })
			},
			want: []string{"VU-303 0: 1000 line(s) of the run are missing"}, changes: 2,
		},
		"no data":              {do: func(c *configMaps) { c.edit(shardName(0), func(m *corev1.ConfigMap) { m.Data = nil }) }, want: []string{"VU-301 0: the line of the run is missing", "VU-303 0: 1000 line(s)"}, changes: 2},
		"no header":            {do: func(c *configMaps) { c.edit(shardName(0), func(m *corev1.ConfigMap) { delete(m.Data, "run") }) }, want: []string{"VU-301 0: the line of the run is missing"}, changes: 1002},
		"half a header":        {do: inRun("run", `","command"`, ""), want: []string{"VU-301 0: the line of the run cannot be read: "}, changes: 1002},
		"an empty header":      {do: inRun("run", "", "\x00"), want: []string{"VU-301 0: the line of the run cannot be read: "}, changes: 1002},
		"a header of a list":   {do: inRun("run", "{", "[{"), want: []string{"VU-301 0: the line of the run cannot be read: "}, changes: 1002},
		"a header of nothing":  {do: func(c *configMaps) { c.edit(shardName(0), func(m *corev1.ConfigMap) { m.Data["run"] = "null" }) }, want: []string{"VU-301 0: the line of the run has no version"}, changes: 1002},
		"no version":           {do: inRun("run", `"version":1,`, ""), want: []string{"VU-301 0: the line of the run has no version"}, changes: 1002},
		"another run's header": {do: inRun("run", runID, "20250101-000000-aaaaa"), want: []string{`VU-301 0: it is of another run, "20250101-000000-aaaaa"`}, changes: 1002},
		"an end that is none":  {do: inRun("run", `"ended":"2026`, `"ended":"soon`), want: []string{"VU-301 0: the line of the run cannot be read: parsing time"}, changes: 1002},
		"a newer version": {
			do:   inRun("run", `"version":1`, `"version":2`),
			want: []string{"VU-302 0: it is of version 2 of the journal; this program knows version 1"}, changes: 1002, newer: true, closed: true,
		},
		"a newer version of another form": {
			do:   inRun("run", `"version":1,"shards":2`, `"version":{"major":2},"shards":"two"`),
			want: []string{`VU-302 0: it is of version {"major":2} of the journal`}, changes: 1002, newer: true, closed: true,
		},
		"a newer version with other lines": {
			do: func(c *configMaps) {
				inRun("run", `"version":1`, `"version":2`)(c)
				intoLine(`<n>2</n>`)(c)
			},
			want: []string{"VU-302 0: it is of version 2"}, changes: 1001, newer: true, closed: true,
		},
		"the first shard is missing": {do: func(c *configMaps) { c.edit(shardName(0), nil) }, want: []string{"VU-303 1: configmap " + shardName(0) + " of the run is missing"}, changes: 2},
		"the last shard is missing": {
			do: func(c *configMaps) {
				c.edit(shardName(1), nil)
				c.edit(shardName(0), func(m *corev1.ConfigMap) { m.Labels[journal.JournalLabel] = "open" })
			},
			want: []string{"VU-303 0: configmap " + shardName(1) + " of the run is missing"}, changes: 1000,
		},
		"the last shard of a closed run is missing": {do: func(c *configMaps) { c.edit(shardName(1), nil) }, changes: 1000, closed: true},
		"shards without end":                        {do: inRun("run", `"shards":2`, `"shards":2000000000`), want: []string{"VU-301 0: it counts 2000000000 parts"}, changes: 1002},
		"shards of less than none":                  {do: inRun("run", `"shards":2`, `"shards":-2`), want: []string{"VU-301 0: it counts -2 parts"}, changes: 1002},
		"ConfigMaps of others": {
			do: func(c *configMaps) {
				for _, name := range []string{
					"other", "vantiq-upgrade-", "vantiq-upgrade-x-0", shardName(0) + "0x", shardName(1) + "-backup", "vantiq-upgrade-" + runID + "-00",
					"vantiq-upgrade-" + runID + "--1", "vantiq-upgrade-" + runID + "-100000", "vantiq-upgrade-20261399-000000-aaaaa-0", "vantiq-upgrade-20260301-170000-AAAAA-0",
				} {
					c.edit(name, func(m *corev1.ConfigMap) {
						m.Labels = map[string]string{journal.JournalLabel: "open"}
						m.Data["run"] = "?"
					})
				}
			},
			changes: 1002, closed: true,
		},
	}
	whole := newConfigMaps()
	r := begin(t, whole)
	plan(t, r, cordons(1002)...)
	mark(t, r, journal.Restored, numbers(1002)...)
	finish(t, r, journal.OutcomeDone)
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			c := newConfigMaps()
			for name, object := range whole.objects {
				c.objects[name] = object.DeepCopy()
			}
			c.version = whole.version
			tt.do(c)
			runs, findings, err := c.store().Runs(t.Context())
			if err != nil || len(runs) != 1 {
				t.Fatalf("%d runs, %v", len(runs), err)
			}
			compareFindings(t, findings, tt.want)
			run := runs[0]
			if len(run.Changes) != tt.changes || run.IsOpen() == tt.closed || run.Newer != tt.newer || run.ID != runID {
				t.Errorf("%d changes, open %t, newer %t, id %s", len(run.Changes), run.IsOpen(), run.Newer, run.ID)
			}
			keepsWhatItCannotRead(t, c, tt.newer)
		})
	}
}

func compareFindings(t *testing.T, findings []v1alpha1.Finding, want []string) {
	t.Helper()
	for i, f := range findings {
		index, ours := strings.CutPrefix(f.Object, "configmap/"+namespace+"/vantiq-upgrade-"+runID+"-")
		got := fmt.Sprintf("%s %s: %s", f.Code, index, f.Message)
		if !ours || i >= len(want) || !strings.HasPrefix(got, want[i]) {
			t.Errorf("got %s", got)
		}
		if f.Severity != v1alpha1.SeverityError || f.Remedy == "" || len(f.Message) > 600 {
			t.Errorf("%s: severity %s, remedy %q, a message of %d bytes", f.Code, f.Severity, f.Remedy, len(f.Message))
		}
	}
	if len(findings) < len(want) {
		t.Errorf("%d findings, want %q", len(findings), want)
	}
}

// keepsWhatItCannotRead goes on with the run: whatever is not a change that is
// marked is stored as it was, byte for byte.
func keepsWhatItCannotRead(t *testing.T, c *configMaps, newer bool) {
	t.Helper()
	before := []*corev1.ConfigMap{c.seen(shardName(0)), c.seen(shardName(1))}
	r, err := c.store().Open(t.Context(), runID)
	if newer {
		if err == nil || !strings.Contains(err.Error(), "can only be read: it is of version") {
			t.Errorf("opened: %v", err)
		}
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	planned := plan(t, r, telegraf())
	mark(t, r, journal.Applied, planned[0].Number)
	finish(t, r, "")
	for index, old := range before {
		now := c.seen(shardName(index))
		if old == nil {
			if now != nil {
				t.Errorf("shard %d was made again, empty", index)
			}
			continue
		}
		lines := strings.TrimSuffix(old.Data["changes"], "\n")
		added, kept := strings.CutPrefix(now.Data["changes"], lines)
		if added = strings.TrimPrefix(added, "\n"); !kept || added != "" && !strings.Contains(added, "telegraf-prom") {
			t.Errorf("shard %d has changed: it has %d bytes and had %d", index, len(now.Data["changes"]), len(old.Data["changes"]))
		}
		// But for the number of shards, where there is one more.
		counted := strings.Replace(now.Data["run"], `"shards":3`, `"shards":2`, 1)
		if diff := cmp.Diff(old.Data["run"], counted); diff != "" {
			t.Errorf("the header has changed:\n%s", diff)
		}
	}
	if got := r.Run().Change(planned[0].Number); got == nil || got.State != journal.Applied {
		t.Errorf("the new change is %v", got)
	}
}

// What a person or a later version has put into a line or the header survives.
func TestUnknownFieldsAreKept(t *testing.T) {
	c := newConfigMaps()
	r := begin(t, c)
	plan(t, r, cordons(1)...)
	inRun("changes", `{"n":1,`, `{"n":1,"ticket":{"id":"<1>"},"STATE":"Planned",`)(c)
	inRun("run", `{"version":1,`, `{"version":1,"site":"Tokyo",`)(c)
	r = open(t, c)
	mark(t, r, journal.Restored, 1)
	finish(t, r, journal.OutcomeDone)
	object := c.seen(shardName(0))
	if got := object.Data["changes"]; !strings.HasSuffix(got, `"state":"Restored","ticket":{"id":"<1>"}}`+"\n") {
		t.Error(got)
	}
	if got := object.Data["run"]; !strings.HasSuffix(got, `"outcome":"Done","site":"Tokyo"}`) {
		t.Error(got)
	}
	if run := read(t, c); run.IsOpen() {
		t.Errorf("%+v", run)
	}
}

// A run that a newer version takes over while we work is not written any more.
func TestARunThatBecomesNewer(t *testing.T) {
	c := newConfigMaps()
	r := begin(t, c)
	plan(t, r, cordons(1)...)
	inRun("run", `"version":1`, `"version":2`)(c)
	before := c.seen(shardName(0)).ResourceVersion
	if err := r.Mark(t.Context(), journal.Applied, "", 1); err == nil || !strings.Contains(err.Error(), "can only be read") {
		t.Errorf("got %v", err)
	}
	if got := c.seen(shardName(0)).ResourceVersion; got != before {
		t.Error("it was written")
	}
}

// Labels that somebody has taken away are written again.
func TestLabelsAreMended(t *testing.T) {
	c := newConfigMaps()
	begin(t, c)
	c.edit(shardName(0), func(m *corev1.ConfigMap) { m.Labels = map[string]string{journal.JournalLabel: "maybe", "a": "b"} })
	r := open(t, c)
	plan(t, r, cordons(1)...)
	want := map[string]string{journal.JournalLabel: "open", journal.RunLabel: runID, "a": "b"}
	if diff := cmp.Diff(want, c.seen(shardName(0)).Labels); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestObjectString(t *testing.T) {
	for want, object := range map[string]journal.Object{
		"node/n1":                         {APIVersion: "v1", Kind: "Node", Name: "n1"},
		"statefulset/app/vantiq":          {APIVersion: "apps/v1", Kind: "StatefulSet", Namespace: "app", Name: "vantiq"},
		"pdb/shared/telegraf-prom":        {APIVersion: "policy/v1", Kind: "PodDisruptionBudget", Namespace: "shared", Name: "telegraf-prom"},
		"scaledobject/shared/vantiq-keda": {APIVersion: "keda.sh/v1alpha1", Kind: "ScaledObject", Namespace: "shared", Name: "vantiq-keda"},
	} {
		if got := object.String(); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}
