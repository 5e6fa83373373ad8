// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package report

import (
	"fmt"
	"io"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/cli-runtime/pkg/printers"
)

// Marks before the name of a column: one that only -o wide shows, and those whose
// cells may be cut where the table is wider than the terminal: at the end, or in
// the middle where it is the ends that tell names apart.
const (
	onlyWide     = "+"
	mayCut       = "~"
	mayCutInside = "^"
)

// The space that kubectl's tables put behind a column, and the least that a cut
// column keeps.
const (
	columnGap     = 3
	leastCutWidth = 12
)

// table is a table for people.
type table struct {
	columns []string
	rows    [][]string
}

func newTable(columns ...string) *table { return &table{columns: columns} }

func (t *table) add(cells ...any) {
	row := make([]string, 0, len(cells))
	for _, cell := range cells {
		row = append(row, fmt.Sprint(cell))
	}
	t.rows = append(t.rows, row)
}

// print writes the table. On a terminal it is made to fit; in a pipe, and with
// -o wide, everything is whole.
func (t *table) print(w io.Writer, style Style, wide bool) error {
	if !wide && style.width > 0 {
		t.fit(style.width)
	}
	out := &metav1.Table{}
	for _, name := range t.columns {
		column := metav1.TableColumnDefinition{Name: strings.TrimLeft(name, onlyWide+mayCut+mayCutInside), Type: "string"}
		if strings.HasPrefix(name, onlyWide) {
			column.Priority = 1
		}
		out.ColumnDefinitions = append(out.ColumnDefinitions, column)
	}
	for _, row := range t.rows {
		cells := make([]any, 0, len(row))
		for _, cell := range row {
			cells = append(cells, cell)
		}
		out.Rows = append(out.Rows, metav1.TableRow{Cells: cells})
	}
	return printers.NewTablePrinter(printers.PrintOptions{Wide: wide}).PrintObj(out, w)
}

// fits reports whether the table keeps to a width. Like the living area it stays
// off the last column: some terminals wrap when that one is written.
func (t *table) fits(width int) bool { return taken(t.widths()) < width }

// fit cuts the cells of the columns that may be cut, the widest first, until the
// table keeps to a width, or there is nothing more to cut.
func (t *table) fit(width int) {
	widths := t.widths()
	for taken(widths) >= width {
		widest := -1
		for i, name := range t.columns {
			if canCut(name) && widths[i] > leastCutWidth && (widest < 0 || widths[i] > widths[widest]) {
				widest = i
			}
		}
		if widest < 0 {
			break
		}
		widths[widest]--
	}
	for _, row := range t.rows {
		for i := range row {
			switch width := widths[i] + 1 - len("…"); {
			case len(row[i]) <= widths[i]:
			case strings.HasPrefix(t.columns[i], mayCutInside):
				row[i] = cutInside(row[i], width)
			case canCut(t.columns[i]):
				row[i] = cut(row[i], width)
			}
		}
	}
}

// canCut reports whether the cells of a column may be cut.
func canCut(column string) bool {
	return strings.HasPrefix(column, mayCut) || strings.HasPrefix(column, mayCutInside)
}

// widths are those of the columns, 0 for one that only -o wide shows. They are in
// bytes, as the printer counts.
func (t *table) widths() []int {
	widths := make([]int, len(t.columns))
	for i, name := range t.columns {
		if strings.HasPrefix(name, onlyWide) {
			continue
		}
		widths[i] = len(strings.TrimLeft(name, mayCut+mayCutInside))
		for _, row := range t.rows {
			widths[i] = max(widths[i], len(row[i]))
		}
	}
	return widths
}

// taken is the width of a line of columns.
func taken(widths []int) int {
	line := -columnGap
	for _, width := range widths {
		if width > 0 {
			line += width + columnGap
		}
	}
	return line
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
