// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package cmd

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/spf13/cobra"
	"k8s.io/apimachinery/pkg/runtime/schema"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/cluster"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/journal"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/pool"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/profile"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/relief"
)

// poolNames offers pools, as they are found: in any case.
func (s *suite) poolNames(ctx context.Context, word string) ([]cobra.Completion, error) {
	client, err := s.conn.client()
	if err != nil {
		return nil, err
	}
	nodes, err := cluster.ListNodes(ctx, client)
	if err != nil {
		return nil, err
	}
	prof, err := profile.Vantiq()
	if err != nil {
		return nil, err
	}
	var names []cobra.Completion
	for _, p := range pool.List(nodes, prof) {
		if p.Name != "" {
			what := strings.Join([]string{cmp.Or(p.Provider, "?"), counted(len(p.Nodes), "node"), p.Role}, ", ")
			names = append(names, cobra.CompletionWithDesc(continued(word, p.Name), strings.TrimSuffix(what, ", ")))
		}
	}
	return names, nil
}

// continued is a name in the case in which it was begun.
func continued(word, name string) string {
	if len(word) > len(name) || !strings.EqualFold(word, name[:len(word)]) {
		return name
	}
	return word + name[len(word):]
}

// unfinishedRuns offers the runs that can be gone on with.
func (s *suite) unfinishedRuns(ctx context.Context, _ string) ([]cobra.Completion, error) {
	return s.runIDs(ctx, isUnfinished)
}

// openRuns offers the runs of which something is left.
func (s *suite) openRuns(ctx context.Context, _ string) ([]cobra.Completion, error) {
	return s.runIDs(ctx, (*journal.Run).IsOpen)
}

func (s *suite) runIDs(ctx context.Context, wanted func(*journal.Run) bool) ([]cobra.Completion, error) {
	runs, err := s.leftRuns(ctx)
	var ids []cobra.Completion
	for _, run := range runs {
		if wanted(run) {
			ids = append(ids, cobra.CompletionWithDesc(run.ID, shortCommand(run.Command)))
		}
	}
	return ids, err
}

// pausedNames offers what is paused.
func (s *suite) pausedNames(ctx context.Context, word string) ([]cobra.Completion, error) {
	runs, err := s.leftRuns(ctx)
	var names []cobra.Completion
	for _, run := range runs {
		for _, c := range run.Changes {
			if c.IsOpen() && relief.IsPause(c) {
				names = append(names, cobra.CompletionWithDesc(asTyped(c.Object.String(), word), c.Mode))
			}
		}
	}
	slices.Sort(names)
	return slices.Compact(names), err
}

// leftRuns reads the runs of which something is left, by one request.
func (s *suite) leftRuns(ctx context.Context) ([]*journal.Run, error) {
	client, err := s.conn.client()
	if err != nil {
		return nil, err
	}
	store := &journal.Store{ConfigMaps: client.CoreV1().ConfigMaps(s.journalNamespace), Now: s.now}
	return store.OpenRuns(ctx)
}

// namespaces offers namespaces.
func (s *suite) namespaces(ctx context.Context, _ string) ([]cobra.Completion, error) {
	return s.objectNames(ctx, "", map[string]schema.GroupVersionResource{"": {Version: "v1", Resource: "namespaces"}})
}

// podNames offers pods as namespace/name.
func (s *suite) podNames(ctx context.Context, word string) ([]cobra.Completion, error) {
	return s.objectNames(ctx, word, map[string]schema.GroupVersionResource{"": {Version: "v1", Resource: "pods"}})
}

// workloadNames offers workloads as kind/namespace/name.
func (s *suite) workloadNames(ctx context.Context, word string) ([]cobra.Completion, error) {
	return s.objectNames(ctx, word, map[string]schema.GroupVersionResource{
		"deployment":  {Group: "apps", Version: "v1", Resource: "deployments"},
		"statefulset": {Group: "apps", Version: "v1", Resource: "statefulsets"},
		"daemonset":   {Group: "apps", Version: "v1", Resource: "daemonsets"},
	})
}

