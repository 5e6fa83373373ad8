// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package cmd

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"k8s.io/client-go/kubernetes"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/cluster"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/finding"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/journal"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/registry"
)

// missingRights lists what the current user lacks of what a subcommand cannot do
// without, with a flag that asks for more: placement-check --relocate.
func (s *suite) missingRights(ctx context.Context, client kubernetes.Interface, subcommand string) ([]registry.Need, error) {
	name, flag, _ := strings.Cut(subcommand, " --")
	entry, err := s.registry.Subcommand(name)
	if err != nil {
		return nil, err
	}
	return s.lacked(ctx, client, entry.Needs(flag))
}

// lacked keeps the needs that are essential, and denied.
func (s *suite) lacked(ctx context.Context, client kubernetes.Interface, wanted []registry.Need) ([]registry.Need, error) {
	s.inNamespaceOfJournal(wanted)
	essential := slices.DeleteFunc(slices.Clone(wanted), registry.Need.IsOptional)
	denied, err := cluster.Denied(ctx, client.AuthorizationV1(), accessesOf(essential))
	return slices.DeleteFunc(essential, func(n registry.Need) bool { return !slices.Contains(denied, n.Access) }), err
}

func accessesOf(needs []registry.Need) []registry.Access {
	accesses := make([]registry.Access, 0, len(needs))
	for _, n := range needs {
		accesses = append(accesses, n.Access)
	}
	return accesses
}

// inNamespaceOfJournal moves the rights on the journal, and on the pods beside it, to
// where the journal is.
func (s *suite) inNamespaceOfJournal(needs []registry.Need) {
	for i := range needs {
		if needs[i].Namespace == journal.Namespace && needs[i].Resource != "leases" {
			needs[i].Namespace = s.journalNamespace
		}
	}
}

// refuseWithoutRights refuses before anything is touched, and lists every missing
// right at once. A dry run of the client wants only those to look; of the others it
// tells.
func (s *suite) refuseWithoutRights(ctx context.Context, client kubernetes.Interface, subcommand string, far dryRun, tell func(string)) error {
	missing, err := s.missingRights(ctx, client, subcommand)
	if err != nil {
		return err
	}
	if far == dryRunClient {
		missing = onlyToLook(missing, tell)
	}
	return lacking(subcommand, missing)
}

// onlyToLook keeps of missing rights those without which there is no dry run, and
// tells that the real run would be refused.
func onlyToLook(missing []registry.Need, tell func(string)) []registry.Need {
	var looks []registry.Need
	var later []string
	for _, n := range missing {
		if n.Looks {
			looks = append(looks, n)
		} else {
			later = append(later, n.String())
		}
	}
	if len(looks) == 0 && len(later) > 0 {
		tell(fmt.Sprintf("Warning: %s: without --dry-run this is refused: the current user may not %s", finding.RightsMissing, strings.Join(later, ", ")))
	}
	return looks
}

func lacking(subcommand string, missing []registry.Need) error {
	if len(missing) == 0 {
		return nil
	}
	var names []string
	for _, n := range missing {
		names = append(names, n.String())
	}
	return &ExitError{Code: codeBlocked, Err: &missingRightsError{subcommand: subcommand, rights: names}}
}

// missingRightsError lists what the current user may not do, a right a line, in
// the words of the report of drain-pool.
type missingRightsError struct {
	subcommand string
	rights     []string
}

func (e *missingRightsError) Error() string {
	const denied = "\n  the current user may not "
	return counted(len(e.rights), "right") + " missing; nothing was touched" + denied + strings.Join(e.rights, denied) + "\n" + askFor(e.subcommand)
}

// askFor says how to get the rights of a subcommand.
func askFor(subcommand string) string {
	name, _, _ := strings.Cut(subcommand, " --")
	return "ask for the role that this prints: kubectl vantiq-upgrade rbac " + name
}
