// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// FindingCode describes a code of findings; the code is metadata.name.
//
// +k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object
type FindingCode struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata"`

	// Severity is the usual one; a flag or the case may make it another.
	Severity Severity `json:"severity"`
	// Meaning is what was found, Why why it matters, Mend what to do about it.
	Meaning string `json:"meaning"`
	Why     string `json:"why"`
	Mend    string `json:"mend"`
}

// FindingCodeList is the result of `explain` about all codes, or several.
//
// +k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object
type FindingCodeList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata"`
	Items           []FindingCode `json:"items"`
}
