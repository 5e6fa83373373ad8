// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

// Package picture draws a PlacementReport: the zones as columns, the pools as
// rows, the nodes with how full they are and the pods in them, and an arrow from
// each misplaced pod to where it belongs. It needs nothing but the report, and
// the same report gives the same bytes. Times are shown in the zone that
// report.Time carries, and in UTC.
package picture

import (
	_ "embed" // the style sheets and the page
	"fmt"
	"io"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/api/v1alpha1"
)

//go:embed picture.css
var pictureStyle string

// SVG writes the picture as one SVG file that refers to nothing outside itself.
func SVG(w io.Writer, r *v1alpha1.PlacementReport) error {
	p := &pen{}
	p.WriteString("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n")
	p.picture(newLayout(newChart(r)))
	if _, err := w.Write(p.Bytes()); err != nil {
		return fmt.Errorf("writing the picture: %w", err)
	}
	return nil
}
