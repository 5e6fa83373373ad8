// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package stages

import "fmt"

// Prefix starts the name of every annotation that the sandbox reads.
const Prefix = "sandbox.upgrade.vantiq.com/"

// Never is the value of a delay annotation that holds a pod for good.
const Never = "never"

// Annotations for the times of a pod. The fast ones also hold at fast speed,
// where the plain ones are cut.
const (
	AnnotationStart     = Prefix + "start"
	AnnotationStop      = Prefix + "stop"
	AnnotationStartFast = Prefix + "start-fast"
	AnnotationStopFast  = Prefix + "stop-fast"
	AnnotationRun       = Prefix + "run"
)

// seconds is a jq function: a duration of one number and one unit (ms, s, m)
// in seconds, null for "never". What it cannot read counts as one second.
const seconds = `def seconds: if . == "never" then null ` +
	`elif endswith("ms") then ((rtrimstr("ms") | tonumber? // 1000) / 1000) ` +
	`elif endswith("s") then (rtrimstr("s") | tonumber? // 1) ` +
	`elif endswith("m") then ((rtrimstr("m") | tonumber? // 1) * 60) ` +
	`else 1 end;`

// forever is what null, never, comes to: ten years in seconds.
const forever = `if . == null then 315360000 else . end`

// half leaves the first half of the start to init containers.
const half = `if $pod.spec.initContainers then . / 2 else . end`

// capped is the end of the grace period, when the kubelet kills what is left.
const capped = `if . >= 315360000 then . else [., ($pod.metadata.deletionGracePeriodSeconds // 30)] | min end`

// expressions returns the jq expressions of a pod's delays: until it is ready
// after it was initialized, until it is gone, until it is initialized.
func expressions(speed Speed) (start, stop, initialize string, err error) {
	switch speed {
	case Load:
		start, stop = zero(AnnotationStart), zero(AnnotationStop)
	case Fast:
		start, stop = cut(AnnotationStart, AnnotationStartFast, fastStart), cut(AnnotationStop, AnnotationStopFast, fastStop)
	case Real:
		start, stop = plain(AnnotationStart, defaultStart), plain(AnnotationStop, defaultStop)
	default:
		return "", "", "", fmt.Errorf("there are no stages for the speed %q", speed)
	}
	// A pod that is never ready is initialized all the same.
	initialize = expression(start, `if . == null then 1 else . end | `+half)
	return expression(start, `if . == null then 315360000 else `+half+` end`),
		expression(stop, forever+` | `+capped), initialize, nil
}

// runExpression returns the jq expression of the time that a Job's pod takes.
func runExpression(speed Speed) (string, error) {
	switch speed {
	case Load:
		return expression(zero(AnnotationRun), forever), nil
	case Fast:
		return expression(plain(AnnotationRun, defaultFast), forever), nil
	case Real:
		return expression(plain(AnnotationRun, defaultStart), forever), nil
	}
	return "", fmt.Errorf("there are no stages for the speed %q", speed)
}

func zero(name string) string {
	return fmt.Sprintf(`(if $a["%s"] == "never" then null else 0 end)`, name)
}

func plain(name string, fallback int) string {
	return fmt.Sprintf(`($a["%s"] // "%ds" | seconds)`, name, fallback)
}

func cut(name, exact string, limit int) string {
	return fmt.Sprintf(`(if $a["%[2]s"] then $a["%[2]s"] | seconds `+
		`else $a["%[1]s"] // "%[4]ds" | seconds | if . == null then . else [., %[3]d] | min end end)`,
		name, exact, limit, defaultFast)
}

// expression wraps a delay in seconds into what kwok wants: a duration text.
// change is applied to the delay; $pod in it is the pod.
func expression(delay, change string) string {
	return seconds + ` . as $pod | (.metadata.annotations // {}) as $a | ` +
		delay + ` | ` + change + ` | "\(.)s"`
}
