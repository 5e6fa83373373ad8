// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package cmd

import (
	"context"
	"fmt"
	"io"
	"slices"

	"github.com/spf13/cobra"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/api/v1alpha1"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/cluster"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/drain"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/finding"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/journal"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/pool"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/refusal"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/relief"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/report"
)

// uncordonPoolOptions are the options of uncordon-pool.
type uncordonPoolOptions struct {
	*suite
	output *output
	choice poolChoice
	name   string
	all    bool
	quiet  bool
	dryRun dryRun
	// book is the journal: it says which cordons are ours.
	book relief.Book
	// alive are the nodes that there are, of all pools.
	alive map[types.UID]bool
}

func newCmdUncordonPool(s *suite) *cobra.Command {
	o := &uncordonPoolOptions{suite: s, output: newOutput()}
	cmd := s.command("uncordon-pool", "POOL")
	cmd.Args = onePool
	cmd.Long = `Give a drained node pool back: pods may be scheduled on it again.

Only nodes that drain-pool cordoned are given back; a node that somebody else
had cordoned stays so, unless --all is given.`
	cmd.Example = `  # Give back what drain-pool cordoned
  kubectl vantiq-upgrade uncordon-pool mongodbnp

  # Every node of the pool, whoever cordoned it
  kubectl vantiq-upgrade uncordon-pool mongodbnp --all`
	cmd.ValidArgsFunction = s.completeArgs(1, s.poolNames)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if err := o.complete(args); err != nil {
			return err
		}
		if err := o.choice.validate(o.name); err != nil {
			return err
		}
		return o.run(cmd.Context())
	}
	o.output.addFlags(cmd)
	o.choice.addFlags(cmd)
	addQuiet(cmd, &o.quiet)
	o.dryRun.addFlag(cmd, "How far to go: none gives the pool back, client only shows what would be done, server also has the API server judge each change without making it")
	cmd.Flags().BoolP("yes", "y", false, "Accepted for symmetry; uncordon-pool does not ask")
	cmd.Flags().BoolVar(&o.all, "all", false, "Give back every node of the pool, whoever cordoned it")
	return cmd
}

func (o *uncordonPoolOptions) complete(args []string) error {
	if len(args) > 0 {
		o.name = args[0]
	}
	return o.output.complete()
}

func (o *uncordonPoolOptions) run(ctx context.Context) error {
	client, err := o.conn.client()
	if err != nil {
		return err
	}
	talk := o.newTalk(o.quiet, eventsText)
	if err := o.refuseWithoutRights(ctx, client, "uncordon-pool", o.dryRun, talk.note); err != nil {
		return err
	}
	chosen, err := o.read(ctx, client, func(_ context.Context, request func() error) error { return request() })
	if err != nil {
		return err
	}
	out := &v1alpha1.UncordonReport{
		TypeMeta:   v1alpha1.TypeMeta("UncordonReport"),
		ObjectMeta: metav1.ObjectMeta{Name: chosen.Name},
		DryRun:     o.dryRun.String(),
		Nodes:      []v1alpha1.UncordonedNode{}, Findings: []v1alpha1.Finding{},
	}
	held := ctx
	if o.dryRun == dryRunNone {
		var release func()
		o.remind(ctx, client, nil, talk.note)
		held, release, err = o.lock(ctx, client, "uncordon-pool "+chosen.Name, talk, talk.trouble)
		if err != nil {
			return err
		}
		defer release()
		// Somebody may have drained it until we had the lock.
		if chosen, err = o.read(held, client, o.patience(talk.trouble)); err != nil {
			return err
		}
	}
	failed := o.uncordon(held, client, talk, chosen.Nodes, out)
	if o.dryRun == dryRunNone {
		last, done := afterwards(held)
		defer done()
		if err := o.writeDown(last, o.notebook(client, talk.trouble), chosen.Nodes, out); err != nil && failed == nil {
			failed = err
		}
	}
	if held.Err() != nil && ctx.Err() == nil {
		failed = &ExitError{Code: codeStopped, Err: context.Cause(held)}
	}
	talk.finish(nil)
	err = o.output.print(o.Out, out, func(w io.Writer) error {
		return report.Uncordon(w, out, o.styleFor(o.Out), o.output.wide)
	})
	if err != nil {
		return err
	}
	if failed == nil && finding.HasErrors(out.Findings) {
		return &ExitError{Code: o.uncordonCode(out)}
	}
	return failed
}

// uncordonCode is that of a pool of which the API server refuses to have nodes given
// back: whether it was given back in part.
func (o *uncordonPoolOptions) uncordonCode(out *v1alpha1.UncordonReport) int {
	given := func(n v1alpha1.UncordonedNode) bool {
		return n.Action == actionUncordoned || n.Action == actionMarkRemoved
	}
	if o.dryRun == dryRunNone && slices.ContainsFunc(out.Nodes, given) {
		return codeStopped
	}
	return codeBlocked
}

