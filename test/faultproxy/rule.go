// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package faultproxy

import (
	"bytes"
	"hash/fnv"
	"io"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
)

// Request is what a rule looks at.
type Request struct {
	// Verb is that of RBAC: get, list, watch, create, update, patch, delete.
	Verb                  string
	Resource, Subresource string
	Namespace, Name       string
	// Body is what a request that changes something brings, as it is encoded.
	Body []byte
	// isWatchList is a watch that begins with what there is.
	isWatchList bool
}

// IsWrite reports whether the request changes something in the cluster. Questions
// about oneself are posted, too.
func (r Request) IsWrite() bool {
	return slices.Contains([]string{"create", "update", "patch", "delete"}, r.Verb) && !strings.HasPrefix(r.Resource, "selfsubject")
}

func (r Request) kind() string { return r.Verb + " " + r.Resource + "/" + r.Subresource }

// parse reads a request from its path, as the API server does.
func parse(r *http.Request) Request {
	request := Request{Verb: strings.ToLower(r.Method)}
	parts := strings.Split(strings.Trim(r.URL.Path, "/"), "/")
	switch {
	case len(parts) >= 3 && parts[0] == "api":
		parts = parts[2:]
	case len(parts) >= 4 && parts[0] == "apis":
		parts = parts[3:]
	default:
		return request
	}
	if len(parts) >= 3 && parts[0] == "namespaces" {
		request.Namespace, parts = parts[1], parts[2:]
	}
	for i, field := range []*string{&request.Resource, &request.Name, &request.Subresource} {
		if i < len(parts) {
			*field = parts[i]
		}
	}
	request.Verb = verb(r, request.Name != "")
	request.isWatchList = r.URL.Query().Get("sendInitialEvents") == "true"
	if request.IsWrite() {
		request.Body = peek(r)
	}
	return request
}

// peek reads the body of a request and puts it back.
func peek(r *http.Request) []byte {
	body, err := io.ReadAll(r.Body)
	rest := io.Reader(bytes.NewReader(body))
	if err != nil {
		rest = io.MultiReader(rest, r.Body) // which fails again
	}
	r.Body = io.NopCloser(rest)
	return body
}

func verb(r *http.Request, named bool) string {
	switch {
	case r.Method == http.MethodGet && r.URL.Query().Get("watch") != "" && r.URL.Query().Get("watch") != "false":
		return "watch"
	case r.Method == http.MethodGet && !named:
		return "list"
	case r.Method == http.MethodPost:
		return "create"
	case r.Method == http.MethodPut:
		return "update"
	}
	return strings.ToLower(r.Method)
}

// Match chooses requests.
type Match func(Request) bool

// Evictions matches eviction requests.
func Evictions() Match { return Requests("create", "pods/eviction") }

// EvictionsOf matches the evictions of pods whose name begins with prefix.
func EvictionsOf(prefix string) Match {
	return func(r Request) bool { return Evictions()(r) && strings.HasPrefix(r.Name, prefix) }
}

// Watches matches the watches of a resource.
func Watches(resource string) Match { return Requests("watch", resource) }

// Requests matches a verb and a resource such as nodes or pods/eviction; an
// empty one matches all.
func Requests(verb, resource string) Match {
	return func(r Request) bool {
		name := r.Resource
		if r.Subresource != "" {
			name += "/" + r.Subresource
		}
		return (verb == "" || r.Verb == verb) && (resource == "" || name == resource)
	}
}

// Rule does a fault to requests.
type Rule struct {
	Match Match
	// Times is for how many requests it holds; 0 for all.
	Times int
	Do    Fault
}

// Chance is a fault that some of the requests meet.
type Chance struct {
	Match Match
	// Of is one in how many.
	Of int
	Do Fault
}

// Mix is what may happen; at most one to a request.
type Mix []Chance

// random decides by seed, the kind of a request and its number: requests of
// different kinds that overtake each other change nothing.
type random struct {
	seed   int64
	mix    Mix
	counts map[string]int
}

func (r *random) draw(request Request) (Fault, bool) {
	kind := request.kind()
	r.counts[kind]++
	hash := fnv.New64a()
	_, _ = hash.Write([]byte(kind))
	source := rand.New(rand.NewPCG(uint64(r.seed), hash.Sum64()+uint64(r.counts[kind])))
	for _, chance := range r.mix {
		if chance.Match(request) && source.IntN(chance.Of) == 0 {
			return chance.Do, true
		}
	}
	return Fault{}, false
}
