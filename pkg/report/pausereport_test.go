// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package report

import (
	"cmp"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/api/v1alpha1"
)

func telegraf() v1alpha1.ObjectRef {
	return v1alpha1.ObjectRef{APIVersion: "apps/v1", Kind: "Deployment", Namespace: "shared", Name: "telegraf-prom"}
}

func budget() v1alpha1.ObjectRef {
	return v1alpha1.ObjectRef{APIVersion: "policy/v1", Kind: "PodDisruptionBudget", Namespace: "app", Name: "web"}
}

func member() v1alpha1.ObjectRef {
	return v1alpha1.ObjectRef{APIVersion: "v1", Kind: "Node", Name: "aks-mongodbnp-34842842-vmss000000"}
}

func next() Next {
	return Next{Again: "kubectl vantiq-upgrade go-on", GiveBack: "kubectl vantiq-upgrade give-back", Forced: "kubectl vantiq-upgrade go-on --force"}
}

// blocking is a finding that stands in the way.
func blocking() v1alpha1.Finding {
	return v1alpha1.Finding{Code: "VU-202", Severity: v1alpha1.SeverityError, Object: "pdb/app/web", Message: "m", Remedy: "r"}
}

// raw are the values of fields.
func raw(text string) json.RawMessage { return json.RawMessage(text) }

// when is a moment of the test's night.
func when(hour, minute int) *metav1.Time {
	return new(metav1.NewTime(time.Date(2026, 11, 23, hour, minute, 5, 0, time.UTC)))
}

// fits80 fails where a table does not fit a terminal of 80 columns. Findings have
// lines as long as they need.
func fits80(t *testing.T, text string) {
	t.Helper()
	for line := range strings.Lines(text) {
		if n := utf8.RuneCountInString(strings.TrimRight(line, " \n")); n > lineWidth && !strings.HasPrefix(line, "Error ") {
			t.Errorf("%d columns: %q", n, line)
		}
	}
}

func held(namespace, pdb, class string, workloads ...string) v1alpha1.Blocker {
	b := v1alpha1.Blocker{Namespace: namespace, PDB: pdb, Class: class, Cause: "because", Pods: []string{"p"}, Nodes: []string{"n1"}}
	for _, name := range workloads {
		b.Workloads = append(b.Workloads, v1alpha1.BlockedWorkload{Kind: "Deployment", Namespace: namespace, Name: name, Replicas: 1, Ready: 1})
	}
	return b
}

