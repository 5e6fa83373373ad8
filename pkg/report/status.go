// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package report

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/cluster"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/drain"
)

// View is how a drain stands, as the living area of a terminal shows it.
type View struct {
	drain.Status
	// Began is when the drain began.
	Began time.Time
	// Trouble is what the API server's last trouble was, TroubleAt when; empty
	// when it answers.
	Trouble   string
	TroubleAt time.Time
	Names     *NodeNames
}

// Bounds of the area.
const (
	// fewestRows and mostRows bound the workloads that are listed; between them
	// they take a third of the screen.
	fewestRows, mostRows = 3, 14
	// narrow is the width below which there is no bar, roomy the one from which
	// it is long.
	narrow, roomy = 64, 100
	// widestName bounds the column of names.
	widestName = 40
)

// Lines draws the view for a screen of a width and a height. No line is as wide
// as the screen: some terminals wrap when the last column is written, and in
// some fonts … takes two columns.
func (v View) Lines(width, height int, now time.Time, style Style) []string {
	width--
	lines := []string{"", v.headline(width, now, style)}
	if len(v.Workloads) > 0 {
		lines = append(lines, v.workloads(width, min(max(height/3, fewestRows), mostRows), now, style)...)
	}
	if v.Trouble != "" {
		text := fmt.Sprintf("API server (%s ago): %s", since(v.TroubleAt, now), v.Names.In(oneLine(v.Trouble)))
		lines = append(lines, style.Red(cut(text, width)))
	}
	return lines
}

// headline is the bar, the counts and the times.
func (v View) headline(width int, now time.Time, style Style) string {
	text := fmt.Sprintf("%d gone, %d leaving, %d to go", v.Gone, v.Leaving, v.ToGo)
	text += "   " + since(v.Began, now)
	if left := about(v.Left); left != "" {
		text += ", " + left
	}
	if width < narrow {
		return style.Bold(cut(text, width))
	}
	length := 14
	if width >= roomy {
		length = 30
	}
	bar := "[" + strings.Repeat("#", part(v.Gone, v.Total, length)) +
		strings.Repeat(".", length-part(v.Gone, v.Total, length)) + "]  "
	return bar + style.Bold(cut(text, width-len(bar)))
}

func part(n, of, length int) int {
	if of == 0 {
		return 0
	}
	return n * length / of
}

// about says how long the rest takes, no more exactly than is known.
func about(left time.Duration) string {
	switch minutes := int(left.Round(time.Minute) / time.Minute); {
	case left <= 0:
		return ""
	case left < 45*time.Second:
		return "less than 1 min left"
	case minutes < 60:
		return fmt.Sprintf("about %d min left", max(minutes, 1))
	default:
		tens := (minutes + 5) / 10
		return strings.TrimSuffix(fmt.Sprintf("about %d h %d0 min", tens/6, tens%6), " 00 min") + " left"
	}
}

// since is how long something has lasted, in whole seconds.
func since(begin, now time.Time) string {
	return max(now.Sub(begin), 0).Truncate(time.Second).String()
}

// workloads lists those that are not through, the most worrying first.
func (v View) workloads(width, most int, now time.Time, style Style) []string {
	rows := slices.Clone(v.Workloads)
	slices.SortStableFunc(rows, func(a, b drain.WorkloadStatus) int {
		return cmp.Or(cmp.Compare(rank(a), rank(b)), a.Since.Compare(b.Since),
			cmp.Compare(a.Ref.Namespace, b.Ref.Namespace), cmp.Compare(a.Ref.Name, b.Ref.Name))
	})
	through := 0
	for _, w := range rows {
		if w.Whole {
			through++
		}
	}
	shown := rows
	if len(rows) > most {
		shown = rows[:min(most, len(rows)-through)]
	}
	names, header := 0, len("WORKLOAD")
	for _, w := range shown {
		names = max(names, len([]rune(name(w))))
	}
	names = max(header, min(names, widestName, width/2))
	lines := []string{style.Faint(cut(fmt.Sprintf("%-*s  %-7s %5s %5s %6s  %s", names, "WORKLOAD", "READY", "FLOOR", "TO GO", "SINCE", "WAITS FOR"), width))}
	for _, w := range shown {
		lines = append(lines, v.row(w, names, width, now, style))
	}
	if len(shown) < len(rows) {
		text := fmt.Sprintf("%d of %d are through", through, len(rows))
		if rest := len(rows) - through - len(shown); rest > 0 {
			text = fmt.Sprintf("and %d more; ", rest) + text
		}
		lines = append(lines, style.Faint(cut(text, width)))
	}
	return lines
}

