// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package cmd

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	rbacv1 "k8s.io/api/rbac/v1"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/registry"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/rights"
)

// rbacOptions are the options of rbac.
type rbacOptions struct {
	*suite
	output *output

	check              bool
	readers, operators []string
	without            []string

	// subcommands are those that are asked for, in the order of the registry.
	subcommands []registry.Subcommand
	// names are those that the operator gave; none means all.
	names   []string
	askers  []rights.Asker
	reading []rbacv1.Subject
	working []rbacv1.Subject
	// grant is the command that prints the roles for what is checked.
	grant string
}

func newCmdRBAC(s *suite) *cobra.Command {
	o := &rbacOptions{suite: s, output: newOutput()}
	cmd := s.command("rbac", "[SUBCOMMAND...]")
	cmd.Long = `Print the rights that subcommands need, by default all of them, as roles to apply:
a reader's for all that only looks, dry runs with --dry-run=client too, and an
operator's for everything. With --reader and --operator it binds them. It asks no
cluster. The rights are those that plugins.yaml declares: the least with which
everything works, each with a note who needs it; a subcommand that lacks one that is
essential refuses before it touches anything.

With SUBCOMMANDs the roles have only what these need, and names of their own. With
-o wide it shows a table.

With --check it asks the API server which of the rights the current user has:
Allowed, Denied, Unknown where the server could not tell, NotApplicable where it does
not have what the right is for. The exit code is 0 if all that is essential is allowed,
else 2.`
	cmd.Example = `  # Roles, and who gets them
  kubectl vantiq-upgrade rbac --operator group:platform --reader user:ann | kubectl apply -f -

  # No more than a drain takes
  kubectl vantiq-upgrade rbac drain-pool uncordon-pool

  # Nobody is to list Secrets, not even their names
  kubectl vantiq-upgrade rbac --without secrets

  # What am I missing for a drain?
  kubectl vantiq-upgrade rbac drain-pool --check`
	cmd.Args = cobra.ArbitraryArgs
	cmd.ValidArgsFunction = o.completeSubcommands
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if err := o.complete(cmd, args); err != nil {
			return err
		}
		return o.run(cmd.Context())
	}
	o.output.addFlags(cmd)
	if f := cmd.Flags().Lookup("output"); f != nil {
		f.Usage += " (default yaml; a table with --check)"
	}
	flags := cmd.Flags()
	flags.BoolVar(&o.check, "check", false, "Ask the API server which of the rights the current user has")
	flags.StringArrayVar(&o.readers, "reader", nil, "Who may look, as user:NAME, group:NAME or serviceaccount:NAMESPACE:NAME; may be given several times")
	flags.StringArrayVar(&o.operators, "operator", nil, "Who may do everything, as user:NAME, group:NAME or serviceaccount:NAMESPACE:NAME; may be given several times")
	flags.StringSliceVar(&o.without, "without", nil, "Leave out the rights on these resources (such as secrets), where the subcommands go on without them")
	completeWith(cmd, "without", rights.Optional(rights.Askers(s.registry.Subcommands))...)
	return cmd
}

func (o *rbacOptions) complete(cmd *cobra.Command, args []string) error {
	if !o.check && *o.output.flags.OutputFormat == "" {
		*o.output.flags.OutputFormat = "yaml"
	}
	if err := o.output.complete(); err != nil {
		return err
	}
	if err := o.choose(cmd, args); err != nil {
		return err
	}
	if o.check && len(o.readers)+len(o.operators) > 0 {
		return errors.New("--check is about the current user; give it without --reader and --operator")
	}
	var err error
	if o.reading, err = subjects("reader", o.readers); err != nil {
		return err
	}
	if o.working, err = subjects("operator", o.operators); err != nil {
		return err
	}
	o.grant = commandLine(cmd, cmd.Name(), args, "check", "output", "context", "kubeconfig", "as", "as-group", "as-uid")
	return o.leaveOut()
}

// choose finds the subcommands that are asked for.
func (o *rbacOptions) choose(cmd *cobra.Command, args []string) error {
	for _, name := range args {
		if _, err := o.registry.Subcommand(name); err != nil {
			return noSubcommand(cmd.Root(), []string{name})
		}
	}
	for _, s := range o.registry.Subcommands {
		if len(args) == 0 || slices.Contains(args, s.Name) {
			o.subcommands = append(o.subcommands, s)
			if len(args) > 0 {
				o.names = append(o.names, s.Name)
			}
		}
	}
	o.askers = rights.Askers(o.subcommands)
	for _, asker := range o.askers {
		o.inNamespaceOfJournal(asker.Needs)
	}
	return nil
}

// leaveOut leaves the rights out that --without names.
func (o *rbacOptions) leaveOut() error {
	for _, name := range o.without {
		needed, err := rights.Without(o.askers, name)
		if err != nil {
			return fmt.Errorf("--without: %w", err)
		}
		o.askers = needed
	}
	return nil
}

// subjects reads user:NAME, group:NAME and serviceaccount:NAMESPACE:NAME.
func subjects(flag string, given []string) ([]rbacv1.Subject, error) {
	var all []rbacv1.Subject
	for _, text := range given {
		kind, name, _ := strings.Cut(text, ":")
		subject := rbacv1.Subject{APIGroup: rbacv1.GroupName, Name: name}
		switch kind {
		case "user":
			subject.Kind = rbacv1.UserKind
		case "group":
			subject.Kind = rbacv1.GroupKind
		case "serviceaccount":
			subject.Kind, subject.APIGroup = rbacv1.ServiceAccountKind, ""
			subject.Namespace, subject.Name, _ = strings.Cut(name, ":")
		}
		if subject.Kind == "" || subject.Name == "" || subject.Kind == rbacv1.ServiceAccountKind && subject.Namespace == "" {
			return nil, fmt.Errorf("--%s: want user:NAME, group:NAME or serviceaccount:NAMESPACE:NAME, got %q", flag, text)
		}
		if !slices.Contains(all, subject) {
			all = append(all, subject)
		}
	}
	return all, nil
}

func (o *rbacOptions) completeSubcommands(_ *cobra.Command, args []string, toComplete string) ([]cobra.Completion, cobra.ShellCompDirective) {
	var names []cobra.Completion
	for _, s := range o.registry.Subcommands {
		if strings.HasPrefix(s.Name, toComplete) && !slices.Contains(args, s.Name) {
			names = append(names, cobra.CompletionWithDesc(s.Name, s.Summary))
		}
	}
	return names, cobra.ShellCompDirectiveNoFileComp
}

func (o *rbacOptions) run(ctx context.Context) error {
	if o.check {
		return o.checkRights(ctx)
	}
	return o.printRoles()
}
