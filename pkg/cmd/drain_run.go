// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package cmd

import (
	"context"
	"fmt"
	"io"
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/api/v1alpha1"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/cluster"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/drain"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/finding"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/journal"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/pool"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/relief"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/report"
)

// runDrain is one course of drain-pool: rights, plan, question, lock, drain.
type runDrain struct {
	*drainPoolOptions
	client  *kubernetes.Clientset
	watcher *cluster.Watcher
	talk    *talk
	// book is the journal, which says what the marks are worth. Where it cannot be
	// read they are taken at their word.
	book relief.Book
	// reliefs are what --pause-pdb-blockers does; nil without it.
	reliefs *drainReliefs
}

// run returns the report of however far it came, and an error with the exit
// code. There is no report when not even a plan could be made.
func (r *runDrain) run(ctx context.Context) (*v1alpha1.DrainReport, error) {
	if missing, err := r.reportMissingRights(ctx); missing != nil || err != nil {
		return missing, err
	}
	var stop func()
	var err error
	if r.watcher, stop, err = r.watch(ctx, r.client, r.talk); err != nil {
		return nil, err
	}
	defer stop()
	if err := r.prepareReliefs(ctx); err != nil {
		return nil, err
	}
	store := &journal.Store{ConfigMaps: r.client.CoreV1().ConfigMaps(r.journalNamespace), Now: r.now}
	if runs, _, err := store.Runs(ctx); err == nil {
		r.book = runs
	}
	if err := r.readAutoscalers(ctx); err != nil {
		return nil, err
	}
	plan, err := r.plan(ctx)
	if err != nil {
		return nil, err
	}
	r.talk.about(plan)
	r.remind(ctx, r.client, r.command, r.talk.note)
	nothing, err := r.hasNothingToDo(ctx, plan)
	if err != nil {
		return nil, err
	}
	out := r.report(plan)
	switch {
	case plan.Blocked():
		out.Outcome = v1alpha1.DrainBlocked
		return out, &ExitError{Code: codeBlocked}
	case nothing:
		out.Outcome = v1alpha1.DrainNothingToDo
		return out, nil
	case r.dryRun == dryRunClient:
		return out, nil
	case r.dryRun == dryRunServer:
		return out, r.askServer(ctx, plan, out)
	}
	if err := r.showPlan(out); err != nil {
		return nil, err
	}
	if err := r.confirm(ctx, r.yes, fmt.Sprintf("Drain pool %s of %s?", plan.Pool.Name, r.conn.describe())); err != nil {
		return nil, err
	}
	return r.drain(ctx)
}

// showPlan shows the plan to the one who looks on. Who wants it quiet sees it
// only before the question.
func (r *runDrain) showPlan(out *v1alpha1.DrainReport) error {
	asks := !r.yes && report.IsTerminal(r.In)
	if r.talking.events == eventsJSON || r.talking.quiet && !asks {
		return nil
	}
	if err := report.DrainPlan(r.ErrOut, out, r.styleFor(r.ErrOut), r.output.wide); err != nil {
		return err
	}
	fmt.Fprintln(r.ErrOut)
	if len(out.Findings) > 0 {
		report.Findings(r.ErrOut, out.Findings, r.styleFor(r.ErrOut))
		fmt.Fprintln(r.ErrOut)
	}
	return nil
}

// plan judges the cluster as the watches show it now. Blockers that are to be
// relieved are no hindrance.
func (r *runDrain) plan(ctx context.Context) (*drain.Plan, error) {
	snapshot := r.watcher.Snapshot()
	if r.book != nil {
		snapshot = r.book.Believe(snapshot)
	}
	chosen, err := r.choice.resolve(snapshot.Nodes, r.name, r.profile)
	if err != nil {
		return nil, err
	}
	options := r.drainPoolOptions.drain
	options.Spent = r.limit.used()
	if r.reliefs != nil {
		if err = r.reliefs.judge(chosen, &options); err != nil {
			return nil, err
		}
	}
	jobs, err := r.readJobs(ctx, snapshot.JobsOn(chosen.NodeNames()))
	if err != nil {
		return nil, err
	}
	return drain.NewPlan(snapshot.WithJobs(jobs), chosen, pool.List(snapshot.Nodes, r.profile), r.profile, options), nil
}

// drain takes the lock, plans once more (time has passed since the question),
// and carries the plan out.
func (r *runDrain) drain(ctx context.Context) (*v1alpha1.DrainReport, error) {
	drainer := r.drainer()
	held, release, err := r.lock(ctx, r.client, shortCommand(r.command), r.talk, func(err error) {
		drainer.Engine.ServerAway()
		r.talk.trouble(err)
	})
	if err != nil {
		return nil, err
	}
	defer release()
	r.limit.leaveMargin()
	plan, err := r.plan(ctx)
	if err != nil {
		return nil, err
	}
	out := r.report(plan)
	if plan.Blocked() {
		out.Outcome = v1alpha1.DrainBlocked
		return out, &ExitError{Code: codeBlocked}
	}
	book := r.notebook(r.client, r.talk.trouble)
	rec, err := book.begin(held, r.suite, r.command)
	if err != nil {
		return nil, err
	}
	drainer.Recorder = rec
	if r.book != nil {
		r.book = append(r.book, rec.Run())
	}
	result := r.carryOut(ctx, held, drainer, plan, book, rec, out)
	if err := book.finish(ctx, rec, journalOutcome(result)); err != nil && result == nil {
		result = fmt.Errorf("writing down that the drain is done: %w", err)
	}
	return out, result
}

