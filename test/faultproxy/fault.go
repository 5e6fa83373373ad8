// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package faultproxy

import (
	"encoding/json"
	"net/http"
	"strconv"
	"time"

	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Fault is what is done to a request. Name is under what it is counted.
type Fault struct {
	Name string
	do   func(*exchange)
	// later: it is counted when it happens, not when the request comes.
	later bool
}

// exchange is one request on its way.
type exchange struct {
	proxy   *Proxy
	w       http.ResponseWriter
	r       *http.Request
	request Request
	// pace is what is done to the stream of a watch.
	pace pace
}

// Status answers with a Status in place of the server.
func Status(name string, status metav1.Status) Fault {
	return Fault{Name: name, do: func(x *exchange) {
		status.TypeMeta = metav1.TypeMeta{Kind: "Status", APIVersion: "v1"}
		status.Status = metav1.StatusFailure
		x.w.Header().Set("Content-Type", "application/json")
		if d := status.Details; d != nil && d.RetryAfterSeconds > 0 {
			x.w.Header().Set("Retry-After", strconv.Itoa(int(d.RetryAfterSeconds)))
		}
		x.w.WriteHeader(int(status.Code))
		_ = json.NewEncoder(x.w).Encode(status)
	}}
}

// Budget is the 429 of a disruption budget; retryAfter is what the server adds
// while it still counts, else 0.
func Budget(retryAfter int32) Fault {
	return Status("429 budget", metav1.Status{
		Code: http.StatusTooManyRequests, Reason: metav1.StatusReasonTooManyRequests,
		Message: "Cannot evict pod as it would violate the pod's disruption budget.",
		Details: &metav1.StatusDetails{RetryAfterSeconds: retryAfter, Causes: []metav1.StatusCause{{
			Type: policyv1.DisruptionBudgetCause, Message: "The disruption budget is still being processed by the server.",
		}}},
	})
}

// Throttled is the 429 of priority and fairness: plain text and a header.
func Throttled(retryAfter int) Fault {
	return Fault{Name: "429 throttled", do: func(x *exchange) {
		x.w.Header().Set("Retry-After", strconv.Itoa(retryAfter))
		http.Error(x.w, "Too many requests, please try again later.", http.StatusTooManyRequests)
	}}
}

// Conflict is the 409 of an object that changed meanwhile.
func Conflict() Fault {
	return Status("409", metav1.Status{Code: http.StatusConflict, Reason: metav1.StatusReasonConflict, Message: "Operation cannot be fulfilled: the object has been modified"})
}

// NotFound is a 404.
func NotFound() Fault {
	return Status("404", metav1.Status{Code: http.StatusNotFound, Reason: metav1.StatusReasonNotFound, Message: "not found"})
}

// NamespaceTerminating is the 403 for what is in a namespace that is deleted.
func NamespaceTerminating() Fault {
	return Status("403 terminating", metav1.Status{
		Code: http.StatusForbidden, Reason: metav1.StatusReasonForbidden, Message: "forbidden: the namespace is being terminated",
		Details: &metav1.StatusDetails{Causes: []metav1.StatusCause{{Type: corev1.NamespaceTerminatingCause, Message: "namespace is being terminated"}}},
	})
}

// TwoBudgets is the 500 for a pod under two disruption budgets. It has no reason.
func TwoBudgets() Fault {
	return Status("500 two budgets", metav1.Status{
		Code:    http.StatusInternalServerError,
		Message: "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.",
	})
}

// ServerError is a 5xx; retryAfter 0 leaves that out.
func ServerError(code, retryAfter int32) Fault {
	reasons := map[int32]metav1.StatusReason{
		http.StatusInternalServerError: metav1.StatusReasonInternalError,
		http.StatusServiceUnavailable:  metav1.StatusReasonServiceUnavailable,
		http.StatusGatewayTimeout:      metav1.StatusReasonTimeout,
	}
	status := metav1.Status{Code: code, Reason: reasons[code], Message: http.StatusText(int(code))}
	if retryAfter > 0 {
		status.Details = &metav1.StatusDetails{RetryAfterSeconds: retryAfter}
	}
	return Status(strconv.Itoa(int(code)), status)
}

// Expired is the 410 for a list or watch of a version that is gone.
func Expired() Fault {
	return Status("410", metav1.Status{Code: http.StatusGone, Reason: metav1.StatusReasonExpired, Message: "too old resource version"})
}

// Reset breaks the connection before the server hears of the request.
func Reset() Fault {
	return Fault{Name: "reset", do: func(x *exchange) { x.proxy.hangUp(x.r) }}
}

// LoseAnswer has the server carry the request out and breaks the connection
// then.
func LoseAnswer() Fault {
	return Fault{Name: "answer lost", do: func(x *exchange) {
		x.w = nowhere{header: http.Header{}}
		x.pass()
		x.proxy.hangUp(x.r)
	}}
}

// Stray breaks the connection and has the server carry the request out a while
// later, as when something on the way had taken it already.
func Stray(d time.Duration) Fault {
	return Fault{Name: "stray", do: func(x *exchange) {
		x.w = nowhere{header: http.Header{}}
		x.proxy.breakOff(x.r)
		time.Sleep(d)
		x.pass()
		panic(http.ErrAbortHandler)
	}}
}

// Call calls a function as the request comes and breaks the connection then: the
// server never hears of it.
func Call(name string, call func()) Fault {
	return Fault{Name: name, do: func(x *exchange) {
		call()
		x.proxy.hangUp(x.r)
	}}
}

// Hold calls a function as the request comes, and forwards it when that returns.
// A client that has given up meanwhile may have asked again: then the server
// never hears of the first request.
func Hold(name string, until func()) Fault {
	return Fault{Name: name, do: func(x *exchange) {
		until()
		if x.r.Context().Err() == nil {
			x.pass()
		}
	}}
}

// CallAfter has the server carry the request out, calls a function, and breaks
// the connection: nobody gets the answer.
func CallAfter(name string, call func()) Fault {
	return Fault{Name: name, do: func(x *exchange) {
		x.w = nowhere{header: http.Header{}}
		x.pass()
		call()
		x.proxy.hangUp(x.r)
	}}
}

// nowhere takes an answer that nobody gets.
type nowhere struct{ header http.Header }

func (n nowhere) Header() http.Header            { return n.header }
func (n nowhere) Write(data []byte) (int, error) { return len(data), nil }
func (n nowhere) WriteHeader(int)                {}

// Late delays a request before it is forwarded.
func Late(d time.Duration) Fault {
	return Fault{Name: "late", do: func(x *exchange) {
		if x.sleep(d) {
			x.pass()
		}
	}}
}

// LateAnswer delays the answer of a request that was carried out.
func LateAnswer(d time.Duration) Fault {
	return Fault{Name: "answer late", do: func(x *exchange) {
		x.w = &held{ResponseWriter: x.w, wait: func() { x.sleep(d) }}
		x.pass()
	}}
}

// held waits before the first byte of an answer.
type held struct {
	http.ResponseWriter
	wait func()
}

func (h *held) WriteHeader(code int) {
	h.wait()
	h.ResponseWriter.WriteHeader(code)
}

// Unwrap lets the answer be flushed.
func (h *held) Unwrap() http.ResponseWriter { return h.ResponseWriter }

// sleep reports whether the client is still there.
func (x *exchange) sleep(d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-x.r.Context().Done():
		return false
	}
}

