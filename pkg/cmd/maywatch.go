// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package cmd

import (
	"context"
	"slices"
	"strings"

	"k8s.io/client-go/kubernetes"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/cluster"
)

// mayWatch refuses a user who may list a kind and not watch it: what was read once
// would pass for what is there. flag is the one that watches.
func (s *suite) mayWatch(ctx context.Context, client kubernetes.Interface, subcommand, flag string) error {
	entry, err := s.registry.Subcommand(subcommand)
	if err != nil {
		return err
	}
	wanted, flags := entry.Needs(flag), entry.FlagNeeds(flag)
	s.inNamespaceOfJournal(wanted)
	s.inNamespaceOfJournal(flags)
	denied, err := cluster.Denied(ctx, client.AuthorizationV1(), accessesOf(wanted))
	if err != nil {
		return err
	}
	var rights []string
	for _, right := range accessesOf(flags) {
		list := right
		list.Verb = "list"
		// What may not be listed either is told, or refused, when it is read.
		if slices.Contains(denied, right) && (right == list || !slices.Contains(denied, list)) {
			rights = append(rights, right.String())
		}
	}
	if len(rights) == 0 {
		return nil
	}
	return &watchError{subcommand: subcommand, flag: flag, rights: rights}
}

// watchError lists what the current user may not watch.
type watchError struct {
	subcommand, flag string
	rights           []string
}

func (e *watchError) Error() string {
	return "--" + e.flag + " is forbidden: the current user may not " + strings.Join(e.rights, ", ") +
		"; without --" + e.flag + " " + e.subcommand + " looks once, and does not need it"
}
