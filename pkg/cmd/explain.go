// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package cmd

import (
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/api/v1alpha1"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/finding"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/report"
)

// explainOptions are the options of explain.
type explainOptions struct {
	*suite
	output  *output
	entries []finding.Entry
	// all is true where no code is named.
	all bool
}

func newCmdExplain(s *suite) *cobra.Command {
	o := &explainOptions{suite: s, output: newOutput()}
	cmd := s.command("explain", "[CODE...]")
	cmd.Long = `Explain what the codes of findings mean: why it matters, and how to mend it.
Without a code all are listed. It asks no cluster.`
	cmd.Example = `  # What a finding is about
  kubectl vantiq-upgrade explain VU-502

  # Several; the letters may be left out
  kubectl vantiq-upgrade explain 502 503

  # All codes
  kubectl vantiq-upgrade explain`
	cmd.ValidArgsFunction = completeCodes
	cmd.RunE = func(_ *cobra.Command, args []string) error {
		if err := o.complete(args); err != nil {
			return err
		}
		return o.run()
	}
	o.output.addFlags(cmd)
	return cmd
}

func (o *explainOptions) complete(args []string) error {
	if err := o.output.complete(); err != nil {
		return err
	}
	o.all = len(args) == 0
	if o.all {
		o.entries = finding.Table()
		return nil
	}
	for _, arg := range args {
		entry, err := finding.Lookup(arg)
		if err != nil {
			return err
		}
		if !slices.Contains(o.entries, entry) {
			o.entries = append(o.entries, entry)
		}
	}
	return nil
}

func (o *explainOptions) run() error {
	list := &v1alpha1.FindingCodeList{TypeMeta: v1alpha1.TypeMeta("FindingCodeList"), Items: []v1alpha1.FindingCode{}}
	for _, entry := range o.entries {
		list.Items = append(list.Items, codeObject(entry))
	}
	var result runtime.Object = list
	if len(list.Items) == 1 {
		result = &list.Items[0]
	}
	return o.output.print(o.Out, result, func(w io.Writer) error {
		if o.all {
			return report.Codes(w, list.Items, o.styleFor(o.Out), o.output.wide)
		}
		report.Explain(w, list.Items, o.styleFor(o.Out))
		return nil
	})
}

func codeObject(e finding.Entry) v1alpha1.FindingCode {
	return v1alpha1.FindingCode{
		TypeMeta: v1alpha1.TypeMeta("FindingCode"), ObjectMeta: metav1.ObjectMeta{Name: string(e.Code)},
		Severity: e.Severity, Meaning: e.Title, Why: e.Why, Mend: e.Mend,
	}
}

// completeCodes completes codes the way that they are begun: VU-5, vu-5 or 5.
func completeCodes(_ *cobra.Command, args []string, toComplete string) ([]cobra.Completion, cobra.ShellCompDirective) {
	given := map[finding.Code]bool{}
	for _, arg := range args {
		if entry, err := finding.Lookup(arg); err == nil {
			given[entry.Code] = true
		}
	}
	var codes []cobra.Completion
	for _, e := range finding.Table() {
		if given[e.Code] {
			continue
		}
		for _, word := range []string{string(e.Code), strings.ToLower(string(e.Code)), strings.TrimPrefix(string(e.Code), "VU-")} {
			if strings.HasPrefix(word, toComplete) {
				codes = append(codes, cobra.CompletionWithDesc(word, e.Title))
				break
			}
		}
	}
	return codes, cobra.ShellCompDirectiveNoFileComp
}