func TestPauseReport(t *testing.T) {
	chosen := held("shared", "telegraf-prom", "PermanentBySize", "telegraf-prom")
	chosen.Mode, chosen.ModeFrom, chosen.Owner = "scale-to-zero", "profile", &v1alpha1.Owner{Kind: "Helm", Name: "shared/telegraf"}
	refused := held("app", "web", "PermanentBySpec", "web")
	refused.Mode, refused.Refused = "surge", "it cannot"
	later := held("app", "api", "PermanentBySize", "api", "worker")
	later.Later = true
	paused := v1alpha1.PausedField{
		Run: "20261123-103305-x7k2p", Number: 1, Object: telegraf(), UID: "u-1", Field: "spec.replicas", Before: raw("1"), After: raw("0"),
		Mode: "scale-to-zero", Expires: when(10, 33), State: v1alpha1.PauseStateApplied,
	}
	planned := paused
	planned.State, planned.Run, planned.Expires = v1alpha1.PauseStatePlanned, "", nil

	tests := map[string]struct {
		report v1alpha1.PauseReport
		wide   bool
		want   string
	}{
		"every kind of blocker": {
			report: v1alpha1.PauseReport{
				Outcome: v1alpha1.PauseBlocked, DryRun: "client",
				Blockers: []v1alpha1.Blocker{chosen, refused, held("app", "twice", "Several", "twice"), held("app", "lone", "Failed"), later, held("app", "busy", "Transient", "busy")},
				Paused:   []v1alpha1.PausedField{planned},
				Findings: []v1alpha1.Finding{blocking()},
			},
			want: `
PDB                    BLOCKS      WORKLOAD               PODS   RELIEF
shared/telegraf-prom   by size     deploy telegraf-prom   1      scale-to-zero
app/web                by spec     deploy web             1      refused
app/twice              several     deploy twice           1      none
app/lone               failed      <none>                 1      none
app/api                later       deploy api +1          1      none
app/busy               transient   deploy busy            1      by itself

OBJECT                        CHANGE            STATE
deploy shared/telegraf-prom   replicas 1 -> 0   Planned

Error VU-202 pdb/app/web: m
  → r
About a code: kubectl vantiq-upgrade explain VU-202
Would block: 6 blockers; 1 change would be made, 1 error would remain.
Nothing was touched (dry run: client).
Next: kubectl vantiq-upgrade go-on
`,
		},
		"wide": {
			report: v1alpha1.PauseReport{
				Outcome: v1alpha1.PauseDone, DryRun: "none",
				Blockers: []v1alpha1.Blocker{chosen, later}, Paused: []v1alpha1.PausedField{paused},
			},
			wide: true,
			want: `
PDB                    BLOCKS    WORKLOAD                   PODS   RELIEF          OWNER                  NODES   CAUSE
shared/telegraf-prom   by size   deploy telegraf-prom       1      scale-to-zero   Helm shared/telegraf   n1      because
app/api                later     deploy api,deploy worker   1      none            <none>                 n1      because

OBJECT                        CHANGE                 STATE     MODE            EXPIRES                     RUN                     UID
deploy shared/telegraf-prom   spec.replicas 1 -> 0   Applied   scale-to-zero   2026-11-23T19:33:05+09:00   20261123-103305-x7k2p   u-1

Done: 1 change made and read back.
To be given back by 2026-11-23 19:33:05; after that every command warns.
Next: drain the pools, then kubectl vantiq-upgrade give-back
`,
		},
		"planned": {
			report: v1alpha1.PauseReport{Outcome: v1alpha1.PausePlanned, DryRun: "server", Paused: []v1alpha1.PausedField{planned}},
			want: `
OBJECT                        CHANGE            STATE
deploy shared/telegraf-prom   replicas 1 -> 0   Planned

Nothing would block. Nothing was touched (dry run: server).
`,
		},
		"nothing to do": {
			report: v1alpha1.PauseReport{Outcome: v1alpha1.PauseNothingToDo},
			want:   "Nothing is there to be relieved. Nothing was changed.",
		},
		"made, without effect, and given back": {
			report: v1alpha1.PauseReport{Outcome: v1alpha1.PauseBlocked, DryRun: "none", Findings: []v1alpha1.Finding{blocking()}, Paused: []v1alpha1.PausedField{
				{Object: telegraf(), Field: "spec.replicas", Before: raw("1"), After: raw("2"), State: v1alpha1.PauseStateFailed},
			}},
			want: `
OBJECT                        CHANGE            STATE
deploy shared/telegraf-prom   replicas 1 -> 2   Failed

Error VU-202 pdb/app/web: m
  → r
About a code: kubectl vantiq-upgrade explain VU-202
Blocked by 1 finding; 0 changes made.
Next: mend what is named above, then kubectl vantiq-upgrade go-on
`,
		},
		"some of it": {
			report: v1alpha1.PauseReport{Outcome: v1alpha1.PauseStopped, DryRun: "none", Paused: []v1alpha1.PausedField{paused}, Findings: []v1alpha1.Finding{blocking()}},
			want: `
OBJECT                        CHANGE            STATE
deploy shared/telegraf-prom   replicas 1 -> 0   Applied

Error VU-202 pdb/app/web: m
  → r
About a code: kubectl vantiq-upgrade explain VU-202
Still blocked by 1 finding; 1 change made and read back.
To be given back by 2026-11-23 19:33:05; after that every command warns.
To give back: kubectl vantiq-upgrade give-back
Next: mend what is named above, then kubectl vantiq-upgrade go-on
`,
		},
		"stopped": {
			report: v1alpha1.PauseReport{Outcome: v1alpha1.PauseStopped, DryRun: "none", Paused: []v1alpha1.PausedField{
				paused,
				{Object: budget(), Field: "spec.minAvailable", Before: raw(`"100%"`), After: raw("2"), State: v1alpha1.PauseStateFailed},
				{Object: budget(), Field: "spec.unhealthyPodEvictionPolicy", Before: raw("null"), After: raw(`"AlwaysAllow"`), State: v1alpha1.PauseStateKept},
			}},
			want: `
OBJECT                        CHANGE                                 STATE
deploy shared/telegraf-prom   replicas 1 -> 0                        Applied
pdb app/web                   minAvailable 100% -> 2                 Failed
pdb app/web                   unhealthyPolicy unset -> AlwaysAllow   Kept

Stopped part-way: 1 change made, 1 not.
Next: mend what is named above, then kubectl vantiq-upgrade go-on
To give back: kubectl vantiq-upgrade give-back
`,
		},
		"interrupted": {
			report: v1alpha1.PauseReport{Outcome: v1alpha1.PauseInterrupted, DryRun: "none"},
			want: `
Interrupted. Nothing new was changed after the signal: 0 changes made, 0 not.
To go on: kubectl vantiq-upgrade go-on
To give back: kubectl vantiq-upgrade give-back
`,
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			var out strings.Builder
			if err := PauseReport(&out, &test.report, next(), Style{}, test.wide); err != nil {
				t.Fatal(err)
			}
			lines(t, out.String(), test.want)
			if !test.wide {
				fits80(t, out.String())
			}
		})
	}
}

