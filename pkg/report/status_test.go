// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package report

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/cluster"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/drain"
)

func at(seconds int) time.Time {
	return time.Date(2026, 11, 23, 5, 13, seconds, 0, time.UTC)
}

// view is a drain of three workloads in the middle.
func view() View {
	return View{
		Began: at(0),
		Names: NewNodeNames([]string{"aks-mongodbnp-34842842-vmss000001", "aks-keycloaknp-15823220-vmss000001"}),
		Status: drain.Status{
			Time: at(57), Total: 6, Gone: 3, Leaving: 1, ToGo: 2, Left: 94 * time.Second,
			Workloads: []drain.WorkloadStatus{
				{Ref: ref("Deployment", "web"), Floored: true, Ready: 3, Replicas: 3, Floor: 2, Whole: true},
				{
					Ref: ref("StatefulSet", "mongodb"), Floored: true, Ready: 2, Replicas: 3, Floor: 2, ToGo: 1, Leaving: 1,
					Waits: "2 of 3 Ready, floor 2 (profile); pod/app/mongodb-1: not Ready on aks-keycloaknp-15823220-vmss000001", Since: at(51),
				},
				{
					Ref: ref("Deployment", "api"), Floored: true, Ready: 4, Replicas: 4, Floor: 4, ToGo: 1,
					Waits: "4 of 4 Ready, floor 4 (pdb/forbid)", Since: at(30),
				},
			},
		},
	}
}

func ref(kind cluster.Kind, name string) cluster.Ref {
	return cluster.Ref{Kind: kind, Namespace: "app", Name: name}
}

func TestViewLines(t *testing.T) {
	want := `
[#######.......]  3 gone, 1 leaving, 2 to go   58s, about 2 min left
WORKLOAD         READY   FLOOR TO GO  SINCE  WAITS FOR
deploy app/api   4/4         4     1    28s  its floor: pdb/forbid
sts app/mongodb  2/3         2     1     7s  mongodb-1: not Ready on keycloakn…
deploy app/web   3/3         2     0         through`
	if diff := cmp.Diff(want, strings.Join(view().Lines(80, 24, at(58), Style{}), "\n")); diff != "" {
		t.Error(diff)
	}
}

func TestViewLinesWide(t *testing.T) {
	v := view()
	v.Left, v.Trouble, v.TroubleAt = 0, "connect:\nconnection refused\x1b[2J", at(55)
	want := `
[###############...............]  3 gone, 1 leaving, 2 to go   58s
WORKLOAD         READY   FLOOR TO GO  SINCE  WAITS FOR
deploy app/api   4/4         4     1    28s  its floor: pdb/forbid
sts app/mongodb  2/3         2     1     7s  mongodb-1: not Ready on keycloaknp-vmss000001
deploy app/web   3/3         2     0         through
API server (3s ago): connect: connection refused [2J`
	if diff := cmp.Diff(want, strings.Join(v.Lines(200, 50, at(58), Style{}), "\n")); diff != "" {
		t.Error(diff)
	}
}

// TestViewFits: never as wide as the screen, never more than half as high, with
// colours or without, and those that wait come first.
func TestViewFits(t *testing.T) {
	v := view()
	v.Trouble, v.TroubleAt = strings.Repeat("trouble ", 50), at(0)
	for i := range 40 {
		v.Workloads = append(v.Workloads, drain.WorkloadStatus{
			Ref: ref("Deployment", fmt.Sprintf("a-service-with-quite-a-long-name-%02d", i)), Floored: true, Ready: 3, Replicas: 3, Floor: 2, ToGo: 2,
		})
	}
	for _, width := range []int{1, 2, 10, 20, 40, 63, 64, 65, 80, 81, 100, 200} {
		for _, height := range []int{10, 24, 50} {
			for _, style := range []Style{{}, {on: true}} {
				lines := v.Lines(width, height, at(58), style)
				if len(lines) > max(8, height/3+5) {
					t.Errorf("%dx%d: %d lines", width, height, len(lines))
				}
				for _, line := range lines {
					if n := visible(line); n >= width {
						t.Errorf("%dx%d: %d columns: %q", width, height, n, line)
					}
				}
			}
		}
	}
	lines := v.Lines(80, 24, at(58), Style{})
	if !strings.Contains(lines[3], "app/api") || !strings.Contains(lines[4], "app/mongodb") {
		t.Errorf("those that wait are not first:\n%s", strings.Join(lines, "\n"))
	}
	if !strings.Contains(strings.Join(lines, "\n"), "and 34 more; 1 of 43 are through") {
		t.Errorf("the rest is not counted:\n%s", strings.Join(lines, "\n"))
	}
}

func TestAbout(t *testing.T) {
	tests := map[time.Duration]string{
		0:                  "",
		time.Second:        "less than 1 min left",
		44 * time.Second:   "less than 1 min left",
		50 * time.Second:   "about 1 min left",
		94 * time.Second:   "about 2 min left",
		242 * time.Second:  "about 4 min left",
		59 * time.Minute:   "about 59 min left",
		61 * time.Minute:   "about 1 h left",
		78 * time.Minute:   "about 1 h 20 min left",
		119 * time.Minute:  "about 2 h left",
		1205 * time.Minute: "about 20 h 10 min left",
	}
	for left, want := range tests {
		if got := about(left); got != want {
			t.Errorf("%s: %q, want %q", left, got, want)
		}
	}
}

func TestShortCause(t *testing.T) {
	sts, deploy := ref("StatefulSet", "db"), ref("Deployment", "web")
	tests := []struct {
		ref                  cluster.Ref
		cause, line, shorter string
	}{
		{sts, "2 of 3 Ready, floor 2 (profile); pod/app/db-2: Terminating", "db-2: Terminating", "db-2: Terminating"},
		{sts, "3 of 3 Ready, floor 3 (pdb/db)", "3 of 3 Ready, floor 3 (pdb/db)", "its floor: pdb/db"},
		{deploy, "pod/app/web-5c4-x7x8z: Pending", "web-5c4-x7x8z: Pending", "x7x8z: Pending"},
		{deploy, "waits for statefulset/app/db: 2 of 3 Ready", "waits for statefulset/app/db: 2 of 3 Ready", "waits for statefulset/app/db: 2 of 3 Ready"},
		{sts, "1 of 3 Ready, floor 2", "1 of 3 Ready, floor 2", "1 of 3 Ready, floor 2"},
	}
	for _, tt := range tests {
		line := shortCause(tt.ref, tt.cause)
		if shorter := shorterCause(tt.ref, line); line != tt.line || shorter != tt.shorter {
			t.Errorf("%s: %q, %q", tt.cause, line, shorter)
		}
	}
}
