// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package disruption

import (
	"fmt"
	"slices"
	"strings"
)

// Mode is a way to relieve a blocker.
type Mode string

const (
	// ScaleToZero stops the workload for the time being, as the runbook does
	// with telegraf-prom.
	ScaleToZero Mode = "scale-to-zero"
	// Surge runs one replica more, so that one may go.
	Surge Mode = "surge"
	// Relax lets the budget allow one pod more. The workload goes on, but nobody else is
	// held to the budget's own number meanwhile.
	Relax Mode = "relax"
)

// Modes returns every mode, the one that harms a working service least first.
func Modes() []Mode { return []Mode{Surge, Relax, ScaleToZero} }

// ParseMode reads a mode as a flag or a profile names it.
func ParseMode(name string) (Mode, error) {
	if mode := Mode(name); slices.Contains(Modes(), mode) {
		return mode, nil
	}
	names := make([]string, 0, len(Modes()))
	for _, mode := range Modes() {
		names = append(names, string(mode))
	}
	return "", fmt.Errorf("unknown mode %q, want one of %s", name, strings.Join(names, ", "))
}
