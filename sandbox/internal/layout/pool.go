// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package layout

import (
	"fmt"
	"maps"
	"strconv"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

const (
	poolKind    = "NodePool"
	poolVersion = "sandbox.upgrade.vantiq.com/v1"
)

// maxPool guards against a count that was meant differently.
const maxPool = 10000

// expandPool makes the nodes of a NodePool document: its template once per
// entry of nodes, with $(key) replaced by the entry's values. $(pool) is the
// pool's name and $(index) the node's place in the pool; count stands for that
// many entries without values.
func expandPool(pool *unstructured.Unstructured) ([]*unstructured.Unstructured, error) {
	template, ok := pool.Object["template"].(map[string]any)
	if !ok {
		return nil, fmt.Errorf("the NodePool %s has no template", pool.GetName())
	}
	entries, _ := pool.Object["nodes"].([]any)
	if count, ok := pool.Object["count"].(int64); ok && len(entries) == 0 {
		if count < 0 || count > maxPool {
			return nil, fmt.Errorf("the NodePool %s has a count of %d; allowed is up to %d", pool.GetName(), count, maxPool)
		}
		entries = make([]any, count)
	}
	nodes := make([]*unstructured.Unstructured, 0, len(entries))
	for i, entry := range entries {
		values := map[string]any{"pool": pool.GetName(), "index": strconv.Itoa(i)}
		given, _ := entry.(map[string]any)
		maps.Copy(values, given)
		node := &unstructured.Unstructured{Object: fill(template, replacer(values)).(map[string]any)}
		node.SetAPIVersion("v1")
		node.SetKind("Node")
		if node.GetName() == "" {
			return nil, fmt.Errorf("the template of the NodePool %s has no metadata.name", pool.GetName())
		}
		nodes = append(nodes, node)
	}
	return nodes, nil
}

func replacer(values map[string]any) *strings.Replacer {
	pairs := make([]string, 0, 2*len(values))
	for key, value := range values {
		pairs = append(pairs, "$("+key+")", fmt.Sprint(value))
	}
	return strings.NewReplacer(pairs...)
}

// fill copies value with all its texts replaced.
func fill(value any, texts *strings.Replacer) any {
	switch v := value.(type) {
	case string:
		return texts.Replace(v)
	case map[string]any:
		filled := make(map[string]any, len(v))
		for key, item := range v {
			filled[texts.Replace(key)] = fill(item, texts)
		}
		return filled
	case []any:
		filled := make([]any, len(v))
		for i, item := range v {
			filled[i] = fill(item, texts)
		}
		return filled
	}
	return value
}
