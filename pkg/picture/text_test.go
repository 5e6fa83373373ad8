// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package picture

import (
	"testing"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/api/v1alpha1"
)

func TestFitMono(t *testing.T) {
	for _, tt := range []struct {
		in    string
		width int
		want  string
	}{
		{"vantiq-0", 100, "vantiq-0"},
		{"aks-vantiqnp-15823220-vmss000000", 100, "aks-v…vmss000000"},
		{"aks-vantiqnp-15823220-vmss000000", 0, ""},
		{"ノードノードノード", 60, "ノ…ード"},
	} {
		got := fitMono(tt.in, 10, tt.width)
		if got != tt.want || monoWidth(got, 10) > max(tt.width, 0) {
			t.Errorf("fitMono(%q, %d) = %q of %d, want %q", tt.in, tt.width, got, monoWidth(got, 10), tt.want)
		}
	}
}

func TestFitSans(t *testing.T) {
	for _, tt := range []struct {
		in    string
		width int
		want  string
	}{
		{"no room", 100, "no room"},
		{"0/14 nodes are available", 60, "0/14 nod…"},
		{"x", 0, "…"},
	} {
		if got := fitSans(tt.in, 10, tt.width); got != tt.want {
			t.Errorf("fitSans(%q, %d) = %q, want %q", tt.in, tt.width, got, tt.want)
		}
	}
}

func TestPrintable(t *testing.T) {
	for in, want := range map[string]string{
		"vantiq-0":          "vantiq-0",
		"a\x1b[31mb\nc":     "a\uFFFD[31mb\uFFFDc",
		"safe\u202Etxt.exe": "safe\uFFFDtxt.exe",
		"bad\xffbyte":       "bad\uFFFDbyte",
	} {
		if got := printable(in); got != want {
			t.Errorf("printable(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestLabels(t *testing.T) {
	pods := []v1alpha1.PlacedPod{
		{Namespace: "shared", Name: "grafana-67df56d6dc-4jj57", Workload: "deployment/shared/grafana"},
		{Namespace: "app", Name: "vantiq-0", Workload: "statefulset/app/vantiq"},
		{Namespace: "dev", Name: "vantiq-0", Workload: "statefulset/dev/vantiq"},
		{Namespace: "tools", Name: "alpine-f"},
		{Namespace: "shared", Name: "odd", Workload: "deployment/shared/odd"},
	}
	l := newLabels(pods)
	for i, want := range []string{"grafana…4jj57", "app/vantiq-0", "dev/vantiq-0", "alpine-f", "odd"} {
		if got := l.of(&pods[i]); got != want {
			t.Errorf("the label of %s is %q, want %q", pods[i].Name, got, want)
		}
	}
}

func TestFigures(t *testing.T) {
	for _, tt := range []struct{ got, want string }{
		{cores(3860), "3.9"},
		{cores(16000), "16"},
		{gib(27 << 30), "27"},
		{gib(1 << 29), "0.5"},
		{percent(1, 4), "25%"},
		{percent(1, 0), "–"},
		{percent(1<<62, 1), "1000%"},
		{plural(1, "node"), "1 node"},
		{plural(0, "node"), "0 nodes"},
	} {
		if tt.got != tt.want {
			t.Errorf("got %q, want %q", tt.got, tt.want)
		}
	}
}