// Refuse takes the server away for a while as the request comes: connections
// break, new ones are refused.
func Refuse(d time.Duration) Fault {
	return Fault{Name: "refused", do: func(x *exchange) {
		x.proxy.refuse(d)
		x.proxy.hangUp(x.r)
	}}
}

// answerLeaves is how long an answer may take to leave before the connection is
// broken behind it.
const answerLeaves = 100 * time.Millisecond

// Leave answers the request, and takes the server away then.
func Leave(d time.Duration) Fault {
	return Fault{Name: "left", do: func(x *exchange) {
		x.pass()
		time.AfterFunc(answerLeaves, func() { x.proxy.refuse(d) })
	}}
}

// AbortHandshakes breaks all connections as the request comes, and the next n
// in the middle of their TLS handshake.
func AbortHandshakes(n int) Fault {
	return Fault{Name: "handshakes", do: func(x *exchange) { x.spoil(n, handshakeAborted) }}
}

// ForeignCertificate breaks all connections as the request comes, and shows the
// next n a certificate that nobody trusts.
func ForeignCertificate(n int) Fault {
	return Fault{Name: "certificates", do: func(x *exchange) { x.spoil(n, handshakeForeign) }}
}

func (x *exchange) spoil(n int, how handshake) {
	x.proxy.mu.Lock()
	for range n {
		x.proxy.handshakes = append(x.proxy.handshakes, how)
	}
	x.proxy.mu.Unlock()
	x.proxy.dropConnections()
	x.proxy.hangUp(x.r)
}
