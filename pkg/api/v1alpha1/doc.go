// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

// Package v1alpha1 holds the results that the subcommands print: API-shaped
// objects of group upgrade.vantiq.com, so that every printer of kubectl
// (-o json, yaml, name, jsonpath, go-template) works on them. They are never
// stored in a cluster.
//
// +k8s:deepcopy-gen=package
package v1alpha1
