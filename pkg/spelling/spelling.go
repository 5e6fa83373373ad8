// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

// Package spelling finds what a mistyped name was meant to be.
package spelling

import (
	"cmp"
	"slices"
	"strings"
)

// mostSuggestions bounds what is suggested, mostTypos how many letters a name may be
// mistyped by: in a third of them, since of a short one little would be left.
const (
	mostSuggestions = 3
	mostTypos       = 3
)

// Near are the nearest of the known names that a mistyped one may mean: they differ
// in few letters, or begin or end with it.
func Near(name string, known []string) []string {
	type suggestion struct {
		name string
		away int
	}
	var all []suggestion
	typed := strings.ToLower(name)
	for _, candidate := range known {
		lower := strings.ToLower(candidate)
		away := distance(typed, lower)
		switch {
		case typed == "" || lower == "":
		case away <= min(mostTypos, (len(typed)+1)/3):
			all = append(all, suggestion{candidate, away})
		case len(typed) > mostTypos && (strings.HasPrefix(lower, typed) || strings.HasSuffix(lower, typed)):
			all = append(all, suggestion{candidate, mostTypos + 1})
		}
	}
	slices.SortFunc(all, func(a, b suggestion) int { return cmp.Or(cmp.Compare(a.away, b.away), cmp.Compare(a.name, b.name)) })
	all = slices.CompactFunc(all, func(a, b suggestion) bool { return a.name == b.name })
	names := make([]string, 0, mostSuggestions)
	for _, s := range all[:min(len(all), mostSuggestions)] {
		if s.away == all[0].away {
			names = append(names, s.name)
		}
	}
	return names
}

// DidYouMean asks for what a mistyped name may mean, behind the sentence that says
// that it is not known; empty where nothing is near.
func DidYouMean(name string, known []string) string {
	near := Near(name, known)
	if len(near) == 0 {
		return ""
	}
	return "; did you mean " + strings.Join(near, " or ") + "?"
}

// distance is how many letters have to be changed, put in, left out or exchanged
// with their neighbour to make one word of another (optimal string alignment).
func distance(a, b string) int {
	x, y := []rune(a), []rune(b)
	before, last, row := make([]int, len(y)+1), make([]int, len(y)+1), make([]int, len(y)+1)
	for j := range last {
		last[j] = j
	}
	for i := range x {
		row[0] = i + 1
		for j := range y {
			wrong := 1
			if x[i] == y[j] {
				wrong = 0
			}
			row[j+1] = min(last[j]+wrong, last[j+1]+1, row[j]+1)
			if i > 0 && j > 0 && x[i] == y[j-1] && x[i-1] == y[j] {
				row[j+1] = min(row[j+1], before[j-1]+1)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(y)]
}
