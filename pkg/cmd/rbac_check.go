// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package cmd

import (
	"context"
	"io"
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/api/v1alpha1"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/cluster"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/report"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/rights"
)

// checkRights asks the API server for every right.
func (o *rbacOptions) checkRights(ctx context.Context) error {
	client, err := o.conn.client()
	if err != nil {
		return err
	}
	wanted := rights.Wanted(o.askers)
	if err := cluster.CheckRights(ctx, client.AuthorizationV1(), client.Discovery(), wanted); err != nil {
		return err
	}
	out := &v1alpha1.RightsReport{
		TypeMeta: v1alpha1.TypeMeta("RightsReport"), ObjectMeta: metav1.ObjectMeta{Name: "current-user"},
		Rights: wanted, Subcommands: rights.Subcommands(o.askers, wanted),
	}
	out.Complete = !slices.ContainsFunc(wanted, func(r v1alpha1.Right) bool { return rights.Lacks(&r) })
	err = o.output.print(o.Out, out, func(w io.Writer) error {
		return report.RightsReport(w, out, o.grant, o.styleFor(o.Out), o.output.wide)
	})
	if err == nil && !out.Complete {
		err = &ExitError{Code: codeBlocked}
	}
	return err
}
