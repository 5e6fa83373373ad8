// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package report

import (
	"fmt"
	"io"
	"time"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/api/v1alpha1"
)

// Uncordon prints what happened to each node of a pool that was given back.
func Uncordon(w io.Writer, r *v1alpha1.UncordonReport, style Style, wide bool) error {
	t := newTable("^NODE", "ACTION", "~CORDONED BY", "SINCE", "+SINCE (UTC)")
	changed, left, kept := 0, 0, 0
	for _, n := range r.Nodes {
		local, utc := "", ""
		if n.CordonedAt != nil {
			local, utc = n.CordonedAt.Local().Format(time.DateTime), n.CordonedAt.UTC().Format(time.RFC3339)
		}
		t.add(shortNode(n.Name, wide), n.Action, n.CordonedBy, local, utc)
		switch n.Action {
		case "uncordoned", "mark removed":
			changed++
		case "left cordoned", "mark removed, left cordoned":
			left++
		case "refused", "not tried":
			kept++
		}
	}
	if err := t.print(w, style, wide); err != nil {
		return err
	}
	note := ""
	if r.DryRun != "none" {
		note = " (dry run: " + r.DryRun + "; nothing was changed)"
	}
	fmt.Fprintln(w)
	Findings(w, r.Findings, style)
	fmt.Fprintf(w, "%s given back%s\n", style.Green(plural(changed, "node")), note)
	if kept > 0 {
		fmt.Fprintf(w, "%s could not be given back.\n", style.Red(plural(kept, "node")))
	}
	if left > 0 {
		fmt.Fprintf(w, "%s left as somebody else cordoned it. To give back all: kubectl vantiq-upgrade uncordon-pool %s --all\n", plural(left, "node"), r.Name)
	}
	return nil
}
