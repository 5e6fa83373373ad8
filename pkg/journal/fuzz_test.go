// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package journal_test

import (
	"fmt"
	"strconv"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/journal"
)

// FuzzRead reads whatever somebody may have put into the ConfigMaps: it must not
// panic, and every line is either a change that is told, or in a finding, or
// empty.
func FuzzRead(f *testing.F) {
	c := newConfigMaps()
	r := begin(f, c)
	plan(f, r, append(cordons(2), telegraf())...)
	mark(f, r, journal.Applied, 1)
	good := c.seen(shardName(0)).Data
	f.Add(good["run"], good["changes"], "")
	f.Add(strings.Replace(good["run"], `"version":1`, `"version":2`, 1), good["changes"], good["changes"])
	f.Add(good["run"][:40], good["changes"][:len(good["changes"])-20], "\n\n{}\r\nnull\n[]")
	f.Add(`{"version":1,"id":"`+runID+`","shards":-1}`, `{"n":1,"object":{"kind":"a","name":"b"},"field":"c","before":null,"after":0,"state":"?"}`, "\x00")
	f.Fuzz(func(t *testing.T, header, first, second string) {
		var objects []*corev1.ConfigMap
		for index, changes := range []string{first, second} {
			objects = append(objects, &corev1.ConfigMap{
				ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: shardName(index)},
				Data:       map[string]string{"changes": changes},
			})
		}
		objects[0].Data["run"] = header
		runs, findings := journal.Read(objects)
		if len(runs) != 1 || runs[0].ID != runID {
			t.Fatalf("%d runs", len(runs))
		}
		if len(findings) == 0 && (runs[0].Damaged || runs[0].Newer) {
			t.Error("damaged or newer, and nobody is told")
		}
		lines := 0
		for line := range strings.SplitSeq(first+"\n"+second, "\n") {
			if strings.TrimSpace(line) != "" {
				lines++
			}
		}
		if len(runs[0].Changes) != lines && len(findings) == 0 {
			t.Errorf("%d changes of %d lines, and nobody is told", len(runs[0].Changes), lines)
		}
		for i, change := range runs[0].Changes {
			if i > 0 && change.Number <= runs[0].Changes[i-1].Number || change.Before == nil || change.After == nil {
				t.Errorf("change %+v", change)
			}
		}
	})
}

// FuzzWrite goes on with a run of which anything may be damaged: what cannot be
// read stays as it is.
func FuzzWrite(f *testing.F) {
	f.Add("", "")
	f.Add("{", "{\"n\":2")
	f.Add("\n\r\n ", "null")
	f.Fuzz(func(t *testing.T, before, behind string) {
		c := newConfigMaps()
		r := begin(t, c)
		plan(t, r, cordons(1)...)
		good := c.seen(shardName(0)).Data["changes"]
		text := before + "\n" + good + behind
		if len(text) > 500_000 {
			t.Skip("the server would not keep it")
		}
		c.edit(shardName(0), func(m *corev1.ConfigMap) { m.Data["changes"] = text })
		r = open(t, c)
		planned := plan(t, r, telegraf())
		if err := r.Mark(t.Context(), journal.Restored, "", planned[0].Number); err != nil {
			t.Fatal(err)
		}
		stored := c.seen(shardName(0)).Data["changes"]
		if !strings.HasPrefix(stored, strings.TrimSuffix(text, "\n")) {
			t.Errorf("stored %q, was %q", stored, text)
		}
		if !strings.Contains(stored[len(text)-1:], fmt.Sprintf(`{"n":%d,`, planned[0].Number)) {
			t.Errorf("change %d is not in %q", planned[0].Number, stored)
		}
	})
}

// BenchmarkRead reads a run of 10,000 lines.
func BenchmarkRead(b *testing.B) {
	c := newConfigMaps()
	r := begin(b, c)
	plan(b, r, cordons(10_000)...)
	var objects []*corev1.ConfigMap
	bytes := 0
	for _, name := range c.names() {
		objects = append(objects, c.seen(name))
		bytes += len(c.seen(name).Data["changes"])
	}
	b.SetBytes(int64(bytes))
	b.ReportAllocs()
	for b.Loop() {
		if runs, findings := journal.Read(objects); len(runs[0].Changes) != 10_000 || len(findings) > 0 {
			b.Fatal(len(runs[0].Changes), findings)
		}
	}
}

// BenchmarkMark marks one of 10,000 lines.
func BenchmarkMark(b *testing.B) {
	c := newConfigMaps()
	r := begin(b, c)
	plan(b, r, cordons(10_000)...)
	b.ReportAllocs()
	number := 0
	for b.Loop() {
		number = number%10_000 + 1
		if err := r.Mark(b.Context(), journal.Applied, strconv.Itoa(b.N), number); err != nil {
			b.Fatal(err)
		}
	}
}
