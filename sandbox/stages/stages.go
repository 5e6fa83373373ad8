// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

// Package stages holds the simulated kubelet: kwok stages for nodes and pods,
// and the delays that pod annotations ask for.
package stages

import (
	_ "embed"
	"fmt"
	"strings"
)

//go:embed node.yaml
var nodeStages string

//go:embed pod.yaml
var podStages string

//go:embed policy.yaml
var policy string

// Policy is the manifest of what the API server lets the simulated kubelet, the
// user kwok, do.
func Policy(kwok string) []byte {
	return []byte(strings.ReplaceAll(policy, "${KWOK}", kwok))
}

// Speed says how long pods take to start and to stop.
type Speed string

// The speeds. Load is for the time while a layout is loaded.
const (
	Load Speed = "load"
	Fast Speed = "fast"
	Real Speed = "real"
)

// Limits of the fast speed, and the defaults of pods that say nothing.
const (
	fastStart, fastStop       = 2, 1
	defaultFast               = 1
	defaultStart, defaultStop = 5, 3
)

// Parse reads a speed as users write it.
func Parse(text string) (Speed, error) {
	if speed := Speed(text); speed == Fast || speed == Real {
		return speed, nil
	}
	return "", fmt.Errorf("there is no speed %q: use fast or real", text)
}

// Render returns the kwok configuration for a speed.
func Render(speed Speed) (string, error) {
	start, stop, initialize, err := expressions(speed)
	if err != nil {
		return "", err
	}
	run, err := runExpression(speed)
	if err != nil {
		return "", err
	}
	pods := strings.NewReplacer(
		"${INIT}", initialize, "${START}", start, "${RUN}", run, "${STOP}", stop,
	).Replace(podStages)
	return configuration + "---\n" + nodeStages + "---\n" + pods, nil
}

// configuration lets kwok work on many pods at once; its default of four is
// too few for a thousand nodes.
const configuration = `apiVersion: config.kwok.x-k8s.io/v1alpha1
kind: KwokConfiguration
options:
  podPlayStageParallelism: 32
  nodePlayStageParallelism: 16
  podsOnNodeSyncParallelism: 8
`
