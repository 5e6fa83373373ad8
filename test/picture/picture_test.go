// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package picture_test

import (
	"bytes"
	_ "embed"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html"
	"image"
	_ "image/png"
	"io"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/api/v1alpha1"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/picture"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/test/picture/sample"
)

//go:embed probe.js
var probe string

// measured is what the probe finds.
type measured struct {
	Error     string
	Texts     int
	Boxes     int
	Overflows []string
	Overlaps  []string
	Faint     []string
	Paper     string
	Chips     map[string]float64
	Head      string
	Cell      string
}

func load(t *testing.T, name string) *v1alpha1.PlacementReport {
	t.Helper()
	r := &v1alpha1.PlacementReport{}
	data, err := os.ReadFile("../../pkg/picture/testdata/" + name + ".json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, r); err != nil {
		t.Fatal(err)
	}
	r.Time = metav1.NewTime(r.Time.In(time.FixedZone("JST", 9*3600)))
	return r
}

type clusters struct {
	name   string
	report *v1alpha1.PlacementReport
}

func all(t *testing.T) []clusters {
	t.Helper()
	return []clusters{
		{"empty", load(t, "empty")},
		{"6 nodes", load(t, "eks6")},
		{"14 nodes", load(t, "aks14")},
		{"200 nodes", sample.Large(200, 3000, 73)},
		{"hostile names", load(t, "hostile")},
	}
}

func draw(t *testing.T, d func(io.Writer, *v1alpha1.PlacementReport) error, r *v1alpha1.PlacementReport) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := d(&b, r); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// TestPicture measures the texts where the browser has put them, in light and in dark.
func TestPicture(t *testing.T) {
	b := findBrowser(t)
	for _, c := range all(t) {
		for _, dark := range []bool{false, true} {
			t.Run(c.name+scheme(dark), func(t *testing.T) {
				_, svg, _ := strings.Cut(string(draw(t, picture.SVG, c.report)), "?>\n")
				page := "<!DOCTYPE html><html><head><meta charset=utf-8></head><body>" + svg + "<script>" + probe + "</script></body></html>"
				m := b.measure(t, page, dark)
				m.check(t, dark)
			})
		}
	}
}

// TestPage looks at the page from inside a frame: its own policy allows no script.
func TestPage(t *testing.T) {
	b := findBrowser(t)
	for _, c := range all(t) {
		t.Run(c.name, func(t *testing.T) {
			own := draw(t, picture.HTML, c.report)
			_, talk := b.run(t, write(t, "own.html", own), false, "--dump-dom")
			if strings.Contains(talk, "Content Security Policy") || strings.Contains(talk, "CONSOLE") {
				t.Errorf("the browser complains about the page:\n%s", talk)
			}
			page := "<!DOCTYPE html><html><head><meta charset=utf-8></head><body><iframe width=3000 height=3000 srcdoc=\"" +
				html.EscapeString(string(own)) + "\"></iframe><script>" + probe + "</script></body></html>"
			m := b.measure(t, page, false)
			m.check(t, false)
			if m.Head != "700" || m.Cell != "solid" {
				t.Errorf("the page is without its style sheet: h1 has weight %q, cells a border %q", m.Head, m.Cell)
			}
		})
	}
}

func (b *browser) measure(t *testing.T, page string, dark bool) *measured {
	t.Helper()
	dom, talk := b.run(t, write(t, "probe.html", []byte(page)), dark, "--window-size=3000,3000", "--dump-dom")
	found := regexp.MustCompile(`<pre id="result">([A-Za-z0-9+/=]+)</pre>`).FindStringSubmatch(dom)
	if found == nil {
		t.Fatalf("the browser has not measured the page:\n%s", talk)
	}
	data, err := base64.StdEncoding.DecodeString(found[1])
	if err != nil {
		t.Fatal(err)
	}
	m := &measured{}
	if err := json.Unmarshal(data, m); err != nil {
		t.Fatal(err)
	}
	return m
}

