// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package cmd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/cli-runtime/pkg/printers"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/api/v1alpha1"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/probe"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/profile"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/report"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/verify"
)

// How --wait looks unless told otherwise.
const (
	usualLooks    = 3
	usualInterval = 10 * time.Second
)

// verifyOptions are the options of verify.
type verifyOptions struct {
	*suite
	output *output

	baselineName string
	to           string
	pages        []string
	ignored      []string
	reason       string
	profileFile  string
	wait         time.Duration
	looks        int
	interval     time.Duration

	target  *verify.Target
	probes  []probe.Target
	rules   []verify.Rule
	profile *profile.Profile
	next    report.Next
}

func newCmdVerify(s *suite) *cobra.Command {
	o := &verifyOptions{suite: s, output: newOutput(), looks: usualLooks, interval: usualInterval}
	o.output.also = map[string]printers.ResourcePrinter{"markdown": printers.ResourcePrinterFunc(o.markdown)}
	cmd := s.command("verify", "")
	cmd.Long = `Check a cluster after an upgrade, in the order of the runbook: nodes and pods first,
then versions, what is left of the upgrade, workloads, storage, Services, backups,
placement. With --baseline everything is compared with a snapshot from before, and
what is not as it was is shown as before → after. With --to every kubelet must be at
that version.

With --wait it looks again until all holds several times in a row, and shows
meanwhile what is still missing.

It changes nothing. The exit code is 2 if anything is wrong, or could not be checked;
warnings do not count.`
	cmd.Example = `  # Before the upgrade
  kubectl vantiq-upgrade snapshot before.yaml.gz

  # After it
  kubectl vantiq-upgrade verify --baseline before.yaml.gz --to 1.30 --wait 15m

  # With the pages that users open, as text for the work report
  kubectl vantiq-upgrade verify --baseline before.yaml.gz \
    --http ide=https://vantiq.example.com --http grafana=https://vantiq.example.com/grafana/ -o markdown

  # Something is known and accepted
  kubectl vantiq-upgrade verify --ignore VU-505=pod/shared/grafana-* --reason "restarted by hand"`
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		o.next = report.Next{Again: commandLine(cmd, cmd.Name(), args)}
		if err := o.complete(); err != nil {
			return err
		}
		if err := o.validate(cmd); err != nil {
			return err
		}
		if err := o.limitWait(cmd); err != nil {
			return err
		}
		return o.run(cmd.Context())
	}
	o.addFlags(cmd)
	return cmd
}

func (o *verifyOptions) addFlags(cmd *cobra.Command) {
	o.output.addFlags(cmd)
	flags := cmd.Flags()
	flags.StringVar(&o.baselineName, "baseline", "", "Snapshot to compare with: a file, - for stdin, or latest for the newest that the cluster keeps")
	flags.StringVar(&o.to, "to", "", "Version that every kubelet should have, e.g. 1.30 or 1.30.2")
	flags.DurationVar(&o.wait, "wait", 0, "Look again until all holds, at most for so long")
	flags.IntVar(&o.looks, "looks", o.looks, "With --wait: how many times in a row all must hold")
	flags.DurationVar(&o.interval, "interval", o.interval, "With --wait: time between two looks that count")
	flags.StringArrayVar(&o.pages, "http", nil, "Page that should answer, as NAME=URL; a redirect to a login counts as an answer; may be given several times")
	flags.StringArrayVar(&o.ignored, "ignore", nil, "Leave findings out of the verdict: VU-502, or VU-502=pod/app/x, where * may end the object; needs --reason; may be given several times")
	flags.StringVar(&o.reason, "reason", "", "Why --ignore; it is shown in the report")
	flags.Duration("timeout", readingTimeout, timeoutUsage+". Unless it is given, --wait comes to it")
	flags.StringVar(&o.profileFile, "profile", "", "File with what is known of Vantiq, in place of the built-in one")
	_ = cmd.MarkFlagFilename("profile", "yaml", "yml")
	_ = cmd.RegisterFlagCompletionFunc("baseline", completeBaseline)
	_ = cmd.RegisterFlagCompletionFunc("ignore", func(_ *cobra.Command, _ []string, word string) ([]cobra.Completion, cobra.ShellCompDirective) {
		return completeCodes(nil, nil, word)
	})
}

