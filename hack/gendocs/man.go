// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"
)

// writeMan writes the man pages of the tree: the same bytes for the same commit.
func writeMan(root *cobra.Command, dir string) error {
	date, err := sourceDate(os.Getenv)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("making the folder of the man pages: %w", err)
	}
	plain(root)
	// The full names are too long for the first line of a page.
	header := &doc.GenManHeader{Title: "VANTIQ-UPGRADE", Section: "1", Date: &date, Manual: "kubectl vantiq-upgrade"}
	if err := doc.GenManTree(root, header, dir); err != nil {
		return fmt.Errorf("writing the man pages: %w", err)
	}
	return nil
}

// sourceDate is the date on the pages: SOURCE_DATE_EPOCH (reproducible-builds.org),
// or else that of the commit.
func sourceDate(getenv func(string) string) (time.Time, error) {
	seconds := getenv("SOURCE_DATE_EPOCH")
	if seconds == "" {
		out, err := exec.Command("git", "log", "-1", "--format=%ct").Output() //nolint:noctx // git answers at once
		if err != nil {
			return time.Time{}, fmt.Errorf("asking git for the date of the commit (or set SOURCE_DATE_EPOCH): %w", err)
		}
		seconds = strings.TrimSpace(string(out))
	}
	n, err := strconv.ParseInt(seconds, 10, 64)
	if err != nil {
		return time.Time{}, fmt.Errorf("SOURCE_DATE_EPOCH: %w", err)
	}
	return time.Unix(n, 0).UTC(), nil
}

// plain sets indented lines of the help apart, which would run together otherwise.
func plain(cmd *cobra.Command) {
	cmd.DisableAutoGenTag = true
	cmd.Long = strings.ReplaceAll(prose(cmd.Long), "```text", "```")
	cmd.Example = dedent(cmd.Example)
	for _, c := range cmd.Commands() {
		plain(c)
	}
}
