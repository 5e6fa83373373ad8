// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package report

import (
	"io"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/cli-runtime/pkg/printers"
)

// table is a table for people. A column whose name begins with + is shown with
// -o wide only.
type table struct {
	columns []string
	rows    [][]any
}

func newTable(columns ...string) *table { return &table{columns: columns} }

func (t *table) add(cells ...any) { t.rows = append(t.rows, cells) }

func (t *table) print(w io.Writer, wide bool) error {
	out := &metav1.Table{}
	for _, name := range t.columns {
		column := metav1.TableColumnDefinition{Name: strings.TrimPrefix(name, "+"), Type: "string"}
		if strings.HasPrefix(name, "+") {
			column.Priority = 1
		}
		out.ColumnDefinitions = append(out.ColumnDefinitions, column)
	}
	for _, cells := range t.rows {
		out.Rows = append(out.Rows, metav1.TableRow{Cells: cells})
	}
	return printers.NewTablePrinter(printers.PrintOptions{Wide: wide}).PrintObj(out, w)
}

// orNone shows an empty value the way kubectl does.
func orNone(s string) string {
	if s == "" {
		return "<none>"
	}
	return s
}

// shortNode makes a node's name fit a table: without the domain on EKS, without
// the prefix and the scale set's digits on AKS (aks-mongodbnp-34842842-vmss000000
// becomes mongodbnp-vmss000000). With -o wide names are whole.
func shortNode(name string, wide bool) string {
	if wide {
		return name
	}
	if host, _, hasDomain := strings.Cut(name, "."); hasDomain {
		return host
	}
	parts := strings.Split(name, "-")
	if len(parts) == 4 && parts[0] == "aks" && len(parts[2]) == 8 {
		return parts[1] + "-" + parts[3]
	}
	return name
}
