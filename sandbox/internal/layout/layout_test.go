// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package layout

import (
	"slices"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

func TestBuiltInLayouts(t *testing.T) {
	for name, pools := range map[string]map[string]int{
		"aks": {"keycloaknp": 3, "vantiqnp": 3, "mongodbnp": 3, "grafananp": 1, "metricsnp": 1, "vantiqaiasnp": 3},
		"eks": {"VANTIQ-nodegroup": 3, "MongoDB-nodegroup": 3, "Keycloak-nodegroup": 3, "Grafana-nodegroup": 1, "Metrics-nodegroup": 1, "Ai_assistant-nodegroup": 1},
	} {
		objects, err := Load(name)
		if err != nil {
			t.Fatal(err)
		}
		found := map[string]int{}
		for _, object := range objects {
			if object.GetKind() == "Node" {
				found[object.GetLabels()["agentpool"]+object.GetLabels()["eks.amazonaws.com/nodegroup"]]++
			}
			for _, pool := range []string{templateAnnotation(object, AnnotationPool)} {
				if pool != "" && pools[pool] == 0 {
					t.Errorf("%s: %s names the pool %q, which does not exist", name, title(object), pool)
				}
			}
		}
		for pool, count := range pools {
			if found[pool] != count {
				t.Errorf("%s: pool %s has %d nodes, want %d", name, pool, found[pool], count)
			}
		}
		if strings.Contains(text(objects), "$(") {
			t.Errorf("%s: a placeholder is left", name)
		}
	}
}

// A member of MongoDB that must leave its own pool has one other node in zones
// 2 and 3: that of Keycloak. It has to fit there.
func TestMongoDBFitsOnKeycloaksNodes(t *testing.T) {
	for layout, labels := range map[string][2]string{
		"aks": {"agentpool", "keycloaknp"}, "eks": {"eks.amazonaws.com/nodegroup", "Keycloak-nodegroup"},
	} {
		objects, err := Load(layout)
		if err != nil {
			t.Fatal(err)
		}
		var cpu, memory resource.Quantity
		used := map[string]int64{}
		for _, object := range objects {
			switch {
			case object.GetKind() == "Node" && object.GetLabels()[labels[0]] == labels[1]:
				allocatable, _, _ := unstructured.NestedStringMap(object.Object, "status", "allocatable")
				cpu, memory = resource.MustParse(allocatable["cpu"]), resource.MustParse(allocatable["memory"])
			case object.GetKind() == "DaemonSet", templateAnnotation(object, AnnotationPool) == labels[1]:
				// All of them at once, as on the fullest node.
				used["cpu"] += request(t, object, "cpu")
				used["memory"] += request(t, object, "memory")
			case object.GetName() == "mongodb" && object.GetKind() == "StatefulSet":
				used["cpu"] += request(t, object, "cpu")
				used["memory"] += request(t, object, "memory")
			}
		}
		if used["cpu"] > cpu.MilliValue() {
			t.Errorf("%s: %dm of %s cpu needed", layout, used["cpu"], cpu.String())
		}
		if used["memory"]/1000 > memory.Value() {
			t.Errorf("%s: %d of %d bytes needed", layout, used["memory"]/1000, memory.Value())
		}
	}
}

func request(t *testing.T, object *unstructured.Unstructured, name string) int64 {
	t.Helper()
	containers, _, err := unstructured.NestedSlice(object.Object, "spec", "template", "spec", "containers")
	if err != nil {
		t.Fatal(err)
	}
	sum := int64(0)
	for _, container := range containers {
		requests, _, err := unstructured.NestedStringMap(container.(map[string]any), "resources", "requests")
		if err != nil {
			t.Fatalf("%s: %v", title(object), err)
		}
		quantity := resource.MustParse(requests[name])
		sum += quantity.MilliValue()
	}
	return sum
}

func text(objects []*unstructured.Unstructured) string {
	var all strings.Builder
	for _, object := range objects {
		data, _ := object.MarshalJSON()
		all.Write(data)
	}
	return all.String()
}

func TestDecode(t *testing.T) {
	objects, err := Decode([]byte(`
apiVersion: v1
kind: List
items:
- {apiVersion: v1, kind: Pod, metadata: {name: a}}
- {apiVersion: v1, kind: Pod, metadata: {name: b}}
---
# nothing
---
apiVersion: sandbox.upgrade.vantiq.com/v1
kind: NodePool
metadata: {name: big}
count: 3
template:
  metadata: {name: node-$(pool)-$(index)}
---
apiVersion: sandbox.upgrade.vantiq.com/v1
kind: NodePool
metadata: {name: small}
nodes:
- {name: x, zone: one}
template:
  metadata: {name: $(name), labels: {zone: $(zone)}}
`))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, object := range objects {
		names = append(names, object.GetKind()+" "+object.GetName())
	}
	want := []string{"Pod a", "Pod b", "Node node-big-0", "Node node-big-1", "Node node-big-2", "Node x"}
	if !slices.Equal(names, want) {
		t.Errorf("got %v, want %v", names, want)
	}
	if zone := objects[5].GetLabels()["zone"]; zone != "one" {
		t.Errorf("zone is %q", zone)
	}
}

func TestDecodeFailures(t *testing.T) {
	for name, manifest := range map[string]string{
		"no kind":     "metadata: {name: a}",
		"no name":     "apiVersion: v1\nkind: Pod",
		"no template": "apiVersion: sandbox.upgrade.vantiq.com/v1\nkind: NodePool\nmetadata: {name: a}",
		"many nodes":  "apiVersion: sandbox.upgrade.vantiq.com/v1\nkind: NodePool\nmetadata: {name: a}\ncount: 20000\ntemplate: {metadata: {name: a}}",
		"not YAML":    "a: [",
	} {
		if _, err := Decode([]byte(manifest)); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	if _, err := Load("no-such-layout"); err == nil {
		t.Error("a missing file: no error")
	}
}
