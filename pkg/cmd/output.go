// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package cmd

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/cli-runtime/pkg/genericclioptions"
	"k8s.io/cli-runtime/pkg/printers"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/api/v1alpha1"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/report"
)

// output prints a result: as tables for people, or in any format of kubectl.
type output struct {
	flags *genericclioptions.PrintFlags
	// human is true for the tables, wide for -o wide.
	human, wide bool
	printer     printers.ResourcePrinter
	// also are formats of one subcommand alone, by their names.
	also map[string]printers.ResourcePrinter
}

func newOutput() *output {
	return &output{flags: genericclioptions.NewPrintFlags("").WithTypeSetter(v1alpha1.NewScheme())}
}

func (o *output) addFlags(cmd *cobra.Command) {
	o.flags.AddFlags(cmd)
	if f := cmd.Flags().Lookup("output"); f != nil {
		f.Usage = "Output format. One of: " + strings.ReplaceAll(strings.Join(o.formats(), ", "), "=", "=…")
		_ = cmd.RegisterFlagCompletionFunc("output", o.completeFormat)
	}
	completeFiles(cmd, "template")
	for _, name := range []string{"allow-missing-template-keys", "show-managed-fields", "template"} {
		if f := cmd.Flags().Lookup(name); f != nil {
			f.Hidden = true
		}
	}
}

// formats are those that are told of; kubectl's printers know some more names for
// the same.
func (o *output) formats() []string {
	return slices.Concat([]string{"wide"}, slices.Sorted(maps.Keys(o.also)),
		[]string{"json", "yaml", "kyaml", "name", "jsonpath=", "jsonpath-file=", "go-template=", "go-template-file="})
}

// completeFormat completes --output. Behind an equals sign there is more to type.
func (o *output) completeFormat(_ *cobra.Command, _ []string, word string) ([]cobra.Completion, cobra.ShellCompDirective) {
	if strings.HasPrefix(word, "jsonpath-file=") || strings.HasPrefix(word, "go-template-file=") {
		return nil, cobra.ShellCompDirectiveDefault
	}
	offered := fitting(o.formats(), nil, word)
	if len(offered) > 0 && !slices.ContainsFunc(offered, func(format string) bool { return !strings.HasSuffix(format, "=") }) {
		return offered, offerNothing | cobra.ShellCompDirectiveNoSpace
	}
	return offered, offerNothing
}

// complete checks the format before anything else is done.
func (o *output) complete() error {
	switch *o.flags.OutputFormat {
	case "", "wide":
		o.human, o.wide = true, *o.flags.OutputFormat == "wide"
		return nil
	}
	if o.printer = o.also[*o.flags.OutputFormat]; o.printer != nil {
		return nil
	}
	printer, err := o.flags.ToPrinter()
	if genericclioptions.IsNoCompatiblePrinterError(err) {
		formats := slices.Concat([]string{"wide"}, slices.Sorted(maps.Keys(o.also)), o.flags.AllowedFormats())
		return fmt.Errorf("there is no output format %q, only: %s", *o.flags.OutputFormat, strings.Join(formats, ", "))
	}
	if err != nil {
		return err
	}
	o.printer = printer
	return nil
}

// print writes a result to w; human writes the tables.
func (o *output) print(w io.Writer, object runtime.Object, human func(io.Writer) error) error {
	if o.human {
		return human(w)
	}
	if *o.flags.OutputFormat == "name" && meta.IsListType(object) {
		// kubectl's name printer knows untyped lists only.
		return meta.EachListItem(object, func(item runtime.Object) error { return o.printer.PrintObj(item, w) })
	}
	if err := o.printer.PrintObj(object, w); err != nil {
		return fmt.Errorf("printing the result: %w", err)
	}
	return nil
}

// colour is the --color flag.
type colour struct {
	mode string
}

func (c *colour) style(stream any, getenv func(string) string) report.Style {
	return report.NewStyle(c.mode, stream, getenv)
}

func (c *colour) validate() error {
	switch c.mode {
	case "auto", "always", "never":
		return nil
	}
	return fmt.Errorf("--color must be auto, always or never, got %q", c.mode)
}
