// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/cmd"
)

// tree is the commands as they are on every machine.
func tree() (*cobra.Command, error) {
	root, err := cmd.NewTree()
	if err != nil {
		return nil, err
	}
	root.DisableAutoGenTag = true
	// The default of kubectl is a folder of the user that builds the pages.
	if f := root.PersistentFlags().Lookup("cache-dir"); f != nil {
		f.DefValue = "$HOME/.kube/cache"
	}
	return root, nil
}

// subcommand finds a command of the registry.
func subcommand(root *cobra.Command, name string) (*cobra.Command, error) {
	for _, c := range root.Commands() {
		if c.Name() == name {
			return c, nil
		}
	}
	return nil, fmt.Errorf("plugins.yaml has %s, which is no command", name)
}

// flagTable is the flags that are not hidden, one a row.
func flagTable(flags *pflag.FlagSet) string {
	var b strings.Builder
	b.WriteString("| flag | default | meaning |\n| --- | --- | --- |\n")
	flags.VisitAll(func(f *pflag.Flag) {
		if f.Hidden || f.Deprecated != "" {
			return
		}
		fmt.Fprintf(&b, "| %s | %s | %s |\n", flagName(f), defaultOf(f), cell(f.Usage))
	})
	return b.String()
}

// flagName is a flag as it is typed, with the kind of its value.
func flagName(f *pflag.Flag) string {
	name := "--" + f.Name
	if f.Shorthand != "" {
		name = "-" + f.Shorthand + ", " + name
	}
	kind, _ := pflag.UnquoteUsage(f)
	switch {
	case kind == "":
	case f.NoOptDefVal != "":
		name += "[=" + kind + "]"
	default:
		name += " " + kind
	}
	return "`" + name + "`"
}

func defaultOf(f *pflag.Flag) string {
	switch f.DefValue {
	case "", "[]", "false":
		return ""
	}
	return "`" + cell(f.DefValue) + "`"
}

// cell keeps a text within its cell of a table.
func cell(text string) string {
	return strings.NewReplacer("|", `\|`, "<", "&lt;", "\n", " ").Replace(text)
}

// prose is a long help as markdown: indented lines are set apart as they are.
func prose(text string) string {
	var b strings.Builder
	inside := false
	for line := range strings.Lines(strings.TrimSpace(text) + "\n") {
		if indented := strings.HasPrefix(line, "  "); indented != inside && line != "\n" {
			inside = indented
			b.WriteString(map[bool]string{true: "\n```text\n", false: "```\n\n"}[inside])
		}
		if inside && line == "\n" {
			inside = false
			b.WriteString("```\n")
		}
		if inside {
			b.WriteString(line)
			continue
		}
		b.WriteString(strings.ReplaceAll(line, "<", "&lt;"))
	}
	if inside {
		b.WriteString("```\n")
	}
	return b.String()
}

// dedent takes the indentation of the first line from all lines.
func dedent(text string) string {
	text = strings.Trim(text, "\n")
	indent := text[:len(text)-len(strings.TrimLeft(text, " \t"))]
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		lines[i] = strings.TrimRight(strings.TrimPrefix(line, indent), " \t")
	}
	return strings.TrimRight(strings.Join(lines, "\n"), "\n")
}
