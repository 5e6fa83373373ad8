// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/registry"
)

// allRights is the tables of rules of a subcommand.
func allRights(b *bytes.Buffer, s registry.Subcommand) {
	if s.Delegates {
		b.WriteString("\nIt runs another subcommand, and needs the rights of that one as well.\n")
	}
	if len(s.RBAC) == 0 {
		b.WriteString("\nNeeds no rights in the cluster.\n")
	} else {
		rights(b, s.RBAC)
	}
	for _, flag := range s.Flags {
		changes := ""
		if flag.Mutates && !s.Mutates {
			changes = " changes something, and"
		}
		fmt.Fprintf(b, "\nWith `--%s` it%s needs besides:\n", flag.Name, changes)
		rights(b, flag.RBAC)
	}
	if len(s.RBAC) > 0 {
		fmt.Fprintf(b, "\nAs roles to apply: `kubectl vantiq-upgrade rbac %s`. With `--check` it says which you lack.\n", s.Name)
	}
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