// pausableNames offers what a pause can be about.
func (s *suite) pausableNames(ctx context.Context, word string) ([]cobra.Completion, error) {
	return s.objectNames(ctx, word, map[string]schema.GroupVersionResource{
		"deployment":  {Group: "apps", Version: "v1", Resource: "deployments"},
		"statefulset": {Group: "apps", Version: "v1", Resource: "statefulsets"},
		"pdb":         {Group: "policy", Version: "v1", Resource: "poddisruptionbudgets"},
	})
}

// objectNames reads the names of kinds side by side. Where the word names one of
// them, in whichever way kubectl knows it, or a namespace, only that is asked for. A
// kind that cannot be read is left out.
func (s *suite) objectNames(ctx context.Context, word string, kinds map[string]schema.GroupVersionResource) ([]cobra.Completion, error) {
	c, err := s.conn.clients()
	if err != nil {
		return nil, err
	}
	var mu sync.Mutex
	var asked sync.WaitGroup
	var names []cobra.Completion
	for kind, resource := range kinds {
		namespace, wanted := narrowed(kind, word)
		if !wanted {
			continue
		}
		asked.Go(func() {
			found, err := cluster.ListNames(ctx, c.metadata, resource, namespace)
			if err != nil {
				return
			}
			mu.Lock()
			defer mu.Unlock()
			for _, object := range found {
				names = append(names, asTyped(joined(kind, object.Namespace, object.Name), word))
			}
		})
	}
	asked.Wait()
	slices.Sort(names)
	return names, nil
}

// narrowed says whether a word may go on as the name of an object of a kind, and in
// which namespace; an empty one is every.
func narrowed(kind, word string) (namespace string, wanted bool) {
	rest := word
	if kind != "" {
		typed, after, whole := strings.Cut(word, "/")
		if !whole {
			return "", true
		}
		if known, _, _ := strings.Cut(canonicalName(typed+"/"), "/"); known != kind {
			return "", false
		}
		rest = after
	}
	namespace, _, whole := strings.Cut(rest, "/")
	if !whole {
		return "", true
	}
	return namespace, true
}

// asTyped writes the name of an object with the operator's own word for its kind:
// deploy/shared/telegraf-prom.
func asTyped(name, word string) string {
	typed, _, whole := strings.Cut(word, "/")
	kind, rest, _ := strings.Cut(name, "/")
	if whole && canonicalName(typed+"/") == kind+"/" {
		return typed + "/" + rest
	}
	return name
}

// joined is the name of an object, of the parts that it has.
func joined(parts ...string) string {
	return strings.Join(slices.DeleteFunc(parts, func(part string) bool { return part == "" }), "/")
}

// contexts, clusters and users offer what the kubeconfig has.
func (s *suite) contexts(context.Context, string) ([]cobra.Completion, error) {
	config, err := s.conn.flags.ToRawKubeConfigLoader().RawConfig()
	return described(config.Contexts, func(c *clientcmdapi.Context) string { return c.Cluster }), err
}

func (s *suite) clusters(context.Context, string) ([]cobra.Completion, error) {
	config, err := s.conn.flags.ToRawKubeConfigLoader().RawConfig()
	return described(config.Clusters, func(c *clientcmdapi.Cluster) string { return c.Server }), err
}

func (s *suite) users(context.Context, string) ([]cobra.Completion, error) {
	config, err := s.conn.flags.ToRawKubeConfigLoader().RawConfig()
	return described(config.AuthInfos, func(*clientcmdapi.AuthInfo) string { return "" }), err
}

func described[T any](entries map[string]T, describe func(T) string) []cobra.Completion {
	names := make([]cobra.Completion, 0, len(entries))
	for _, name := range slices.Sorted(maps.Keys(entries)) {
		names = append(names, strings.TrimSuffix(fmt.Sprintf("%s\t%s", name, describe(entries[name])), "\t"))
	}
	return names
}