func TestRestoreReport(t *testing.T) {
	field := func(o v1alpha1.ObjectRef, path, from, to string, state v1alpha1.RestoreState) v1alpha1.RestoredField {
		return v1alpha1.RestoredField{Run: "20261123-103305-x7k2p", Number: 1, Object: o, UID: "u-1", Field: path, From: raw(from), To: raw(to), Mode: "m", State: state, Message: "why\x1b[2J"}
	}
	back := field(telegraf(), "spec.replicas", "0", "1", v1alpha1.RestoreRestored)
	conflict := field(budget(), "spec.minAvailable", "5", `"50%"`, v1alpha1.RestoreConflict)
	uncordoned := field(member(), "spec.unschedulable", "true", "null", v1alpha1.RestoreAlreadyBack)
	gone := field(budget(), "spec.maxUnavailable", "null", "0", v1alpha1.RestoreGone)

	tests := map[string]struct {
		outcome  v1alpha1.PauseOutcome
		dryRun   string
		restored []v1alpha1.RestoredField
		findings []v1alpha1.Finding
		wide     bool
		want     string
	}{
		"done": {
			outcome: v1alpha1.PauseDone, restored: []v1alpha1.RestoredField{back, uncordoned, gone, field(telegraf(), "spec.replicas", "1", "1", v1alpha1.RestoreNotApplied)},
			want: `
OBJECT                        CHANGE                               STATE
deploy shared/telegraf-prom   replicas 0 -> 1                      Restored
node mongodbnp-vmss000000     unschedulable unset (already back)   AlreadyBack
pdb app/web                   maxUnavailable (gone) -> 0           Gone
deploy shared/telegraf-prom   replicas 1 (never changed)           NotApplied

Done: 2 changes given back and read back. Nothing of ours is left of them.
`,
		},
		"a node that takes pods again": {
			outcome: v1alpha1.PauseDone, restored: []v1alpha1.RestoredField{field(member(), "spec.unschedulable", "true", "null", v1alpha1.RestoreRestored)},
			want: `
OBJECT                      CHANGE                        STATE
node mongodbnp-vmss000000   unschedulable true -> unset   Restored

Done: 1 change given back and read back. Nothing of ours is left of them.
Pods that had moved stay where they are: kubectl vantiq-upgrade placement-check
`,
		},
		"a conflict comes first": {
			outcome: v1alpha1.PauseStopped, restored: []v1alpha1.RestoredField{back, conflict},
			want: `
OBJECT                        CHANGE                  STATE
pdb app/web                   minAvailable 5 -> 50%   Conflict
deploy shared/telegraf-prom   replicas 0 -> 1         Restored

Not all given back: 1 change given back, 1 left untouched; see the findings.
To put the recorded values back all the same: kubectl vantiq-upgrade go-on --force
`,
		},
		"given back, and the journal refuses to have it written down": {
			outcome: v1alpha1.PauseBlocked, restored: []v1alpha1.RestoredField{back},
			findings: []v1alpha1.Finding{{Code: "VU-330", Severity: v1alpha1.SeverityError, Object: "o", Message: "m", Remedy: "r"}},
			want: `
OBJECT                        CHANGE            STATE
deploy shared/telegraf-prom   replicas 0 -> 1   Restored

Error VU-330 o: m
  → r
About a code: kubectl vantiq-upgrade explain VU-330
1 change given back, but not all of that is written down: see the findings.
`,
		},
		"what was paused is gone": {
			outcome: v1alpha1.PauseDone, restored: []v1alpha1.RestoredField{gone},
			want: `
OBJECT        CHANGE                       STATE
pdb app/web   maxUnavailable (gone) -> 0   Gone

Done: nothing had to be given back any more. Nothing of ours is left of it.
`,
		},
		"a journal that cannot be read to the end": {
			outcome: v1alpha1.PauseBlocked, restored: []v1alpha1.RestoredField{back},
			want: `
OBJECT                        CHANGE            STATE
deploy shared/telegraf-prom   replicas 0 -> 1   Restored

1 change given back, but there may be more: not all of the journal and the marks can be read; see the findings.
`,
		},
		// The same command would be refused again, so it is not what to type next.
		"one is refused": {
			outcome: v1alpha1.PauseStopped, restored: []v1alpha1.RestoredField{back, field(budget(), "spec.minAvailable", "0", "1", v1alpha1.RestoreFailed)},
			want: `
OBJECT                        CHANGE                STATE
pdb app/web                   minAvailable 0 -> 1   Failed
deploy shared/telegraf-prom   replicas 0 -> 1       Restored

Not all given back: 1 change given back, 1 left untouched; see the findings.
Next: mend what is named above, then kubectl vantiq-upgrade go-on
`,
		},
		// Only what was read back is counted: the server went away before the second.
		"one was not come to": {
			outcome: v1alpha1.PauseStopped, restored: []v1alpha1.RestoredField{back, field(budget(), "spec.minAvailable", "0", "1", v1alpha1.RestorePlanned)},
			want: `
OBJECT                        CHANGE                STATE
deploy shared/telegraf-prom   replicas 0 -> 1       Restored
pdb app/web                   minAvailable 0 -> 1   Planned

Stopped part-way: 1 change given back, 1 not yet.
To go on: kubectl vantiq-upgrade go-on
`,
		},
		"nothing but a conflict": {
			outcome: v1alpha1.PauseBlocked, restored: []v1alpha1.RestoredField{conflict},
			want: `
OBJECT        CHANGE                  STATE
pdb app/web   minAvailable 5 -> 50%   Conflict

Nothing given back: 1 left; see the findings.
To put the recorded values back all the same: kubectl vantiq-upgrade go-on --force
`,
		},
		"a conflict in a dry run": {
			outcome: v1alpha1.PauseBlocked, dryRun: "server", restored: []v1alpha1.RestoredField{field(telegraf(), "spec.replicas", "0", "1", v1alpha1.RestoreReturned), conflict},
			want: `
OBJECT                        CHANGE                  STATE
pdb app/web                   minAvailable 5 -> 50%   Conflict
deploy shared/telegraf-prom   replicas 0 -> 1         Returned

Not all can be given back: 1 change to be given back, 1 to be left; see the findings.
Nothing was touched (dry run: server).
To put the recorded values back all the same: kubectl vantiq-upgrade go-on --force
`,
		},
		"wide": {
			outcome: v1alpha1.PauseStopped, restored: []v1alpha1.RestoredField{uncordoned, field(telegraf(), "spec.replicas", "0", "1", v1alpha1.RestoreNotReady)}, wide: true,
			want: `
OBJECT                                   CHANGE                                    STATE         MODE   RUN                     UID   MESSAGE
deploy shared/telegraf-prom              spec.replicas 0 -> 1                      NotReady      m      20261123-103305-x7k2p   u-1   why [2J
node aks-mongodbnp-34842842-vmss000000   spec.unschedulable unset (already back)   AlreadyBack   m      20261123-103305-x7k2p   u-1   why [2J

Stopped part-way: 1 change given back, 1 not yet.
To go on: kubectl vantiq-upgrade go-on
`,
		},
		"planned": {
			outcome: v1alpha1.PausePlanned, dryRun: "client", restored: []v1alpha1.RestoredField{field(telegraf(), "spec.replicas", "0", "2", v1alpha1.RestorePlanned)},
			want: `
OBJECT                        CHANGE            STATE
deploy shared/telegraf-prom   replicas 0 -> 2   Planned

1 change to be given back. Nothing was touched (dry run: client).
Next: kubectl vantiq-upgrade go-on
`,
		},
		"planned, and somebody was quicker": {
			outcome: v1alpha1.PausePlanned, dryRun: "client", restored: []v1alpha1.RestoredField{field(telegraf(), "spec.replicas", "1", "1", v1alpha1.RestorePlanned)},
			want: `
OBJECT                        CHANGE                      STATE
deploy shared/telegraf-prom   replicas 1 (already back)   Planned

1 change to be given back. Nothing was touched (dry run: client).
Next: kubectl vantiq-upgrade go-on
`,
		},
		"nothing": {outcome: v1alpha1.PauseNothingToDo, want: "Nothing of ours is left to be given back. Nothing was changed."},
		"interrupted": {
			outcome: v1alpha1.PauseInterrupted, restored: []v1alpha1.RestoredField{field(telegraf(), "spec.replicas", "0", "1", v1alpha1.RestoreFailed)},
			want: `
OBJECT                        CHANGE            STATE
deploy shared/telegraf-prom   replicas 0 -> 1   Failed

Interrupted. Nothing new was changed after the signal: 0 changes given back, 1 not yet.
To go on: kubectl vantiq-upgrade go-on
`,
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			var out strings.Builder
			r := &v1alpha1.RestoreReport{Outcome: test.outcome, DryRun: cmp.Or(test.dryRun, "none"), Restored: test.restored, Findings: test.findings}
			if err := RestoreReport(&out, r, next(), Style{}, test.wide); err != nil {
				t.Fatal(err)
			}
			lines(t, out.String(), test.want)
		})
	}
}

