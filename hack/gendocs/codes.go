// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"fmt"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/finding"
)

// codes is the page of finding codes.
func codes() []byte {
	var b bytes.Buffer
	b.WriteString(generated)
	b.WriteString("# Finding codes\n\n")
	b.WriteString("Every finding names an object, a cause and what mends it. Codes are stable across\nreleases. An Error blocks (exit code 2, nothing was touched) or ends a drain\npart-way (exit code 3); a Warning does not. `kubectl vantiq-upgrade explain CODE`\nprints what stands here, without a cluster.\n\n")
	b.WriteString("| code | severity | what it means | why it matters | how to mend it |\n| --- | --- | --- | --- | --- |\n")
	for _, e := range finding.Table() {
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s |\n", e.Code, e.Severity, e.Title, e.Why, e.Mend)
	}
	return b.Bytes()
}