// rank puts first what was given up, then what is short, what waits, what goes
// on, and last what is through.
func rank(w drain.WorkloadStatus) int {
	switch {
	case w.Stopped:
		return 0
	case w.Whole:
		return 4
	case w.Floored && w.Ready < w.Floor:
		return 1
	case w.Waits != "":
		return 2
	}
	return 3
}

func name(w drain.WorkloadStatus) string {
	return workload(string(w.Ref.Kind), w.Ref.Namespace, w.Ref.Name)
}

// row is one workload: its readiness against its floor, and what it waits for.
func (v View) row(w drain.WorkloadStatus, names, width int, now time.Time, style Style) string {
	ready, floor := "", ""
	if w.Floored {
		ready, floor = fmt.Sprintf("%d/%d", w.Ready, w.Replicas), strconv.Itoa(w.Floor)
	}
	start := fmt.Sprintf("%-*s  ", names, cut(name(w), names))
	middle := fmt.Sprintf("%-7s", ready)
	lasts, cause := v.waits(w, now)
	end := fmt.Sprintf(" %5s %5d %6s  ", floor, w.ToGo, lasts)
	room := width - len([]rune(start)) - len(middle) - len(end)
	if room < 0 {
		return cut(start+middle+end, width)
	}
	return strings.TrimRight(start+paintReady(middle, w, style)+end+cut(cause, room), " ")
}

func paintReady(text string, w drain.WorkloadStatus, style Style) string {
	switch {
	case !w.Floored:
		return text
	case w.Replicas > 1 && w.Ready < w.Floor:
		return style.Red(text)
	case w.Ready < w.Replicas:
		return style.Yellow(text)
	}
	return style.Green(text)
}

// waits says how long a workload has waited and what for.
func (v View) waits(w drain.WorkloadStatus, now time.Time) (lasts, cause string) {
	cause = shorterCause(w.Ref, shortCause(w.Ref, v.Names.In(oneLine(w.Waits))))
	switch {
	case w.Stopped:
		return "", "given up: " + cause
	case w.Whole:
		return "", "through"
	case w.Waits == "":
		return "", ""
	}
	return since(w.Since, now), cause
}

// shortCause leaves out of a cause what stands beside it already: the readiness
// of the workload, and the namespace of its pod.
func shortCause(w cluster.Ref, cause string) string {
	if own, pod, both := strings.Cut(cause, "; "); both && strings.Contains(own, " Ready, floor ") {
		cause = pod
	}
	return strings.Replace(cause, "pod/"+w.Namespace+"/", "", 1)
}

// shorterCause leaves out what the row shows as well: the numbers of the floor,
// and of a Deployment's pod all but the part of its name that is its own.
func shorterCause(w cluster.Ref, cause string) string {
	if _, from, isFloor := strings.Cut(cause, ", floor "); isFloor {
		if _, from, named := strings.Cut(strings.TrimSuffix(from, ")"), " ("); named {
			return "its floor: " + from
		}
	}
	pod, rest, isPod := strings.Cut(cause, " ")
	if w.Kind == cluster.KindDeployment && isPod && strings.HasPrefix(pod, w.Name+"-") {
		return pod[strings.LastIndex(pod, "-")+1:] + " " + rest
	}
	return cause
}
