// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"path/filepath"
	"slices"
	"testing"
)

func TestCompletionArgs(t *testing.T) {
	dir := filepath.Join("usr", "local", "bin")
	tests := map[string]struct {
		argv []string
		want []string
		asks bool
	}{
		"the completer":          {[]string{"kubectl_complete-vantiq_upgrade", "drain-pool", ""}, []string{"__complete", "drain-pool", ""}, true},
		"by its path":            {[]string{filepath.Join(dir, "kubectl_complete-vantiq_upgrade"), ""}, []string{"__complete", ""}, true},
		"on Windows":             {[]string{"kubectl_complete-vantiq_upgrade.exe", "pools"}, []string{"__complete", "pools"}, true},
		"the plugin":             {[]string{"kubectl-vantiq_upgrade", "pools"}, []string{"pools"}, false},
		"a folder named so":      {[]string{filepath.Join("kubectl_complete-x", "kubectl-vantiq_upgrade"), "pools"}, []string{"pools"}, false},
		"cobra's request":        {[]string{"kubectl-vantiq_upgrade", "__complete", ""}, []string{"__complete", ""}, true},
		"without descriptions":   {[]string{"kubectl-vantiq_upgrade", "__completeNoDesc", ""}, []string{"__completeNoDesc", ""}, true},
		"no arguments":           {[]string{"kubectl-vantiq_upgrade"}, []string{}, false},
		"no name":                {nil, nil, false},
		"the completer, no word": {[]string{"kubectl_complete-vantiq_upgrade"}, []string{"__complete"}, true},
	}
	for name, tt := range tests {
		got, asks := completionArgs(tt.argv)
		if !slices.Equal(got, tt.want) || asks != tt.asks {
			t.Errorf("%s: %q, %t; want %q, %t", name, got, asks, tt.want, tt.asks)
		}
	}
}
