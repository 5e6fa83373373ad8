// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package cmd

import (
	"context"
	"strings"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/api/v1alpha1"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/finding"
)

// reportMissingRights lists every missing right at once, before anything else.
func (r *runDrain) reportMissingRights(ctx context.Context) (*v1alpha1.DrainReport, error) {
	needed := "drain-pool"
	if r.pause != "" {
		needed += " --pause-pdb-blockers"
	}
	missing, err := r.missingRights(ctx, r.client, needed)
	if err == nil && r.dryRun == dryRunClient {
		missing = onlyToLook(missing, r.talk.note)
	}
	if err != nil || len(missing) == 0 {
		return nil, err
	}
	out := r.emptyReport(r.name)
	out.Outcome = v1alpha1.DrainBlocked
	for _, n := range missing {
		out.Findings = append(out.Findings, finding.New(finding.RightsMissing, "right/"+strings.ReplaceAll(n.Path(), "/", "."),
			"the current user may not "+n.String(), askFor(needed)))
	}
	return out, &ExitError{Code: codeBlocked}
}