// carryOut relieves what blocks, drains, and gives back what was relieved,
// however the drain ended.
func (r *runDrain) carryOut(ctx, held context.Context, drainer *drain.Drainer, plan *drain.Plan, book *notebook, rec *journal.Recorder, out *v1alpha1.DrainReport) error {
	var findings []v1alpha1.Finding
	err := r.relieve(held, book, rec, &plan, out)
	planned := out.Findings // why it does not drain, if it does not
	if err == nil && !finding.HasErrors(planned) {
		planned = warnings(planned)
		r.talk.begin(plan, r.nodeNames())
		out.Result, findings, err = drainer.Drain(held, plan)
	}
	back, backErr := r.restore(ctx, held, rec, out)
	out.Findings = append(append(append([]v1alpha1.Finding{}, findings...), back...), planned...)
	if err == nil {
		err = backErr
	}
	return r.conclude(ctx, held, out, err)
}

// readJobs reads the Jobs that pods on the pool belong to.
func (r *runDrain) readJobs(ctx context.Context, refs []cluster.Ref) (jobs cluster.Jobs, err error) {
	if len(refs) == 0 {
		return nil, nil
	}
	err = r.patience(r.talk.trouble)(ctx, func() error {
		jobs, err = cluster.ReadJobs(ctx, r.client, refs)
		return err
	})
	return jobs, err
}

func (r *runDrain) drainer() *drain.Drainer {
	d := &drain.Drainer{
		Cordoner: drain.Cordoner{Nodes: r.client.CoreV1().Nodes()},
		Engine: drain.Engine{
			Source:   r.watcher,
			Evictor:  drain.APIEvictor{Client: r.client.CoreV1().RESTClient()},
			Clock:    r.Clock,
			Observer: r.talk.event,
			Warnings: cluster.Warnings{Client: r.client, Now: r.now},
		},
		ReadPods: r.watcher.ReadPods,
		ReadJobs: r.readJobs,
		By:       r.Operator,
	}
	if r.talk.canLive {
		d.Engine.Progress = r.talk.status
	}
	return d
}

// nodeNames are the short names of the nodes, or the whole ones with -o wide.
func (r *runDrain) nodeNames() *report.NodeNames {
	if r.output.wide {
		return nil
	}
	var names []string
	for _, node := range r.watcher.Snapshot().Nodes {
		names = append(names, node.Name)
	}
	return report.NewNodeNames(names)
}

// conclude names the outcome and its exit code.
func (r *runDrain) conclude(ctx, held context.Context, out *v1alpha1.DrainReport, err error) error {
	switch {
	case isInterrupted(ctx):
		out.Outcome = v1alpha1.DrainInterrupted
		out.Findings = append(out.Findings, finding.New(finding.DrainStoppedByUser, "pool/"+out.Name, "nothing new was evicted after the signal", r.next.Again))
		return &ExitError{Code: codeInterrupted}
	case err != nil:
		out.Outcome = v1alpha1.DrainStopped
		if held.Err() != nil {
			err = context.Cause(held)
		}
		return &ExitError{Code: codeStopped, Err: err}
	case finding.HasErrors(out.Findings):
		out.Outcome = v1alpha1.DrainStopped
		return &ExitError{Code: codeStopped}
	}
	out.Outcome = v1alpha1.DrainDone
	return nil
}

func (r *runDrain) report(plan *drain.Plan) *v1alpha1.DrainReport {
	out := r.emptyReport(plan.Pool.Name)
	out.Findings = append(out.Findings, plan.Findings...)
	if r.reliefs != nil {
		out.Findings = append(out.Findings, r.reliefs.announce(r.now(), r.keepPaused)...)
		finding.Sort(out.Findings)
	}
	out.Plan = plan.Report()
	return out
}

func (r *runDrain) emptyReport(name string) *v1alpha1.DrainReport {
	return &v1alpha1.DrainReport{
		TypeMeta:   v1alpha1.TypeMeta("DrainReport"),
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Outcome:    v1alpha1.DrainPlanned,
		DryRun:     r.dryRun.String(),
		Findings:   []v1alpha1.Finding{},
		Plan:       v1alpha1.DrainPlan{Nodes: []v1alpha1.PlannedNode{}, Workloads: []v1alpha1.PlannedWorkload{}, Waves: []v1alpha1.Wave{}},
	}
}

func (r *runDrain) print(out *v1alpha1.DrainReport) error {
	return r.output.print(r.Out, out, func(w io.Writer) error {
		return report.DrainReport(w, out, r.next, r.styleFor(r.Out), r.output.wide)
	})
}

// warnings keeps of a plan's findings what is still worth saying at the end: not what
// might have happened and has been told if it did.
func warnings(planned []v1alpha1.Finding) []v1alpha1.Finding {
	over := []finding.Code{finding.WorkloadDowntime, finding.MayComeBack, finding.PinnedToNode}
	return slices.DeleteFunc(slices.Clone(planned), func(f v1alpha1.Finding) bool {
		return f.Severity != v1alpha1.SeverityWarning || slices.Contains(over, finding.Code(f.Code))
	})
}
