// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
	"strings"
)

// machine returns what is equal only for processes that can see one another: the
// boot of the kernel together with the namespace of process ids, hashed. It reads
// them from the proc file system; where they are not there (other systems than
// Linux) it is empty, and nobody's death is judged by the number of a process.
func machine(proc string) string {
	boot, err := os.ReadFile(filepath.Join(proc, "sys", "kernel", "random", "boot_id"))
	if err != nil {
		return ""
	}
	namespace, err := os.Readlink(filepath.Join(proc, "self", "ns", "pid"))
	id := strings.TrimSpace(string(boot))
	if err != nil || id == "" || namespace == "" {
		return ""
	}
	sum := sha256.Sum256([]byte(id + "\n" + namespace))
	return hex.EncodeToString(sum[:16])
}
