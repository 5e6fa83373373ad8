// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import (
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Group is the API group of every result, and the prefix of every annotation
// and label that the suite writes.
const Group = "upgrade.vantiq.com"

// GroupVersion is the version of the results in this package.
func GroupVersion() schema.GroupVersion {
	return schema.GroupVersion{Group: Group, Version: "v1alpha1"}
}

// NewScheme returns a scheme that knows the kinds of this package, for
// printers that need to set apiVersion and kind.
func NewScheme() *runtime.Scheme {
	scheme := runtime.NewScheme()
	gv := GroupVersion()
	scheme.AddKnownTypes(gv, &DrainReport{}, &DrainEvent{}, &UncordonReport{}, &PauseReport{}, &RestoreReport{}, &StatusReport{}, &PlacementReport{}, &ClusterSnapshot{}, &SnapshotReport{}, &VerifyReport{}, &RightsReport{}, &FindingCode{}, &FindingCodeList{}, &PoolList{}, &Pool{}, &Version{}, &Failure{}, &ResumeReport{})
	metav1.AddToGroupVersion(scheme, gv)
	return scheme
}

// TypeMeta returns apiVersion and kind for a result of this package.
func TypeMeta(kind string) metav1.TypeMeta {
	return metav1.TypeMeta{APIVersion: GroupVersion().String(), Kind: kind}
}