func (o *verifyOptions) complete() (err error) {
	if err := o.output.complete(); err != nil {
		return err
	}
	if o.to != "" {
		if o.target, err = verify.ParseTarget(o.to); err != nil {
			return fmt.Errorf("--to: %w", err)
		}
	}
	if o.rules, err = verify.ParseRules(o.ignored, o.reason); err != nil {
		return err
	}
	if o.probes, err = probe.ParseTargets(o.pages); err != nil {
		return fmt.Errorf("--http: %w", err)
	}
	o.profile, err = profile.Load(o.profileFile)
	return err
}

func (o *verifyOptions) validate(cmd *cobra.Command) error {
	for _, name := range []string{"baseline", "to"} {
		// An empty variable of a script must not mean none.
		if f := cmd.Flags().Lookup(name); f.Changed && f.Value.String() == "" {
			return fmt.Errorf("--%s is empty", name)
		}
	}
	switch {
	case o.wait < 0:
		return errors.New("--wait must not be negative")
	case o.looks < 1:
		return errors.New("--looks must be at least 1")
	case o.interval < time.Second:
		return errors.New("--interval must be at least 1s")
	case o.wait > 0 && o.wait < time.Duration(o.looks-1)*o.interval:
		return fmt.Errorf("--wait %s is too short for %d looks %s apart: give at least %s, or fewer --looks", o.wait, o.looks, o.interval, time.Duration(o.looks-1)*o.interval)
	case o.wait == 0 && (cmd.Flags().Changed("looks") || cmd.Flags().Changed("interval")):
		return errors.New("--looks and --interval are for --wait; give that too")
	}
	return nil
}

// limitWait adds --wait to the time that a verify has, unless that is given.
func (o *verifyOptions) limitWait(cmd *cobra.Command) error {
	timeout := o.limit.timeout
	switch given := cmd.Flags().Changed("timeout"); {
	case o.wait == 0 || timeout == 0:
	case !given:
		o.limit.become(timeout + o.wait)
	case timeout < o.wait:
		return fmt.Errorf("--timeout %s is shorter than --wait %s", timeout, o.wait)
	}
	return nil
}

func (o *verifyOptions) run(ctx context.Context) error {
	l, err := o.newLooker(ctx)
	if err != nil {
		return err
	}
	out, err := o.lookOrWait(ctx, l)
	if err != nil {
		return err
	}
	if err := o.print(o.Out, out); err != nil {
		return err
	}
	switch {
	case isInterrupted(ctx):
		return &ExitError{Code: codeInterrupted}
	case out.Outcome != v1alpha1.VerifyPassed:
		return &ExitError{Code: codeBlocked}
	}
	return nil
}

func (o *verifyOptions) lookOrWait(ctx context.Context, l *looker) (*v1alpha1.VerifyReport, error) {
	if o.wait > 0 {
		return o.waitFor(ctx, l)
	}
	return l.once(ctx)
}

func (o *verifyOptions) print(w io.Writer, out *v1alpha1.VerifyReport) error {
	return o.output.print(w, out, func(w io.Writer) error {
		return report.VerifyReport(w, out, o.next, o.styleFor(o.Out), o.output.wide)
	})
}

func (o *verifyOptions) markdown(object runtime.Object, w io.Writer) error {
	r, is := object.(*v1alpha1.VerifyReport)
	if !is {
		return fmt.Errorf("a %T cannot be written as markdown", object)
	}
	return report.VerifyMarkdown(w, r)
}
