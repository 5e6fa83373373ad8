// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package picture_test

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"flag"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/api/v1alpha1"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/picture"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/test/picture/sample"
)

var update = flag.Bool("update", false, "write the golden files anew")

type draw func(io.Writer, *v1alpha1.PlacementReport) error

func load(t *testing.T, name string) *v1alpha1.PlacementReport {
	t.Helper()
	r := &v1alpha1.PlacementReport{}
	data, err := os.ReadFile(filepath.Join("testdata", name+".json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, r); err != nil {
		t.Fatal(err)
	}
	r.Time = metav1.NewTime(r.Time.In(time.FixedZone("JST", 9*3600)))
	return r
}

func bytesOf(t *testing.T, d draw, r *v1alpha1.PlacementReport) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := d(&b, r); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// docs/placement-example.svg is the golden file of the 14 nodes; make generate writes it.
func TestGolden(t *testing.T) {
	for name, d := range map[string]draw{
		"eks6.svg": picture.SVG, "eks6.html": picture.HTML,
		"empty.svg": picture.SVG, "empty.html": picture.HTML,
		"hostile.svg": picture.SVG, "hostile.html": picture.HTML,
	} {
		t.Run(name, func(t *testing.T) {
			got := bytesOf(t, d, load(t, strings.TrimSuffix(name, filepath.Ext(name))))
			file := filepath.Join("testdata", name)
			if *update {
				if err := os.WriteFile(file, got, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), string(got)); diff != "" {
				t.Errorf("%s has changed; look at it, then go test ./pkg/picture -run Golden -update\n%s", name, diff)
			}
		})
	}
}

func reports(t *testing.T) map[string]*v1alpha1.PlacementReport {
	t.Helper()
	return map[string]*v1alpha1.PlacementReport{
		"zero": {}, "empty": load(t, "empty"), "eks6": load(t, "eks6"), "aks14": load(t, "aks14"),
		"hostile": load(t, "hostile"), "large": sample.Large(200, 3000, 73),
	}
}

func TestSVGIsWellFormed(t *testing.T) {
	for name, r := range reports(t) {
		t.Run(name, func(t *testing.T) {
			d := xml.NewDecoder(bytes.NewReader(bytesOf(t, picture.SVG, r)))
			var inTitle, titles int
			for {
				token, err := d.Token()
				if errors.Is(err, io.EOF) {
					break
				}
				if err != nil {
					t.Fatal(err)
				}
				if e, ok := token.(xml.StartElement); ok {
					inTitle++
					if e.Name.Local == "title" || e.Name.Local == "desc" {
						titles++
					}
					if e.Name.Local == "script" || e.Name.Local == "image" || e.Name.Local == "a" || e.Name.Local == "foreignObject" {
						t.Errorf("the picture has an element %s", e.Name.Local)
					}
				}
			}
			if inTitle == 0 || titles < 2 {
				t.Errorf("%d elements, %d titles and descriptions", inTitle, titles)
			}
		})
	}
}

func TestSameReportGivesSameBytes(t *testing.T) {
	for name, r := range reports(t) {
		before := r.DeepCopy()
		if !bytes.Equal(bytesOf(t, picture.SVG, r), bytesOf(t, picture.SVG, r)) {
			t.Errorf("two pictures of %s differ", name)
		}
		if !bytes.Equal(bytesOf(t, picture.HTML, r), bytesOf(t, picture.HTML, r)) {
			t.Errorf("two pages of %s differ", name)
		}
		if diff := cmp.Diff(before, r); diff != "" {
			t.Errorf("drawing has changed the report: %s", diff)
		}
	}
}

func TestNothingIsLoaded(t *testing.T) {
	for name, r := range reports(t) {
		for kind, d := range map[string]draw{"SVG": picture.SVG, "HTML": picture.HTML} {
			text := string(bytesOf(t, d, r))
			text = strings.ReplaceAll(text, `xmlns="http://www.w3.org/2000/svg"`, "")
			for _, bad := range []string{"<script", "href=", "src=", "@import", "://", "<iframe", "<img", "style=", "url(h", "url('", "javascript:"} {
				if strings.Contains(strings.ToLower(text), bad) {
					t.Errorf("the %s of %s has %q", kind, name, bad)
				}
			}
		}
	}
}

// Every name of this report tries to leave its place.
func TestHostileNames(t *testing.T) {
	r := load(t, "hostile")
	for kind, d := range map[string]draw{"SVG": picture.SVG, "HTML": picture.HTML} {
		text := string(bytesOf(t, d, r))
		for _, bad := range []string{"<b>", "onload=\"", "</svg><", "\u202e", "\x1b", "]]>"} {
			if strings.Contains(text, bad) {
				t.Errorf("the %s has %q unescaped", kind, bad)
			}
		}
		if !strings.Contains(text, "&lt;") {
			t.Errorf("the %s has lost the names", kind)
		}
	}
}

func TestPageSaysHowThingsStand(t *testing.T) {
	right := &v1alpha1.PlacementReport{Summary: v1alpha1.PlacementSummary{Pods: 3, Right: 3}}
	unchecked := right.DeepCopy()
	unchecked.NotChecked = []v1alpha1.UncheckedPlacement{{Check: "volumes", Reason: "forbidden"}}
	found := right.DeepCopy()
	found.Findings = []v1alpha1.Finding{{Code: "VU-412", Severity: v1alpha1.SeverityError}}
	poor := &v1alpha1.PlacementReport{Summary: v1alpha1.PlacementSummary{Pods: 3, Right: 2, Poor: 1}}
	moved := right.DeepCopy()
	moved.Relocation = &v1alpha1.Relocation{Outcome: v1alpha1.RelocationDone, Moves: []v1alpha1.Move{{Namespace: "app", Pod: "vantiq-0", State: "Moved"}}}
	for _, tt := range []struct {
		r    *v1alpha1.PlacementReport
		want string
	}{
		{right, `<h1 class="verdict right">Every pod is where it belongs</h1>`},
		{unchecked, `<h1 class="verdict wrong">Not everything could be checked</h1>`},
		{unchecked, `Not checked: volumes (forbidden)`},
		{found, `<h1 class="verdict wrong">Every pod has a place, but there are findings</h1>`},
		{poor, `<h1 class="verdict poor">1 pod would be better off on another node</h1>`},
		{load(t, "aks14"), `<h1 class="verdict wrong">3 pods in a wrong place, 1 pending</h1>`},
		{load(t, "aks14"), `kubectl vantiq-upgrade placement-check --relocate --pod app/vantiq-0`},
		{moved, `<h2>Relocation: Done</h2>`},
	} {
		if page := string(bytesOf(t, picture.HTML, tt.r)); !strings.Contains(page, tt.want) {
			t.Errorf("the page has no %q", tt.want)
		}
	}
}

func TestMoment(t *testing.T) {
	at := time.Date(2026, 11, 23, 12, 20, 12, 0, time.UTC)
	for _, tt := range []struct {
		in   time.Time
		want string
	}{
		{at, "2026-11-23 12:20:12 UTC"},
		{at.In(time.FixedZone("JST", 9*3600)), "2026-11-23 21:20:12 +09:00 (12:20:12 UTC)"},
		{at.In(time.FixedZone("NZ", 13*3600)), "2026-11-24 01:20:12 +13:00 (2026-11-23 12:20:12 UTC)"},
	} {
		if got := picture.Moment(tt.in); got != tt.want {
			t.Errorf("Moment = %q, want %q", got, tt.want)
		}
	}
}

type fullDisk struct{}

func (fullDisk) Write([]byte) (int, error) { return 0, errors.New("no space left on device") }

func TestWriteErrorsAreTold(t *testing.T) {
	for _, d := range []draw{picture.SVG, picture.HTML} {
		if err := d(fullDisk{}, &v1alpha1.PlacementReport{}); err == nil {
			t.Error("a picture that could not be written is no error")
		}
	}
}
