// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

// Package docs checks the pages of the repository without a cluster: that links
// and anchors resolve, that every command line parses against the real commands,
// and that pages in two languages do not drift apart.
package docs
