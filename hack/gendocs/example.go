// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/api/v1alpha1"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/picture"
)

// example draws the report of 14 nodes that the tests of the picture use.
func example() ([]byte, error) {
	data, err := os.ReadFile(filepath.Join("pkg", "picture", "testdata", "aks14.json"))
	if err != nil {
		return nil, fmt.Errorf("reading the example report: %w", err)
	}
	r := &v1alpha1.PlacementReport{}
	if err := json.Unmarshal(data, r); err != nil {
		return nil, fmt.Errorf("reading the example report: %w", err)
	}
	// The same on every machine, wherever it stands.
	r.Time = metav1.NewTime(r.Time.In(time.FixedZone("JST", int((9 * time.Hour).Seconds()))))
	var b bytes.Buffer
	if err := picture.SVG(&b, r); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}
