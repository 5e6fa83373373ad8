// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/registry"
)

// subcommands is the page of the registry.
func subcommands(reg *registry.Registry) []byte {
	var b bytes.Buffer
	b.WriteString(generated)
	b.WriteString("# Subcommands\n\nFrom [plugins.yaml](../plugins.yaml), which the binary embeds. `kubectl vantiq-upgrade\nrbac` prints the rights as roles to apply, and with `--check` says which you lack. A\nrule without which a subcommand is not `refused` is optional.\n\n")
	b.WriteString("Exit codes: 0 done; 1 error; 2 blocked, nothing was touched; 3 stopped part-way,\nrun it again to go on; 4 another run holds the lock; 130 interrupted. On Windows\nkubectl turns every code but 0 into 1: read `.outcome` of the JSON there.\n")
	for _, s := range reg.Subcommands {
		fmt.Fprintf(&b, "\n## %s\n\n%s. Changes anything: %s. Exit codes: %s.\n", s.Name, s.Summary, yesNo(s.Mutates), numbers(s.ExitCodes))
		if s.Delegates {
			b.WriteString("\nIt runs another subcommand, and needs the rights of that one as well.\n")
		}
		if len(s.RBAC) == 0 {
			b.WriteString("\nNeeds no rights in the cluster.\n")
			continue
		}
		rights(&b, s.RBAC)
		for _, flag := range s.Flags {
			changes := ""
			if flag.Mutates && !s.Mutates {
				changes = " changes something, and"
			}
			fmt.Fprintf(&b, "\nWith `--%s` it%s needs besides:\n", flag.Name, changes)
			rights(&b, flag.RBAC)
		}
	}
	return b.Bytes()
}

// rights is a table of rules.
func rights(b *bytes.Buffer, rules []registry.Rule) {
	b.WriteString("\n| API group | resources | verbs | namespace | without it |\n| --- | --- | --- | --- | --- |\n")
	for _, r := range rules {
		fmt.Fprintf(b, "| %s | %s | %s | %s | %s |\n", groups(r.APIGroups), resources(r), strings.Join(r.Verbs, ", "), orAll(r.Namespace), without(r))
	}
}

// resources are those of a rule, with the only objects that it is for.
func resources(r registry.Rule) string {
	list := strings.Join(r.Resources, ", ")
	if len(r.ResourceNames) > 0 {
		list += " (only " + strings.Join(r.ResourceNames, ", ") + ")"
	}
	return list
}

// without says what happens where the rights of a rule are missing, and why they are
// wanted where that is not plain.
func without(r registry.Rule) string {
	text := r.Without
	if text == "" {
		text = "refused"
	}
	if r.Why != "" {
		text += "; why it is wanted: " + r.Why
	}
	return text
}

func yesNo(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

func numbers(list []int) string {
	return strings.Trim(strings.Join(strings.Fields(fmt.Sprint(list)), ", "), "[]")
}

func groups(list []string) string {
	if len(list) == 1 && list[0] == "" {
		return "core"
	}
	return strings.Join(list, ", ")
}

func orAll(namespace string) string {
	if namespace == "" {
		return "all"
	}
	return namespace
}