func TestStatusReport(t *testing.T) {
	run := func(id, command, outcome string, open, total int) v1alpha1.RunStatus {
		return v1alpha1.RunStatus{ID: id, Command: command, Operator: "taro", Host: "taro@bastion", Started: *when(8, 16), Outcome: outcome, Open: open, Total: total}
	}
	changed := func(o v1alpha1.ObjectRef, path, before, after, now string, state v1alpha1.ChangeState) v1alpha1.ChangeStatus {
		return v1alpha1.ChangeStatus{
			Run: "20261123-081605-x7k2p", Number: 1, Object: o, UID: "u-1", Field: path, Before: raw(before), After: raw(after), Now: raw(now),
			Mode: "m", Since: *when(8, 16), State: state,
		}
	}
	expired := changed(budget(), "spec.minAvailable", "2", "1", "1", v1alpha1.ChangeOurs)
	expired.Expired, expired.Expires = true, when(9, 0)
	full := v1alpha1.StatusReport{
		Lock: &v1alpha1.LockStatus{Holder: "taro@bastion", Command: "drain-pool mongodbnp", Since: when(8, 20)},
		Runs: []v1alpha1.RunStatus{
			run("20261123-082005-aaaaa", "drain-pool mongodbnp --yes", "", 1, 3),
			run("20261123-081605-x7k2p", "pause-pdb-blockers", "Done", 2, 2),
			run("20261122-081605-bbbbb", "uncordon-pool", "Interrupted", 0, 3),
		},
		Changes: []v1alpha1.ChangeStatus{
			changed(member(), "spec.unschedulable", "null", "true", "true", v1alpha1.ChangeOurs),
			changed(telegraf(), "spec.replicas", "1", "0", "1", v1alpha1.ChangeReverted), expired,
		},
		Findings: []v1alpha1.Finding{blocking()},
	}
	many := v1alpha1.StatusReport{Lock: &v1alpha1.LockStatus{Holder: "x\x1b[2Jy", Lapsed: true}}
	for i := range 30 {
		many.Runs = append(many.Runs, run(fmt.Sprintf("run-%02d", i), "c", "Done", 0, 1))
		many.Changes = append(many.Changes, changed(v1alpha1.ObjectRef{Kind: "Node", Name: fmt.Sprintf("n%02d", i)}, "spec.unschedulable", "null", "true", "true", v1alpha1.ChangeOurs))
	}
	many.Runs[29].Open = 1
	many.Changes[29].State = v1alpha1.ChangeGone

	printedBy := func(r *v1alpha1.StatusReport, style Style, wide bool) string {
		var out strings.Builder
		if err := StatusReport(&out, r, next(), style, wide); err != nil {
			t.Fatal(err)
		}
		return out.String()
	}
	printed := func(r *v1alpha1.StatusReport, wide bool) string { return printedBy(r, Style{}, wide) }
	lines(t, printed(&full, false), `
Lock: taro@bastion runs "drain-pool mongodbnp" since 2026-11-23 17:20:05

RUN                     COMMAND                      STARTED       OUTCOME       OPEN
20261123-082005-aaaaa   drain-pool mongodbnp --yes   11-23 17:16   unfinished    1/3
20261123-081605-x7k2p   pause-pdb-blockers           11-23 17:16   Done          2/2
20261122-081605-bbbbb   uncordon-pool                11-23 17:16   Interrupted   0/3

OBJECT                        CHANGE                        SINCE         STATE      RUN
deploy shared/telegraf-prom   replicas 1 -> 0, now 1        11-23 17:16   Reverted   20261123-081605-x7k2p
pdb app/web                   minAvailable 2 -> 1           11-23 17:16   Expired    20261123-081605-x7k2p
node mongodbnp-vmss000000     unschedulable unset -> true   11-23 17:16   Ours       20261123-081605-x7k2p

Error VU-202 pdb/app/web: m
  → r
About a code: kubectl vantiq-upgrade explain VU-202
3 changes of ours in the cluster.
To go on: kubectl vantiq-upgrade go-on
To give back: kubectl vantiq-upgrade give-back
`)
	got := printedBy(&full, Style{width: 80}, false)
	fits80(t, got)
	lines(t, got, `
Lock: taro@bastion runs "drain-pool mongodbnp" since 2026-11-23 17:20:05

RUN                     COMMAND                STARTED       OUTCOME       OPEN
20261123-082005-aaaaa   drain-pool mongod…     11-23 17:16   unfinished    1/3
20261123-081605-x7k2p   pause-pdb-blockers     11-23 17:16   Done          2/2
20261122-081605-bbbbb   uncordon-pool          11-23 17:16   Interrupted   0/3

OBJECT                        CHANGE                        STATE      RUN
deploy shared/telegraf-prom   replicas 1 -> 0, now 1        Reverted   …x7k2p
pdb app/web                   minAvailable 2 -> 1           Expired    …x7k2p
node mongodbnp-vmss000000     unschedulable unset -> true   Ours       …x7k2p

Error VU-202 pdb/app/web: m
  → r
About a code: kubectl vantiq-upgrade explain VU-202
3 changes of ours in the cluster.
To go on: kubectl vantiq-upgrade go-on
To give back: kubectl vantiq-upgrade give-back
`)
	full.Lock.Command = "drain-pool " + strings.Repeat("x", 80)
	if got = printedBy(&full, Style{width: 80}, false); widest(got) >= 80 || !strings.Contains(got, "…\" since 2026-11-23 17:20:05\n") {
		t.Errorf("a long command of the lock:\n%s", got)
	}
	full.Lock.Command = "drain-pool mongodbnp"
	full.Changes = full.Changes[2:]
	full.Runs = full.Runs[:1]
	lines(t, printed(&full, true), `
Lock: taro@bastion runs "drain-pool mongodbnp" since 2026-11-23 17:20:05

RUN                     COMMAND                      STARTED                     OUTCOME      OPEN   ENDED   OPERATOR   HOST
20261123-082005-aaaaa   drain-pool mongodbnp --yes   2026-11-23T17:16:05+09:00   unfinished   1/3            taro       taro@bastion

OBJECT        CHANGE                     SINCE                       STATE     RUN                     NOW   MODE   EXPIRES                     UID
pdb app/web   spec.minAvailable 2 -> 1   2026-11-23T17:16:05+09:00   Expired   20261123-081605-x7k2p   1     m      2026-11-23T18:00:05+09:00   u-1

Error VU-202 pdb/app/web: m
  → r
About a code: kubectl vantiq-upgrade explain VU-202
1 change of ours in the cluster.
To go on: kubectl vantiq-upgrade go-on
To give back: kubectl vantiq-upgrade give-back
`)
	lines(t, func() string {
		var out strings.Builder
		if err := StatusReport(&out, &v1alpha1.StatusReport{}, Next{}, Style{}, false); err != nil {
			t.Fatal(err)
		}
		return out.String()
	}(), `
Lock: free; no command is working

Clean: nothing of ours is left in the cluster.
`)

	for severity, want := range map[v1alpha1.Severity]string{
		v1alpha1.SeverityError: "It cannot be told whether anything of ours is left", v1alpha1.SeverityWarning: "No change of ours is left to be given back; see the findings",
	} {
		found := v1alpha1.StatusReport{Findings: []v1alpha1.Finding{{Code: "VU-324", Severity: severity, Object: "o", Message: "m", Remedy: "r"}}}
		if got := printed(&found, false); strings.Contains(got, "Clean") || !strings.Contains(got, want) {
			t.Errorf("%s:\n%s", severity, got)
		}
	}
	// What was written down and never made is not ours.
	for want, states := range map[string][]v1alpha1.ChangeState{
		"1 change of ours in the cluster.":    {v1alpha1.ChangeOurs, v1alpha1.ChangeNotApplied},
		"Nothing of ours is in the cluster: ": {v1alpha1.ChangeNotApplied},
	} {
		r := &v1alpha1.StatusReport{}
		for _, state := range states {
			r.Changes = append(r.Changes, changed(member(), "spec.unschedulable", "null", "true", "null", state))
		}
		if got := printed(r, false); !strings.Contains(got, want) {
			t.Errorf("%q is missing:\n%s", want, got)
		}
	}

	got = printed(&many, false)
	for _, want := range []string{
		"Lock: x [2Jy\nIt has lapsed: its holder is gone, the next command takes over.\n",
		"run-04", "run-29", "and 24 more finished runs; -o wide shows all\n",
		"RUN\nnode n29", "node n18", "and 10 more changes; -o wide shows all\n",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is missing:\n%s", want, got)
		}
	}
	if strings.Contains(got, "run-05") || strings.Contains(got, "node n19") || strings.Contains(got, "\x1b") {
		t.Errorf("it shows too much:\n%s", got)
	}
	if got = printed(&many, true); !strings.Contains(got, "run-05") || !strings.Contains(got, "node n19") {
		t.Errorf("wide, it shows too little:\n%s", got)
	}
}
