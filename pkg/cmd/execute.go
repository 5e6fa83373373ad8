// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package cmd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/cli-runtime/pkg/genericclioptions"
	cmdutil "k8s.io/kubectl/pkg/cmd/util"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/api/v1alpha1"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/finding"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/journal"
)

// Execute runs a command line and returns its exit code. An error is a line on
// stderr; where stdout is to be read by a program, and there was no result, it is
// a Failure on stdout besides.
func Execute(ctx context.Context, system System, args []string) int {
	format := formatIn(args)
	out := &stdout{Writer: system.Out}
	if format != "" {
		system.Out = out
	}
	system.course = &course{}
	root, err := NewRootCommand(system) //nolint:contextcheck // the commands get it from cobra
	name := ""
	if err == nil {
		root.SetArgs(args)
		var ran *cobra.Command
		if ran, err = root.ExecuteContextC(ctx); ran.HasParent() {
			name, system.course.ran = ran.Name(), ran
		}
	}
	if err == nil {
		return codeDone
	}
	message := withRole(system.course.describe(err), name, err)
	if message != "" {
		fmt.Fprintln(system.ErrOut, withPrefix(message, err))
	}
	if format != "" && out.isEmpty() {
		if err := printFailure(out, format, system.course.failure(name, message, err)); err != nil {
			fmt.Fprintln(system.ErrOut, "error: "+err.Error())
		}
	}
	return ExitCode(err)
}

// describe says what an error is, in one line where that can be; it is empty where
// the result has said everything.
func (c *course) describe(err error) string {
	if err.Error() == "" {
		return ""
	}
	if words := c.inWords(err); words != "" {
		return words
	}
	message, known := cmdutil.StandardErrorMessage(err)
	if !known {
		message = err.Error()
	}
	return strings.TrimPrefix(message, "error: ")
}

// withRole says where the right is to be had that an error is about.
func withRole(message, subcommand string, err error) string {
	refused := (*missingRightsError)(nil)
	if ErrorCode(err) != finding.RightsMissing || subcommand == "" || errors.As(err, &refused) {
		return message
	}
	return message + "; " + askFor(subcommand)
}

// inWords says of an interrupt what can be done, and of a server that cannot be
// asked why; it is empty for all else.
func (c *course) inWords(err error) string {
	exit := (*ExitError)(nil)
	if ExitCode(err) == codeInterrupted && !errors.As(err, &exit) {
		return "interrupted" + c.goOn()
	}
	if c.conn == nil {
		return ""
	}
	return c.conn.inWords(err)
}

// withPrefix writes a message the way kubectl does, with the code of the error
// where it has one.
func withPrefix(message string, err error) string {
	if code := ErrorCode(err); code != "" {
		return "error: " + string(code) + ": " + message
	}
	if strings.HasPrefix(message, "Error from server") {
		return message
	}
	return "error: " + message
}

// failure is the error as an object.
func (c *course) failure(name, message string, err error) *v1alpha1.Failure {
	out := &v1alpha1.Failure{
		TypeMeta: v1alpha1.TypeMeta("Failure"), ObjectMeta: metav1.ObjectMeta{Name: name},
		Command: name, Message: message, Code: string(ErrorCode(err)), ExitCode: ExitCode(err),
	}
	if held, is := errors.AsType[*journal.HeldError](err); is {
		out.Lock = &v1alpha1.LockStatus{Holder: held.Holder, Command: held.Command, Since: timeOf(held.Since)}
	}
	if run, _ := c.soFar(); run != "" {
		out.Run, out.Resume = run, c.resume()
	}
	return out
}

// programFormats are the formats in which an error is an object.
func programFormats() []string { return []string{"json", "yaml", "kyaml"} }

// outputFlag are the ways to write -o together with other short flags, and its
// value in the same word.
var outputFlag = regexp.MustCompile(`^-[hqwy]*o=?(.*)$`)

// formatIn finds the format that is asked for, also where the rest of the
// arguments makes no sense; it is empty where no program reads stdout.
func formatIn(args []string) string {
	format := ""
	if len(args) > 0 && strings.HasPrefix(args[0], cobra.ShellCompRequestCmd) {
		return format // what a shell completes
	}
	for i, arg := range args {
		value, isLong := strings.CutPrefix(arg, "--output=")
		short := outputFlag.FindStringSubmatch(arg)
		switch {
		case arg == "--":
			return format
		case isLong:
			format = value
		case short != nil && short[1] != "":
			format = short[1]
		case (short != nil || arg == "--output") && i+1 < len(args):
			format = args[i+1]
		default:
			continue
		}
		if format = strings.ToLower(format); !slices.Contains(programFormats(), format) {
			format = ""
		}
	}
	return format
}

func printFailure(w io.Writer, format string, failure *v1alpha1.Failure) error {
	flags := genericclioptions.NewPrintFlags("").WithTypeSetter(v1alpha1.NewScheme())
	flags.OutputFormat = &format
	printer, err := flags.ToPrinter()
	if err != nil {
		return fmt.Errorf("printing the error: %w", err)
	}
	return printer.PrintObj(failure, w)
}
