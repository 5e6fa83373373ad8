// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package cmd

import (
	"fmt"
	"io"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/registry"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/report"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/rights"
)

// printRoles prints the roles and their bindings, or the table of -o wide.
func (o *rbacOptions) printRoles() error {
	if o.output.human {
		return report.Rights(o.Out, rights.Wanted(o.askers), o.styleFor(o.Out), o.output.wide)
	}
	var objects []runtime.Object
	for _, role := range o.roles() {
		objects = append(objects, role.Objects()...)
	}
	if len(objects) == 0 {
		fmt.Fprintln(o.ErrOut, "No rights are needed for "+strings.Join(o.names, ", ")+": nothing to apply.")
		return nil
	}
	return o.printAll(objects)
}

// roles are that of those who look, and where anything changes that of operators,
// who may do all of it.
func (o *rbacOptions) roles() []rights.Role {
	// Roles for some subcommands must not take the place of those for all.
	name := strings.Join(slices.Concat([]string{rights.App}, o.names), "-")
	reader := rights.Role{Name: name + "-reader", Rights: rights.Wanted(rights.ToLook(o.askers)), Subjects: o.reading}
	if !slices.ContainsFunc(o.subcommands, registry.Subcommand.CanMutate) {
		reader.Subjects = slices.Concat(o.reading, slices.DeleteFunc(slices.Clone(o.working), func(s rbacv1.Subject) bool { return slices.Contains(o.reading, s) }))
		return []rights.Role{reader}
	}
	return []rights.Role{reader, {Name: name + "-operator", Rights: rights.Wanted(o.askers), Subjects: o.working}}
}

// printAll prints objects: as YAML one after the other, as names a line each, else in
// one list, of which jq and kubectl make as much.
func (o *rbacOptions) printAll(objects []runtime.Object) error {
	switch *o.output.flags.OutputFormat {
	case "yaml", "kyaml", "name":
		for _, object := range objects {
			if err := o.printer(object); err != nil {
				return err
			}
		}
		return nil
	}
	list := &corev1.List{}
	list.APIVersion, list.Kind = "v1", "List"
	for _, object := range objects {
		list.Items = append(list.Items, runtime.RawExtension{Object: object})
	}
	return o.printer(list)
}

func (o *rbacOptions) printer(object runtime.Object) error {
	return o.output.print(o.Out, object, func(io.Writer) error { return nil })
}
