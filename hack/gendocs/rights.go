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
	if len(s.RBAC) == 0 {
		b.WriteString("\nNeeds no rights in the cluster.\n")
	} else {
		rights(b, s.RBAC)
	}
	for _, flag := range s.Flags {
		fmt.Fprintf(b, "\nWith `--%s` it changes something, and needs besides:\n", flag.Name)
		rights(b, flag.RBAC)
	}
}

// rights is a table of rules.
func rights(b *bytes.Buffer, rules []registry.Rule) {
	b.WriteString("\n| API group | resources | verbs | namespace |\n| --- | --- | --- | --- |\n")
	for _, r := range rules {
		fmt.Fprintf(b, "| %s | %s | %s | %s |\n", groups(r.APIGroups), strings.Join(r.Resources, ", "), strings.Join(r.Verbs, ", "), orAll(r.Namespace))
	}
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
