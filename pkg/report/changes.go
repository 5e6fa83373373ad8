// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package report

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/api/v1alpha1"
)

// maxRows bounds the rows of a table of changes: a pool may have a thousand
// nodes. With -o wide there are all.
const maxRows = 20

// object is how tables name an object: deploy shared/telegraf-prom, node
// mongodbnp-vmss000000.
func object(o v1alpha1.ObjectRef, wide bool) string {
	switch {
	case o.Kind == "PodDisruptionBudget":
		return "pdb " + o.Namespace + "/" + o.Name
	case o.Namespace == "":
		return strings.ToLower(o.Kind) + " " + shortNode(o.Name, wide)
	}
	return workload(o.Kind, o.Namespace, o.Name)
}

// change writes what happens to a field: replicas 1 -> 0. The table counts bytes,
// so the arrow is of two.
func change(field string, from, to json.RawMessage, wide bool) string {
	if field == "spec.nodeName" { // a keep-off pod comes and goes
		if isUnset(from) {
			return "made, on " + shortNode(value(to), wide)
		}
		return "taken away, from " + shortNode(value(from), wide)
	}
	return fmt.Sprintf("%s %s -> %s", fieldName(field, wide), value(from), value(to))
}

// fieldName is how tables name a field; with -o wide its path is whole.
func fieldName(field string, wide bool) string {
	if !wide {
		field = strings.TrimPrefix(field, "spec.")
		field = strings.Replace(field, "unhealthyPodEvictionPolicy", "unhealthyPolicy", 1)
	}
	return oneLine(field)
}

func isUnset(raw json.RawMessage) bool { return len(raw) == 0 || string(raw) == "null" }

// value writes the value of a field for people: one that is not there is unset.
// It may come from an annotation that anybody can write.
func value(raw json.RawMessage) string {
	var text string
	switch {
	case len(raw) == 0 || string(raw) == "null":
		return "unset"
	case json.Unmarshal(raw, &text) == nil:
		return oneLine(text)
	}
	return oneLine(string(raw))
}

// moment writes a time for people: in local time, with -o wide to the second and
// with the offset of the zone.
func moment(t *metav1.Time, wide bool) string {
	switch {
	case t.IsZero():
		return ""
	case wide:
		return t.Local().Format(time.RFC3339)
	}
	return t.Local().Format("01-02 15:04")
}

// tail says how many rows a table leaves out.
func tail(w io.Writer, left int, noun string) {
	if left > 0 {
		fmt.Fprintf(w, "and %s; -o wide shows all\n", plural(left, "more "+noun))
	}
}

// shown is how many of n rows a table has.
func shown(n int, wide bool) int {
	if wide {
		return n
	}
	return min(n, maxRows)
}