// read finds the pool as it is now.
func (o *uncordonPoolOptions) read(ctx context.Context, client kubernetes.Interface, retry func(context.Context, func() error) error) (pool.Pool, error) {
	var nodes []*corev1.Node
	store := &journal.Store{ConfigMaps: client.CoreV1().ConfigMaps(o.journalNamespace), Now: o.now}
	err := retry(ctx, func() error {
		var err error
		if o.book, _, err = store.Runs(ctx); err != nil {
			return err
		}
		nodes, err = cluster.ListNodes(ctx, client)
		return err
	})
	if err != nil {
		return pool.Pool{}, err
	}
	o.alive = map[types.UID]bool{}
	for _, node := range nodes {
		o.alive[node.UID] = true
	}
	prof, err := o.choice.load()
	if err != nil {
		return pool.Pool{}, err
	}
	return o.choice.resolve(nodes, o.name, prof)
}

// uncordon gives the nodes back one after the other, each whatever becomes of the
// others. The report has all of them, also after an error, which means that it could
// not go on.
func (o *uncordonPoolOptions) uncordon(ctx context.Context, client kubernetes.Interface, t *talk, nodes []*corev1.Node, out *v1alpha1.UncordonReport) error {
	cordoner := drain.Cordoner{Nodes: client.CoreV1().Nodes(), DryRun: o.dryRun == dryRunServer}
	var failed error
	for _, node := range nodes {
		cordon, err := o.book.CordonOf(node)
		if err != nil {
			return err
		}
		line := v1alpha1.UncordonedNode{Name: node.Name, Action: uncordonAction(node, cordon, o.all), CordonedBy: cordon.By}
		if !cordon.At.IsZero() {
			at := metav1.NewTime(cordon.At)
			line.CordonedAt = &at
		}
		changes := line.Action != actionLeft && line.Action != actionNone
		switch {
		case !changes || o.dryRun == dryRunClient:
		case failed != nil:
			line.Action = actionNotTried
		default:
			err := o.patience(t.trouble)(ctx, func() error { return cordoner.Uncordon(ctx, node, o.lifts) })
			if refusal.Is(err) {
				line.Action = actionRefused
				out.Findings = append(out.Findings, finding.New(finding.RestoreRefused, "node/"+node.Name,
					"the API server refuses to uncordon it: "+refusal.Sentence(err), refusal.Remedy(err, "")))
			} else if err != nil {
				line.Action, failed = actionNotTried, err
			}
		}
		if f := cordon.Told; f != nil && !o.all {
			note := fmt.Sprintf("%s: %s: %s: %s", f.Severity, f.Code, f.Object, f.Message)
			if f.Remedy != "" {
				note += "; " + f.Remedy
			}
			t.note(note)
		}
		out.Nodes = append(out.Nodes, line)
	}
	return failed
}

// lifts reports whether the cordon of a node is given back, as the node is now.
func (o *uncordonPoolOptions) lifts(node *corev1.Node) bool {
	cordon, err := o.book.CordonOf(node)
	return o.all || err == nil && cordon.Ours
}

// writeDown notes in the journal which cordons were given back, also those that
// an earlier attempt did not come to write down. A mark whose run the journal does
// not have (any more) needs no note.
func (o *uncordonPoolOptions) writeDown(ctx context.Context, book *notebook, nodes []*corev1.Node, out *v1alpha1.UncordonReport) error {
	given := map[types.UID]bool{}
	for i, line := range out.Nodes { // in the order of nodes
		given[nodes[i].UID] = line.Action != actionLeft && line.Action != actionRefused && line.Action != actionNotTried
	}
	runs, _, err := book.Runs(ctx)
	if err != nil {
		return fmt.Errorf("given back, but not written down: %w", err)
	}
	restored, gone := map[string][]int{}, map[string][]int{}
	for _, run := range runs {
		for _, c := range run.Changes {
			switch {
			case !c.IsOpen() || c.Mode != drain.ModeCordon || run.Newer:
			case !o.alive[c.UID]:
				// The upgrade has replaced the node, and the cordon went with it.
				gone[run.ID] = append(gone[run.ID], c.Number)
			case given[c.UID]:
				restored[run.ID] = append(restored[run.ID], c.Number)
			}
		}
	}
	if err := book.markAll(ctx, journal.Dropped, "its node is gone", gone); err != nil {
		return fmt.Errorf("given back, but not written down: %w", err)
	}
	if err := book.markAll(ctx, journal.Restored, "", restored); err != nil {
		return fmt.Errorf("given back, but not written down: %w", err)
	}
	return nil
}

// What is done to a node.
const (
	actionUncordoned  = "uncordoned"
	actionMarkRemoved = "mark removed"
	actionLeft        = "left cordoned"
	actionRefused     = "refused"
	actionNotTried    = "not tried"
	// actionTheirs: the cordon is somebody else's by now, and only our mark goes.
	actionTheirs = "mark removed, left cordoned"
	actionNone   = "not cordoned"
)

// uncordonAction says what is to happen to a node.
func uncordonAction(node *corev1.Node, cordon relief.Cordon, all bool) string {
	switch {
	case node.Spec.Unschedulable && (cordon.Ours || all):
		return actionUncordoned
	case node.Spec.Unschedulable && cordon.CanGo:
		return actionTheirs
	case node.Spec.Unschedulable:
		return actionLeft
	case cordon.CanGo:
		return actionMarkRemoved
	}
	return actionNone
}