func (m *measured) check(t *testing.T, dark bool) {
	t.Helper()
	if m.Error != "" {
		t.Fatal(m.Error)
	}
	if m.Texts < 5 || m.Boxes < 5 {
		t.Errorf("only %d texts and %d rectangles", m.Texts, m.Boxes)
	}
	for what, list := range map[string][]string{
		"runs over its box": m.Overflows, "overlap": m.Overlaps, "has too little contrast": m.Faint,
	} {
		for i, each := range list {
			if i == 10 {
				t.Errorf("and %d more", len(list)-i)
				break
			}
			t.Errorf("%s: %s", what, each)
		}
	}
	want := map[bool]string{false: "rgb(255, 255, 255)", true: "rgb(17, 23, 29)"}[dark]
	if m.Paper != want {
		t.Errorf("the paper is %s, want %s", m.Paper, want)
	}
	// In grey a wrong pod must stand out from a right one by its fill alone.
	right, wrong := m.Chips["right"], m.Chips["wrong"]
	if ratio := (max(right, wrong) + 0.05) / (min(right, wrong) + 0.05); ratio < 2.5 {
		t.Errorf("without colour wrong pods stand out from right ones by %.1f only", ratio)
	}
}

// TestScreenshot takes the picture as a file of its own, as an image viewer has it.
func TestScreenshot(t *testing.T) {
	b := findBrowser(t)
	for _, c := range all(t) {
		for _, dark := range []bool{false, true} {
			t.Run(c.name+scheme(dark), func(t *testing.T) {
				svg := draw(t, picture.SVG, c.report)
				w, h := extent(t, svg)
				shot := shotFile(t, ".png")
				b.run(t, write(t, "picture.svg", svg), dark, "--screenshot="+shot, fmt.Sprintf("--window-size=%d,%d", w, h))
				checkShot(t, shot, w, h, dark)
			})
		}
	}
}

func scheme(dark bool) string {
	if dark {
		return " dark"
	}
	return " light"
}

func extent(t *testing.T, svg []byte) (w, h int) {
	t.Helper()
	found := regexp.MustCompile(`width="(\d+)" height="(\d+)" viewBox`).FindSubmatch(svg)
	if found == nil {
		t.Fatal("the picture has no size")
	}
	w, _ = strconv.Atoi(string(found[1]))
	h, _ = strconv.Atoi(string(found[2]))
	return w, h
}

func checkShot(t *testing.T, file string, w, h int, dark bool) {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	img, _, err := image.Decode(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	if size := img.Bounds().Size(); size.X != w || size.Y != h {
		t.Errorf("the screenshot is %v, want %d by %d", size, w, h)
	}
	colours := map[[3]uint32]int{}
	for y := range img.Bounds().Dy() {
		for x := range img.Bounds().Dx() {
			r, g, b, _ := img.At(x, y).RGBA()
			colours[[3]uint32{r >> 8, g >> 8, b >> 8}]++
		}
	}
	want := map[string][3]uint32{"paper": {0xff, 0xff, 0xff}, "a wrong pod": {0xb8, 0x4a, 0x00}}
	if dark {
		want = map[string][3]uint32{"paper": {0x11, 0x17, 0x1d}, "a wrong pod": {0xc2, 0x55, 0x00}}
	}
	for what, colour := range want {
		if colours[colour] < 50 {
			t.Errorf("%d pixels have the colour of %s", colours[colour], what)
		}
	}
}

// TestPrint prints the page: A4 landscape, the picture on the first sheet.
func TestPrint(t *testing.T) {
	b := findBrowser(t)
	for _, c := range all(t) {
		t.Run(c.name, func(t *testing.T) {
			file := shotFile(t, ".pdf")
			b.run(t, write(t, "page.html", draw(t, picture.HTML, c.report)), true, "--no-pdf-header-footer", "--print-to-pdf="+file)
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			sheets := regexp.MustCompile(`/MediaBox \[0 0 (84[12])[\d.]* (59[45])[\d.]*\]`).FindAll(data, -1)
			if !bytes.HasPrefix(data, []byte("%PDF")) || len(sheets) < 2 {
				t.Errorf("%d sheets of A4 landscape, want the picture and the tables", len(sheets))
			}
		})
	}
}
