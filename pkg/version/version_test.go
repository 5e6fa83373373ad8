// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package version

import (
	"regexp"
	"runtime"
	"runtime/debug"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/api/v1alpha1"
)

func TestFillFromBuildInfo(t *testing.T) {
	info := &debug.BuildInfo{
		Main: debug.Module{Version: "v1.2.3"},
		Deps: []*debug.Module{{Path: "k8s.io/api", Version: "v0.1.0"}, {Path: "k8s.io/client-go", Version: "v0.37.2"}},
		Settings: []debug.BuildSetting{
			{Key: "GOOS", Value: "plan9"}, {Key: "vcs.revision", Value: "abc"}, {Key: "vcs.time", Value: "2026-01-02T15:04:05Z"},
		},
	}
	tests := map[string]struct{ linked, want v1alpha1.ClientVersion }{
		"go install": {
			v1alpha1.ClientVersion{},
			v1alpha1.ClientVersion{GitVersion: "v1.2.3", GitCommit: "abc", BuildDate: "2026-01-02T15:04:05Z", KubernetesVersion: "v0.37.2"},
		},
		"what the release was linked with counts": {
			v1alpha1.ClientVersion{GitVersion: "v2.0.0", GitCommit: "def", BuildDate: "2027"},
			v1alpha1.ClientVersion{GitVersion: "v2.0.0", GitCommit: "def", BuildDate: "2027", KubernetesVersion: "v0.37.2"},
		},
	}
	for name, test := range tests {
		got := test.linked
		fillFromBuildInfo(&got, info)
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%s: -want +got:\n%s", name, diff)
		}
	}
}

func TestGet(t *testing.T) {
	v := Get()
	if v.GitVersion == "" || v.GoVersion != runtime.Version() || v.Platform != runtime.GOOS+"/"+runtime.GOARCH {
		t.Errorf("got %+v", v)
	}
	// The audit log of the API server shows it; a space would end the name.
	if got := UserAgent(); !regexp.MustCompile(`^kubectl-vantiq_upgrade/\S+ \(\w+/\w+\)$`).MatchString(got) {
		t.Errorf("got %q", got)
	}
}
