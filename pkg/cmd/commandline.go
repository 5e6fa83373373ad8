// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package cmd

import (
	"regexp"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// commandLine writes a subcommand with the flags that the operator gave, ready
// to be typed again, but for the named flags, for secrets, and for what only says
// how to print or not to ask: that is for the operator to say each time.
func commandLine(cmd *cobra.Command, subcommand string, args []string, without ...string) string {
	words := append([]string{"kubectl", "vantiq-upgrade", subcommand}, args...)
	cmd.Flags().Visit(func(f *pflag.Flag) {
		if f.Name == "token" || saysHowToPrint(f.Name) || slices.Contains(without, f.Name) {
			return
		}
		words = append(words, flagWords(f)...)
	})
	for i, word := range words {
		words[i] = quoted(word)
	}
	return strings.Join(words, " ")
}

// saysHowToPrint reports whether a flag changes nothing of what a command does.
func saysHowToPrint(flag string) bool {
	return flag == "color" || flag == "v" || slices.Contains(notRecorded, flag)
}

// ownFlags names the flags that only this command has; a command line without
// them is right for another subcommand on the same pool of the same cluster.
func ownFlags(cmd *cobra.Command) []string {
	var own []string

	cmd.LocalNonPersistentFlags().VisitAll(func(f *pflag.Flag) {
		if f.Name != "selector" && f.Name != "profile" {
			own = append(own, f.Name)
		}
	})
	return own
}

// quoted makes a word safe for a shell.
func quoted(word string) string {
	if regexp.MustCompile(`^[\w@%+=:,./-]+$`).MatchString(word) {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}

// givenFlags names the flags that the operator gave.
func givenFlags(cmd *cobra.Command) []string {
	var names []string
	cmd.Flags().Visit(func(f *pflag.Flag) { names = append(names, f.Name) })
	return names
}

// flagWords gives a flag again, each of its values in a word of its own.
func flagWords(f *pflag.Flag) []string {
	if list, ok := f.Value.(pflag.SliceValue); ok {
		values := list.GetSlice()
		words := make([]string, 0, len(values))
		for _, value := range values {
			words = append(words, "--"+f.Name+"="+value)
		}
		return words
	}
	if f.Value.Type() == "bool" && f.Value.String() == "true" {
		return []string{"--" + f.Name}
	}
	return []string{"--" + f.Name + "=" + f.Value.String()}
}
