// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package harness

import (
	"bufio"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Audit reads the API server's audit log from where it is on: what really
// reached the server, and what it answered.
type Audit struct {
	reader    *bufio.Reader
	partial   string
	evictions []AuditedEviction
}

// AuditedEviction is one request to evict a pod.
type AuditedEviction struct {
	Namespace, Name string
	// Code is the HTTP status of the answer, 201 when it was accepted.
	Code int
}

// Audit starts to read the audit log at its present end.
func (s *Sandbox) Audit(tb testing.TB) *Audit {
	tb.Helper()
	file, err := os.Open(filepath.Join(s.Dir, "logs", "audit.log"))
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = file.Close() })
	if _, err := file.Seek(0, io.SeekEnd); err != nil {
		tb.Fatal(err)
	}
	return &Audit{reader: bufio.NewReader(file)}
}

// Evictions are all eviction requests since the start, dry runs left out.
func (a *Audit) Evictions(tb testing.TB) []AuditedEviction {
	tb.Helper()
	for {
		line, err := a.reader.ReadString('\n')
		a.partial += line
		if errors.Is(err, io.EOF) {
			return a.evictions
		}
		if err != nil {
			tb.Fatal(err)
		}
		a.take(tb, a.partial)
		a.partial = ""
	}
}

func (a *Audit) take(tb testing.TB, line string) {
	tb.Helper()
	if !strings.Contains(line, `"subresource":"eviction"`) || strings.Contains(line, "dryRun=") {
		return
	}
	var entry struct {
		Stage          string
		ObjectRef      struct{ Namespace, Name string }
		ResponseStatus struct{ Code int }
	}
	if err := json.Unmarshal([]byte(line), &entry); err != nil {
		tb.Fatalf("reading the audit log: %v in %s", err, line)
	}
	if entry.Stage == "ResponseComplete" || entry.Stage == "Panic" {
		a.evictions = append(a.evictions, AuditedEviction{entry.ObjectRef.Namespace, entry.ObjectRef.Name, entry.ResponseStatus.Code})
	}
}

// Accepted counts the accepted evictions of each pod name in a namespace.
func (a *Audit) Accepted(tb testing.TB, namespace string) map[string]int {
	tb.Helper()
	names := map[string]int{}
	for _, e := range a.Evictions(tb) {
		if e.Namespace == namespace && e.Code/100 == 2 {
			names[e.Name]++
		}
	}
	return names
}
