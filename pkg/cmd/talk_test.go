// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package cmd

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/cli-runtime/pkg/genericiooptions"
	clocktesting "k8s.io/utils/clock/testing"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/api/v1alpha1"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/drain"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/pool"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/report"
)

// said has a talk tell one of everything, over midnight, and returns what it
// wrote.
func said(t *testing.T, quiet bool, events string) string {
	t.Helper()
	streams, _, _, out := genericiooptions.NewTestIOStreams()
	c := clocktesting.NewFakeClock(time.Date(2026, 11, 23, 23, 59, 58, 0, time.Local))
	s := &suite{System: testSystem(), logs: &logs{to: out}}
	s.IOStreams, s.Clock = streams, c
	talk := s.newTalk(quiet, events)
	talk.note("Took over the lock of taro@bastion: that run ended without giving it back.")
	targets := []drain.Target{{Pod: &corev1.Pod{}}}
	talk.begin(&drain.Plan{Pool: pool.Pool{Name: "old", Nodes: []*corev1.Node{{}}}, Targets: targets, Waves: [][]drain.Target{targets}}, report.NewNodeNames(nil))
	refused := &url.Error{Op: "Get", URL: "https://127.0.0.1:1/api", Err: errors.New("connection refused")}
	talk.trouble(refused)
	talk.trouble(refused)
	fmt.Fprint(s.logs, "W1123 warning\nE1123 error\n")
	c.Step(time.Minute)
	talk.event(drain.Event{Time: c.Now(), Type: drain.Gone, Object: "pod/app/db-0", Node: "n1", Gone: 1, Total: 1})
	talk.finish(&v1alpha1.DrainReport{ObjectMeta: metav1.ObjectMeta{Name: "old"}, Outcome: v1alpha1.DrainDone})
	return out.String()
}

func TestTalkText(t *testing.T) {
	got := regexp.MustCompile(`\(.*UTC.*\)`).ReplaceAllString(said(t, false, eventsText), "(zone)")
	want := `Took over the lock of taro@bastion: that run ended without giving it back.
23:59:58 date     2026-11-23 (zone)
23:59:58 started  pool/old: 1 pod to move from 1 node
23:59:58 trouble  API server: connection refused; trying again
W1123 warning
E1123 error
00:00:58 date     2026-11-24 (zone)
00:00:58 gone     pod/app/db-0 from n1
00:00:58 finished pool/old: Done, 1 of 1 pod gone
`
	if got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
}

// TestTalkIsParted: on one terminal a blank line is between what was told and the
// result, where something was.
func TestTalkIsParted(t *testing.T) {
	for name, tt := range map[string]struct {
		parted, quiet bool
		events        string
		want          bool
	}{
		"terminal":        {parted: true, events: eventsText, want: true},
		"pipe":            {events: eventsText},
		"quiet":           {parted: true, quiet: true, events: eventsText},
		"for programs":    {parted: true, events: eventsJSON},
		"nothing is told": {parted: true},
	} {
		streams, _, _, out := genericiooptions.NewTestIOStreams()
		s := &suite{System: testSystem(), logs: &logs{to: out}}
		s.IOStreams = streams
		talk := s.newTalk(tt.quiet, tt.events)
		talk.parted = tt.parted
		if tt.events != "" {
			talk.change("deployment/shared/telegraf-prom", "replicas 1 → 0")
		}
		talk.finish(nil)
		if got := strings.HasSuffix(out.String(), "\n\n"); got != tt.want || tt.events == "" && out.Len() > 0 {
			t.Errorf("%s: %q", name, out)
		}
	}
}

func TestTalkQuiet(t *testing.T) {
	if got := said(t, true, eventsText); got != "E1123 error\n" {
		t.Errorf("got:\n%s", got)
	}
}

func TestTalkJSON(t *testing.T) {
	var types []string
	for line := range bytes.Lines([]byte(said(t, false, eventsJSON))) {
		var e v1alpha1.DrainEvent
		if err := json.Unmarshal(line, &e); err != nil {
			t.Fatalf("%v: %s", err, line)
		}
		types = append(types, string(e.Type))
	}
	want := []string{"Note", "Started", "Trouble", "Note", "Note", "Gone", "Finished"}
	if !slices.Equal(types, want) {
		t.Errorf("%s, want %s", types, want)
	}
}

func TestTalkFlags(t *testing.T) {
	tests := map[string]struct {
		flags talkFlags
		asks  bool
		want  string
	}{
		"text":           {talkFlags{false, "text"}, true, ""},
		"quiet":          {talkFlags{true, "text"}, true, ""},
		"json":           {talkFlags{false, "json"}, false, ""},
		"json and quiet": {talkFlags{true, "json"}, false, "--quiet"},
		"json and asks":  {talkFlags{false, "json"}, true, "--yes"},
		"unknown":        {talkFlags{false, "xml"}, false, `"xml"`},
	}
	for name, tt := range tests {
		wantError(t, name, tt.flags.validate(tt.asks), tt.want)
	}
}

// wantError fails unless err has the words, or is nil where there are none.
func wantError(t *testing.T, name string, err error, words string) {
	t.Helper()
	switch {
	case words == "" && err != nil:
		t.Errorf("%s: %v", name, err)
	case words != "" && (err == nil || !strings.Contains(err.Error(), words)):
		t.Errorf("%s: %v, want %q", name, err, words)
	}
}

// TestWords: what is wrong with a command line is said for the operator.
func TestWords(t *testing.T) {
	tests := map[string][]string{
		`no subcommand "drain-pol"; did you mean drain-pool?`: {"drain-pol", "mongodbnp", "--yes"},
		`no subcommand "drain"; did you mean drain-pool?`:     {"drain"},
		`no subcommand "xyz"; kubectl vantiq-upgrade --help`:  {"xyz"},
		"one pool at a time; got a b":                         {"drain-pool", "a", "b"},
		"one pool at a time; got a b c":                       {"uncordon-pool", "a", "b", "c"},
		"an equals sign: --dry-run=server":                    {"drain-pool", "a", "--dry-run", "server"},
		"must be none, client or server":                      {"drain-pool", "a", "--dry-run=true"},
		"version takes no arguments; got x":                   {"version", "x"},
		"unknown flag: --quickly":                             {"drain-pool", "a", "--quickly"},
		"status takes no arguments; got foo":                  {"status", "foo"},
		"an equals sign: --pause-pdb-blockers=surge":          {"drain-pool", "a", "--pause-pdb-blockers", "surge"},
		"one pool at a time; got a surge":                     {"drain-pool", "a", "surge"},
		`one of profile, scale-to-zero, surge, got "foo"`:     {"drain-pool", "a", "--pause-pdb-blockers=foo"},
		`there is no output format "foo", only: wide, `:       {"status", "-o", "foo"},
		"which pool?": {"uncordon-pool", "--yes"},
		"--quiet silences the events that --events=json asks for": {"drain-pool", "a", "-q", "--events=json"},
	}
	for want, args := range tests {
		root, err := NewRootCommand(testSystem())
		if err != nil {
			t.Fatal(err)
		}
		root.SetArgs(args)
		wantError(t, strings.Join(args, " "), root.ExecuteContext(t.Context()), want)
	}
}
