// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	apiversion "k8s.io/apimachinery/pkg/version"
)

// Version is the result of `version`.
//
// +k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object
type Version struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata"`

	// Client is this plugin.
	Client ClientVersion `json:"client"`
	// Server is the API server, absent with --client.
	Server *apiversion.Info `json:"server,omitempty"`
}

// ClientVersion says which build of the plugin this is.
type ClientVersion struct {
	GitVersion string `json:"gitVersion"`
	GitCommit  string `json:"gitCommit,omitempty"`
	BuildDate  string `json:"buildDate,omitempty"`
	GoVersion  string `json:"goVersion"`
	Platform   string `json:"platform"`
	// KubernetesVersion is the version of the Kubernetes client libraries.
	KubernetesVersion string `json:"kubernetesVersion"`
}
