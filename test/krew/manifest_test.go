// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package krew_test

import (
	"slices"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"
)

// plugin is a manifest of krew.
type plugin struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata"`

	Spec pluginSpec `json:"spec"`
}

type pluginSpec struct {
	Version          string     `json:"version"`
	Homepage         string     `json:"homepage"`
	ShortDescription string     `json:"shortDescription"`
	Description      string     `json:"description"`
	Caveats          string     `json:"caveats"`
	Platforms        []platform `json:"platforms"`
}

type platform struct {
	Selector metav1.LabelSelector `json:"selector"`
	URI      string               `json:"uri"`
	Sha256   string               `json:"sha256"`
	Bin      string               `json:"bin"`
}

// name is the platform as Go writes it.
func (p platform) name() string {
	return p.Selector.MatchLabels["os"] + "/" + p.Selector.MatchLabels["arch"]
}

// parse takes no field that it does not know: what is not there would be lost.
func parse(t *testing.T, text []byte) plugin {
	t.Helper()
	var got plugin
	if err := yaml.UnmarshalStrict(text, &got); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	return got
}

// platforms are those that a release is for.
var platforms = []string{"linux/amd64", "linux/arm64", "darwin/amd64", "darwin/arm64", "windows/amd64", "windows/arm64"}

// TestManifest wants each platform to get its own archive.
func TestManifest(t *testing.T) {
	t.Parallel()
	r := newRelease(t, "KREW_DIST_DIR")
	got := parse(t, r.published(t, github))
	page := got.Spec.Homepage + "/releases/download/" + r.tag + "/"
	var names []string
	for _, p := range got.Spec.Platforms {
		names = append(names, p.name())
		archive, ok := strings.CutPrefix(p.URI, page)
		parts := archivePattern.FindStringSubmatch(archive)
		if !ok || parts == nil || parts[1] != r.tag || parts[2]+"/"+parts[3] != p.name() {
			t.Errorf("%s gets %s", p.name(), p.URI)
		}
		if built := r.archives[p.name()]; built != "" && (built != archive || p.Sha256 != r.sums[archive]) {
			t.Errorf("%s gets %s, sum %s; built was %s, sum %s", p.name(), archive, p.Sha256, built, r.sums[archive])
		}
	}
	if !slices.Equal(names, platforms) {
		t.Errorf("platforms: got %q, want %q", names, platforms)
	}
}
