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
	"slices"
	"strings"
	"testing"
	"time"

	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
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

// Accepted counts the accepted evictions of each pod name in a namespace, strays
// left out.
func (a *Audit) Accepted(tb testing.TB, namespace string) map[string]int {
	tb.Helper()
	names := map[string]int{}
	for _, r := range a.accepted(tb, namespace) {
		names[r.ObjectRef.Name]++
	}
	return names
}

// AcceptedTwice names the pods of a namespace that were evicted more than once
// since the start, each by its UID: a successor of the same name is another pod.
// Strays are left out.
func (a *Audit) AcceptedTwice(tb testing.TB, namespace string) []string {
	tb.Helper()
	pods, twice := map[string]int{}, []string(nil)
	for _, r := range a.accepted(tb, namespace) {
		uid := r.preconditions().UID
		if uid == nil {
			tb.Fatalf("%s was evicted by its name alone", r.ObjectRef.Name)
		}
		pod := fmt.Sprintf("%s (%s)", r.ObjectRef.Name, *uid)
		if pods[pod]++; pods[pod] == 2 {
			twice = append(twice, pod+": "+strings.Join(a.Of(tb, namespace, r.ObjectRef.Name), "\n  "))
		}
	}
	return twice
}

// Of tells the evictions of a pod name since the start, a line each: when they
// came and were answered, with what, and under which preconditions.
func (a *Audit) Of(tb testing.TB, namespace, name string) []string {
	tb.Helper()
	var lines []string
	for _, r := range a.Evictions(tb) {
		if r.ObjectRef.Namespace == namespace && r.ObjectRef.Name == name {
			p := r.preconditions()
			lines = append(lines, fmt.Sprintf("%s to %s: %d, uid %s, version %s",
				r.RequestReceivedTimestamp.Format(time.StampMilli), r.StageTimestamp.Format(time.StampMilli),
				r.ResponseStatus.Code, ptr.Deref(p.UID, "any"), ptr.Deref(p.ResourceVersion, "any")))
		}
	}
	return lines
}

// accepted are the accepted evictions of a namespace but for strays.
func (a *Audit) accepted(tb testing.TB, namespace string) []AuditedRequest {
	tb.Helper()
	all := slices.DeleteFunc(a.Evictions(tb), func(r AuditedRequest) bool {
		return r.ObjectRef.Namespace != namespace || !r.IsAccepted()
	})
	return slices.DeleteFunc(slices.Clone(all), func(r AuditedRequest) bool {
		return slices.ContainsFunc(all, r.isStrayBeside)
	})
}

// isStrayBeside reports whether the request is the first one for a pod, which got
// lost on its way and came to the server only when the pod had been asked for
// again, as long as it has not changed. Nobody can call such a request back; the
// server accepts it, as the pod is on its way out already.
func (r AuditedRequest) isStrayBeside(again AuditedRequest) bool {
	first, second := r.preconditions(), again.preconditions()
	return first.UID != nil && second.UID != nil && *first.UID == *second.UID &&
		first.ResourceVersion == nil && second.ResourceVersion != nil &&
		!r.StageTimestamp.Before(again.RequestReceivedTimestamp)
}

// preconditions are those of an eviction.
func (r AuditedRequest) preconditions() metav1.Preconditions {
	if r.RequestObject == nil || r.RequestObject.DeleteOptions == nil {
		return metav1.Preconditions{}
	}
	return ptr.Deref(r.RequestObject.DeleteOptions.Preconditions, metav1.Preconditions{})
}
