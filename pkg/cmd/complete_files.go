// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package cmd

import (
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"
)

// completeSnapshotFile completes the one argument of snapshot.
func completeSnapshotFile(_ *cobra.Command, args []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, offerNothing
	}
	return snapshotEndings(), cobra.ShellCompDirectiveFilterFileExt
}

// snapshotEndings are those of the files of snapshots.
func snapshotEndings() []string { return []string{"yaml", "gz"} }

// completeBaseline completes a snapshot to compare with: the newest that the cluster
// keeps, or a file. A shell would offer files only where nothing else is offered, so
// they are looked for here.
func completeBaseline(_ *cobra.Command, _ []string, word string) ([]cobra.Completion, cobra.ShellCompDirective) {
	offered := fitting([]cobra.Completion{cobra.CompletionWithDesc(latest, "the newest that the cluster keeps")}, nil, word)
	dir, begun := filepath.Split(word)
	entries, err := os.ReadDir(filepath.Clean(dir))
	if err != nil {
		return offered, offerNothing
	}
	directive := offerNothing
	for _, entry := range entries {
		name := entry.Name()
		if !strings.HasPrefix(name, begun) || strings.HasPrefix(name, ".") && begun == "" {
			continue
		}
		info, err := os.Stat(filepath.Join(dir, name)) // through a link
		switch {
		case err != nil:
		case info.IsDir():
			offered = append(offered, dir+name+string(filepath.Separator))
			directive |= cobra.ShellCompDirectiveNoSpace
		case slices.Contains(snapshotEndings(), strings.TrimPrefix(filepath.Ext(name), ".")):
			offered = append(offered, dir+name)
		}
	}
	return offered, directive
}
