// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/registry"
)

// exitCodes are told with the same words on every page.
var exitCodes = []struct {
	code    int
	meaning string
}{
	{0, "done; every check passes, warnings aside"},
	{1, "error: wrong usage, or the API server does not answer"},
	{2, "blocked before anything was touched (a missing right too), or findings of severity Error"},
	{3, "stopped part-way and saved; run the same command again, or `resume`"},
	{4, "another run holds the lock; it says who, from where, since when"},
	{130, "interrupted; what was begun is saved"},
}

// windows is a caveat of kubectl, not ours.
const windows = "On Windows kubectl turns every code but 0 into 1: read the verdict in the JSON there.\n"

// index is the page that leads to the pages of the subcommands.
func index(reg *registry.Registry) []byte {
	var b bytes.Buffer
	b.WriteString(generated)
	b.WriteString("# Subcommands\n\nFrom [plugins.yaml](../plugins.yaml), which the binary embeds. Each page has an\nexample with real output, what can go wrong, how to undo it, and the rights it needs.\n\n")
	b.WriteString("| subcommand | does | changes anything | exit codes |\n| --- | --- | --- | --- |\n")
	for _, s := range reg.Subcommands {
		fmt.Fprintf(&b, "| [%s](subcommands/%s.md) | %s | %s | %s |\n", s.Name, s.Name, cell(s.Summary), mutates(s), numbers(s.ExitCodes))
	}
	b.WriteString("\nFlags that all of them have: [flags.md](flags.md).\n\n## Exit codes\n\n")
	codeTable(&b, nil)
	b.WriteString("\n" + windows)
	return b.Bytes()
}

// mutates says whether, or with which flags, it changes something in the cluster.
func mutates(s registry.Subcommand) string {
	if s.Mutates {
		return "yes"
	}
	var flags []string
	for _, flag := range s.Flags {
		if flag.Mutates {
			flags = append(flags, "`--"+flag.Name+"`")
		}
	}
	if len(flags) > 0 {
		return "with " + strings.Join(flags, ", ")
	}
	return "no"
}

// codeTable is the exit codes of a subcommand, or all of them.
func codeTable(b *bytes.Buffer, of []int) {
	b.WriteString("| exit code | meaning |\n| --- | --- |\n")
	for _, c := range exitCodes {
		if of == nil || strings.Contains(" "+strings.Trim(fmt.Sprint(of), "[]")+" ", fmt.Sprintf(" %d ", c.code)) {
			fmt.Fprintf(b, "| %d | %s |\n", c.code, c.meaning)
		}
	}
}

// commonFlags is the page of what is not repeated on the others.
func commonFlags(root *cobra.Command) []byte {
	var b bytes.Buffer
	b.WriteString(generated)
	b.WriteString("# Flags of every subcommand\n\nMost are those of kubectl and mean the same. Every subcommand has `-h, --help` too.\n\n")
	b.WriteString(flagTable(root.PersistentFlags()))
	return b.Bytes()
}

// reference is the generated part of a page.
func reference(s registry.Subcommand, cmd *cobra.Command) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "## Reference\n\n%s. Changes anything: %s.\n\n", s.Summary, mutates(s))
	usage(&b, cmd, "### More examples\n\n", "### Flags\n\n")
	b.WriteString("Besides those of [every subcommand](../flags.md).\n\n")
	for _, child := range cmd.Commands() {
		if child.IsAvailableCommand() {
			fmt.Fprintf(&b, "### %s %s\n\n", cmd.Name(), child.Name())
			usage(&b, child, "", "")
		}
	}
	b.WriteString("### Exit codes\n\n")
	codeTable(&b, s.ExitCodes)
	b.WriteString("\n" + windows + "\n### Rights\n")
	allRights(&b, s)
	return b.Bytes()
}

// usage is how a command is called, with examples and flags below their headings.
func usage(b *bytes.Buffer, cmd *cobra.Command, examples, flags string) {
	fmt.Fprintf(b, "```text\n%s\n```\n\n", cmd.UseLine())
	if cmd.Long != "" {
		b.WriteString(prose(cmd.Long) + "\n")
	}
	if cmd.Example != "" {
		fmt.Fprintf(b, "%s```console\n%s\n```\n\n", examples, dedent(cmd.Example))
	}
	b.WriteString(flags)
	if own := cmd.LocalNonPersistentFlags(); own.HasAvailableFlags() {
		b.WriteString(flagTable(own) + "\n")
	}
}

func numbers(list []int) string {
	return strings.Trim(strings.Join(strings.Fields(fmt.Sprint(list)), ", "), "[]")
}
