// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package layout

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/json"
	"k8s.io/apimachinery/pkg/util/yaml"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/sandbox/layouts"
)

// None is the layout without any object.
const None = "none"

// Load returns the objects of a built-in layout or of a manifest file, ready
// to be created in their order.
func Load(name string) ([]*unstructured.Unstructured, error) {
	if name == None {
		return nil, nil
	}
	files, err := read(name)
	if err != nil {
		return nil, err
	}
	var objects []*unstructured.Unstructured
	for _, file := range files {
		decoded, err := Decode(file.data)
		if err != nil {
			return nil, fmt.Errorf("read the layout %s: %w", file.name, err)
		}
		objects = append(objects, decoded...)
	}
	if err := Prepare(objects); err != nil {
		return nil, fmt.Errorf("read the layout %s: %w", name, err)
	}
	Sort(objects)
	return objects, nil
}

type manifest struct {
	name string
	data []byte
}

func read(name string) ([]manifest, error) {
	if !slices.Contains(layouts.Names(), name) {
		data, err := os.ReadFile(name)
		if err != nil {
			return nil, fmt.Errorf("read the layout (built in are aks, eks and none): %w", err)
		}
		return []manifest{{name, data}}, nil
	}
	paths, err := fs.Glob(layouts.Files, name+"/*.yaml")
	if err != nil {
		return nil, fmt.Errorf("list the layout %s: %w", name, err)
	}
	var files []manifest
	for _, path := range paths {
		data, err := layouts.Files.ReadFile(path)
		if err != nil {
			return nil, fmt.Errorf("read the layout %s: %w", name, err)
		}
		files = append(files, manifest{path, data})
	}
	return files, nil
}

// Decode splits a manifest into its objects. Lists are taken apart and node
// pools become their nodes.
func Decode(data []byte) ([]*unstructured.Unstructured, error) {
	decoder := yaml.NewYAMLOrJSONDecoder(bytes.NewReader(data), 4096)
	var objects []*unstructured.Unstructured
	for number := 1; ; number++ {
		var document runtime.RawExtension
		err := decoder.Decode(&document)
		if errors.Is(err, io.EOF) {
			return objects, nil
		}
		if err != nil {
			return nil, fmt.Errorf("document %d: %w", number, err)
		}
		if raw := bytes.TrimSpace(document.Raw); len(raw) == 0 || bytes.Equal(raw, []byte("null")) {
			continue
		}
		// Kubernetes' own JSON reading keeps whole numbers whole.
		content := map[string]any{}
		if err := json.Unmarshal(document.Raw, &content); err != nil {
			return nil, fmt.Errorf("document %d: %w", number, err)
		}
		expanded, err := expand(&unstructured.Unstructured{Object: content})
		if err != nil {
			return nil, fmt.Errorf("document %d: %w", number, err)
		}
		objects = append(objects, expanded...)
	}
}

func expand(object *unstructured.Unstructured) ([]*unstructured.Unstructured, error) {
	switch {
	case object.GetKind() == "" || object.GetAPIVersion() == "":
		return nil, errors.New("kind or apiVersion is missing")
	case object.GetKind() == poolKind && object.GetAPIVersion() == poolVersion:
		return expandPool(object)
	case object.IsList():
		list, err := object.ToList()
		if err != nil {
			return nil, fmt.Errorf("take the list apart: %w", err)
		}
		var objects []*unstructured.Unstructured
		for i := range list.Items {
			objects = append(objects, &list.Items[i])
		}
		return objects, nil
	case object.GetName() == "":
		return nil, fmt.Errorf("a %s has no name", object.GetKind())
	}
	return []*unstructured.Unstructured{object}, nil
}
