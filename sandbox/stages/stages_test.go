// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package stages

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/itchyny/gojq"
	"k8s.io/apimachinery/pkg/util/yaml"
)

func TestRenderIsValidForEverySpeed(t *testing.T) {
	for _, speed := range []Speed{Load, Fast, Real} {
		text, err := Render(speed)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(text, "${") {
			t.Errorf("%s: a placeholder is left", speed)
		}
		decoder := yaml.NewYAMLOrJSONDecoder(bytes.NewBufferString(text), 4096)
		names := map[string]bool{}
		for {
			document := map[string]any{}
			err := decoder.Decode(&document)
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatalf("%s: %v", speed, err)
			}
			if metadata, ok := document["metadata"].(map[string]any); ok {
				names[metadata["name"].(string)] = true
			}
		}
		for _, name := range []string{"node-ready", "pod-created", "pod-initialized", "pod-ready", "pod-completed", "pod-deleted"} {
			if !names[name] {
				t.Errorf("%s: there is no stage %s", speed, name)
			}
		}
	}
}

func TestRenderRefusesOtherSpeeds(t *testing.T) {
	if _, err := Render("slow"); err == nil {
		t.Error("no error")
	}
	if _, err := Parse("load"); err == nil {
		t.Error("users cannot ask for the load speed")
	}
}

func TestDelays(t *testing.T) {
	const long = "315360000s"
	cases := []struct {
		name        string
		speed       Speed
		annotations map[string]any
		init        bool
		grace       int
		start, stop string
	}{
		{name: "defaults, fast", speed: Fast, start: "1s", stop: "1s"},
		{name: "defaults, real", speed: Real, start: "5s", stop: "3s"},
		{name: "real times", speed: Real, annotations: map[string]any{AnnotationStart: "40s", AnnotationStop: "10s"}, start: "40s", stop: "10s"},
		{name: "minutes", speed: Real, annotations: map[string]any{AnnotationStart: "5m"}, start: "300s", stop: "3s"},
		{name: "cut", speed: Fast, annotations: map[string]any{AnnotationStart: "40s", AnnotationStop: "10s"}, start: "2s", stop: "1s"},
		{name: "short ones stay", speed: Fast, annotations: map[string]any{AnnotationStart: "500ms", AnnotationStop: "0s"}, start: "0.5s", stop: "0s"},
		{name: "fast ones hold", speed: Fast, annotations: map[string]any{AnnotationStart: "40s", AnnotationStartFast: "8s", AnnotationStopFast: "4s"}, start: "8s", stop: "4s"},
		{name: "fast ones are for fast", speed: Real, annotations: map[string]any{AnnotationStart: "40s", AnnotationStartFast: "8s"}, start: "40s", stop: "3s"},
		{name: "half with init containers", speed: Real, init: true, annotations: map[string]any{AnnotationStart: "40s"}, start: "20s", stop: "3s"},
		{name: "never", speed: Fast, annotations: map[string]any{AnnotationStart: Never, AnnotationStop: Never}, start: long, stop: long},
		{name: "never while loading", speed: Load, annotations: map[string]any{AnnotationStart: Never, AnnotationStop: "9s"}, start: long, stop: "0s"},
		{name: "the grace period ends it", speed: Real, grace: 5, annotations: map[string]any{AnnotationStop: "20s"}, start: "5s", stop: "5s"},
		{name: "unreadable", speed: Real, annotations: map[string]any{AnnotationStart: "soon", AnnotationStop: "1h"}, start: "1s", stop: "1s"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			start, stop, _, err := expressions(c.speed)
			if err != nil {
				t.Fatal(err)
			}
			pod := map[string]any{"metadata": map[string]any{}, "spec": map[string]any{}}
			if c.annotations != nil {
				pod["metadata"].(map[string]any)["annotations"] = c.annotations
			}
			if c.grace > 0 {
				pod["metadata"].(map[string]any)["deletionGracePeriodSeconds"] = c.grace
			}
			if c.init {
				pod["spec"].(map[string]any)["initContainers"] = []any{map[string]any{"name": "first"}}
			}
			if got := evaluate(t, start, pod); got != c.start {
				t.Errorf("start is %s, want %s", got, c.start)
			}
			if got := evaluate(t, stop, pod); got != c.stop {
				t.Errorf("stop is %s, want %s", got, c.stop)
			}
		})
	}
}

func evaluate(t *testing.T, expression string, input any) string {
	t.Helper()
	query, err := gojq.Parse(expression)
	if err != nil {
		t.Fatalf("%s: %v", expression, err)
	}
	value, _ := query.Run(input).Next()
	text, ok := value.(string)
	if !ok {
		t.Fatalf("%s gives %v", expression, value)
	}
	return text
}
