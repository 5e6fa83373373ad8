// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

// Package version says which build of the plugin is running.
package version

import (
	"cmp"
	"runtime"
	"runtime/debug"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/api/v1alpha1"
)

// Set at link time (see the Makefile); a build by `go install` has none of
// them and falls back to what the Go toolchain recorded in the binary.
var (
	gitVersion string
	gitCommit  string
	buildDate  string
)

// Get returns the version of this binary.
func Get() v1alpha1.ClientVersion {
	v := v1alpha1.ClientVersion{
		GitVersion: gitVersion,
		GitCommit:  gitCommit,
		BuildDate:  buildDate,
		GoVersion:  runtime.Version(),
		Platform:   runtime.GOOS + "/" + runtime.GOARCH,
	}
	if info, ok := debug.ReadBuildInfo(); ok {
		fillFromBuildInfo(&v, info)
	}
	v.GitVersion = cmp.Or(v.GitVersion, "(devel)")
	return v
}

// UserAgent is what the audit log of the API server shows for our requests.
func UserAgent() string {
	v := Get()
	return "kubectl-vantiq_upgrade/" + v.GitVersion + " (" + v.Platform + ")"
}

func fillFromBuildInfo(v *v1alpha1.ClientVersion, info *debug.BuildInfo) {
	v.GitVersion = cmp.Or(v.GitVersion, info.Main.Version)
	for _, setting := range info.Settings {
		switch setting.Key {
		case "vcs.revision":
			v.GitCommit = cmp.Or(v.GitCommit, setting.Value)
		case "vcs.time":
			v.BuildDate = cmp.Or(v.BuildDate, setting.Value)
		}
	}
	for _, dep := range info.Deps {
		if dep.Path == "k8s.io/client-go" {
			v.KubernetesVersion = dep.Version
		}
	}
}
