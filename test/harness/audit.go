// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package harness

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	policyv1 "k8s.io/api/policy/v1"
)

// Audit reads the API server's audit log from where it is on: what really
// reached the server, and what it answered.
type Audit struct {
	reader   *bufio.Reader
	partial  string
	requests []AuditedRequest
}

// AuditedRequest is a line of the audit log. A watch has two: ResponseStarted and
// ResponseComplete.
type AuditedRequest struct {
	Stage, Verb, RequestURI, UserAgent string
	ObjectRef                          struct{ Resource, Subresource, Namespace, Name string }
	ResponseStatus                     struct{ Code int }
	// ImpersonatedUser is who --as names.
	ImpersonatedUser struct{ Username string }
	// RequestObject is what was sent, of evictions only.
	RequestObject *policyv1.Eviction
	// RequestReceivedTimestamp is when the request came, StageTimestamp when the
	// line was written.
	RequestReceivedTimestamp, StageTimestamp time.Time
}

// IsEviction reports whether it is an answered request to evict a pod, and no
// dry run.
func (r AuditedRequest) IsEviction() bool {
	return r.ObjectRef.Subresource == "eviction" && r.Stage != "ResponseStarted" && !strings.Contains(r.RequestURI, "dryRun=")
}

// IsAccepted reports whether the answer was a success.
func (r AuditedRequest) IsAccepted() bool { return r.ResponseStatus.Code/100 == 2 }

// IsPlugin reports whether the plugin has sent it.
func (r AuditedRequest) IsPlugin() bool {
	return strings.HasPrefix(r.UserAgent, "kubectl-vantiq_upgrade/")
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

// Requests are the plugin's requests and all evictions since the start.
func (a *Audit) Requests(tb testing.TB) []AuditedRequest {
	tb.Helper()
	for {
		line, err := a.reader.ReadString('\n')
		a.partial += line
		if errors.Is(err, io.EOF) {
			return a.requests
		}
		if err != nil {
			tb.Fatal(err)
		}
		var r AuditedRequest
		if err := json.Unmarshal([]byte(a.partial), &r); err != nil {
			tb.Fatalf("reading the audit log: %v in %s", err, a.partial)
		}
		a.partial = ""
		if r.IsPlugin() || r.IsEviction() {
			a.requests = append(a.requests, r)
		}
	}
}

// Evictions are all answered eviction requests since the start.
func (a *Audit) Evictions(tb testing.TB) []AuditedRequest {
	tb.Helper()
	var evictions []AuditedRequest
	for _, r := range a.Requests(tb) {
		if r.IsEviction() {
			evictions = append(evictions, r)
		}
	}
	return evictions
}

// Accepted counts the accepted evictions of each pod name in a namespace.
func (a *Audit) Accepted(tb testing.TB, namespace string) map[string]int {
	tb.Helper()
	names := map[string]int{}
	for _, r := range a.Evictions(tb) {
		if r.ObjectRef.Namespace == namespace && r.IsAccepted() {
			names[r.ObjectRef.Name]++
		}
	}
	return names
}

// AcceptedTwice names the pods of a namespace that were evicted more than once
// since the start, each by its UID: a successor of the same name is another pod.
func (a *Audit) AcceptedTwice(tb testing.TB, namespace string) []string {
	tb.Helper()
	pods, twice := map[string]int{}, []string(nil)
	for _, r := range a.Evictions(tb) {
		if r.ObjectRef.Namespace != namespace || !r.IsAccepted() {
			continue
		}
		options := r.RequestObject.DeleteOptions
		if options == nil || options.Preconditions == nil || options.Preconditions.UID == nil {
			tb.Fatalf("%s was evicted by its name alone", r.ObjectRef.Name)
		}
		pod := fmt.Sprintf("%s (%s)", r.ObjectRef.Name, *options.Preconditions.UID)
		if pods[pod]++; pods[pod] == 2 {
			twice = append(twice, pod)
		}
	}
	return twice
}
