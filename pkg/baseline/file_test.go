// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package baseline_test

import (
	"bytes"
	"compress/gzip"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	apiequality "k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/api/v1alpha1"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/baseline"
)

// sample has an object of every kind, and every field set somewhere.
func sample() *v1alpha1.ClusterSnapshot {
	at := metav1.NewTime(time.Date(2026, 11, 22, 17, 10, 5, 0, time.UTC))
	return &v1alpha1.ClusterSnapshot{
		TypeMeta: v1alpha1.TypeMeta("ClusterSnapshot"), ObjectMeta: metav1.ObjectMeta{Name: "20261122-171005-x7k2p"},
		Time: at, Cluster: v1alpha1.ClusterIdentity{UID: "u", Context: "aks <prod> & more", Server: "https://server", Version: "v1.29.4"},
		Operator: "hanako@bastion", Tool: "v1.2.3",
		NotRead: []v1alpha1.UnreadKind{{Kind: "helm releases", Reason: `forbidden: "the" user`}},
		Nodes: []v1alpha1.NodeRecord{{
			Name: "n", Pool: "mongodbnp", Zone: "z1", Kubelet: "v1.29.4", Runtime: "containerd://1.7", OS: "Ubuntu 22.04.4 LTS", Ready: true,
			Cordoned: true, Taints: []string{"a=b:NoSchedule"}, Labels: map[string]string{"b": "", "a": "1: #x"},
		}},
		Workloads:       []v1alpha1.WorkloadRecord{{Kind: "statefulset", Namespace: "app", Name: "mongodb", Replicas: 3, Ready: 3, Images: []string{"a=b"}, Generation: 7}},
		Pods:            []v1alpha1.PodRecord{{Namespace: "app", Name: "mongodb-0", UID: "p", Workload: "statefulset/app/mongodb", Node: "n", Pool: "mongodbnp", Zone: "z1", Phase: "Running", Ready: true, Restarts: 2}, {Namespace: "app", Name: "x", UID: "q", Phase: "Pending"}},
		Budgets:         []v1alpha1.BudgetRecord{{Namespace: "app", Name: "b", MinAvailable: "1", MaxUnavailable: "50%", Selector: "app=b"}},
		Claims:          []v1alpha1.ClaimRecord{{Namespace: "app", Name: "c", Phase: "Bound", Volume: "v", Class: "managed", Size: "500Gi"}},
		Volumes:         []v1alpha1.VolumeRecord{{Name: "v", Phase: "Bound", Claim: "app/c", Class: "managed", Size: "500Gi", Zones: []string{"z1"}, ReclaimPolicy: "Retain"}},
		Services:        []v1alpha1.ServiceRecord{{Namespace: "app", Name: "s", Type: "ClusterIP", Endpoints: 3}},
		StorageClasses:  []v1alpha1.StorageClassRecord{{Name: "managed", Provisioner: "disk.csi.azure.com", Default: true, ReclaimPolicy: "Delete", BindingMode: "Immediate"}},
		CronJobs:        []v1alpha1.CronJobRecord{{Namespace: "app", Name: "mongobackup", Schedule: "0 3 * * *", Suspended: true, LastSuccess: &at}},
		Webhooks:        []v1alpha1.WebhookRecord{{Kind: "mutatingwebhookconfiguration", Name: "w", Hooks: []v1alpha1.HookRecord{{Name: "h", FailurePolicy: "Fail", Service: "a/b"}}}},
		CustomResources: []v1alpha1.CRDRecord{{Name: "x.example.com", Served: []string{"v1"}, Stored: []string{"v1"}}},
		Releases:        []v1alpha1.ReleaseRecord{{Namespace: "app", Name: "vantiq", Revision: 12, Status: "deployed"}},
	}
}

// empty has what every snapshot has, and no object.
func empty() *v1alpha1.ClusterSnapshot {
	return &v1alpha1.ClusterSnapshot{
		TypeMeta: v1alpha1.TypeMeta("ClusterSnapshot"), Time: sample().Time,
		Nodes: []v1alpha1.NodeRecord{}, Workloads: []v1alpha1.WorkloadRecord{}, Pods: []v1alpha1.PodRecord{}, Budgets: []v1alpha1.BudgetRecord{},
		Claims: []v1alpha1.ClaimRecord{}, Volumes: []v1alpha1.VolumeRecord{}, Services: []v1alpha1.ServiceRecord{},
		StorageClasses: []v1alpha1.StorageClassRecord{}, CronJobs: []v1alpha1.CronJobRecord{}, Webhooks: []v1alpha1.WebhookRecord{},
		CustomResources: []v1alpha1.CRDRecord{}, Releases: []v1alpha1.ReleaseRecord{},
	}
}

func written(tb testing.TB, s *v1alpha1.ClusterSnapshot) []byte {
	tb.Helper()
	var out bytes.Buffer
	if err := baseline.Write(&out, s); err != nil {
		tb.Fatal(err)
	}
	return out.Bytes()
}

func zipped(tb testing.TB, data []byte) []byte {
	tb.Helper()
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	if _, err := w.Write(data); err != nil {
		tb.Fatal(err)
	}
	if err := w.Close(); err != nil {
		tb.Fatal(err)
	}
	return out.Bytes()
}

// TestWriteRead: what is read is what was written, packed or not; any program that
// knows YAML reads the same.
func TestWriteRead(t *testing.T) {
	for name, s := range map[string]*v1alpha1.ClusterSnapshot{"sample": sample(), "empty": empty()} {
		t.Run(name, func(t *testing.T) {
			data := written(t, s)
			for _, form := range [][]byte{data, zipped(t, data)} {
				got, err := baseline.Read(bytes.NewReader(form))
				if err != nil || !apiequality.Semantic.DeepEqual(s, got) {
					t.Errorf("error %v, -want +got:\n%s", err, cmp.Diff(s, got))
				}
			}
			asYAML := &v1alpha1.ClusterSnapshot{}
			if err := yaml.Unmarshal(data, asYAML); err != nil || !apiequality.Semantic.DeepEqual(s, asYAML) {
				t.Errorf("as YAML: error %v, -want +got:\n%s", err, cmp.Diff(s, asYAML))
			}
		})
	}
}

// TestFormIsOneLineAnObject, in the order of the documentation.
func TestFormIsOneLineAnObject(t *testing.T) {
	text := string(written(t, sample()))
	for _, want := range []string{
		"apiVersion: upgrade.vantiq.com/v1alpha1\nkind: ClusterSnapshot\nformat: 1\nmetadata: {\"name\":\"20261122-171005-x7k2p\"}\ntime: \"2026-11-22T17:10:05Z\"\n",
		"\npods:\n- {\"namespace\":\"app\",\"name\":\"mongodb-0\",",
		"\nend: {\"counts\":{",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in:\n%s", want, text)
		}
	}
}

// TestReadRefuses everything that is not a whole snapshot of ours, with the reason.
func TestReadRefuses(t *testing.T) {
	good := written(t, sample())
	packed := zipped(t, good)
	replace := func(old, by string) []byte {
		if !bytes.Contains(good, []byte(old)) {
			t.Fatalf("no %q in the sample", old)
		}
		return bytes.Replace(good, []byte(old), []byte(by), 1)
	}
	at := bytes.Index(good, []byte("\npods:\n"))
	flipped := bytes.Clone(packed)
	flipped[len(flipped)-6] ^= 1 // in the checksum of gzip
	tests := map[string]struct {
		data []byte
		want string
	}{
		"empty":                   {nil, "the file is empty"},
		"packed nothing":          {zipped(t, nil), "the file is empty"},
		"only a comment":          {[]byte("# hello\n"), "the file is empty"},
		"a word":                  {[]byte("hello"), "it is not a file of"},
		"YAML of others":          {[]byte("apiVersion: v1\nkind: Pod\n"), "it is not a file of"},
		"JSON of ours":            {[]byte(`{"apiVersion":"upgrade.vantiq.com/v1alpha1","kind":"SnapshotReport"}` + "\n"), "it is not a file of"},
		"another kind":            {[]byte("apiVersion: upgrade.vantiq.com/v1alpha1\nkind: PlacementReport\n"), "it is a PlacementReport"},
		"UTF-16":                  {[]byte{0xff, 0xfe, 'a', 0}, "PowerShell"},
		"newer API version":       {replace("/v1alpha1\n", "/v1\n"), "newer version of the plugin (upgrade.vantiq.com/v1)"},
		"newer format":            {replace("format: 1\n", "format: 2\n"), "newer version of the plugin (format 2)"},
		"older format":            {replace("format: 1\n", "format: 0\n"), "older than format 1"},
		"no format":               {replace("format: 1\n", ""), "no number of its format"},
		"no number":               {replace("format: 1\n", "format: x\n"), "cannot be read"},
		"cut at a line":           {good[:at+1], "it is truncated"},
		"cut within a line":       {good[:at-3], "it is truncated"},
		"cut in the last line":    {good[:len(good)-1], "it is truncated"},
		"packed, cut":             {packed[:len(packed)/2], "it is truncated"},
		"packed, cut at the sum":  {packed[:len(packed)-4], "it is truncated"},
		"packed, cut at once":     {packed[:12], "it is truncated"},
		"packed, cut in the head": {packed[:5], "it is truncated"},
		"packed, damaged":         {flipped, "it is damaged: gzip: invalid checksum"},
		"packed, more behind":     {append(bytes.Clone(packed), 'x'), "something behind its end"},
		"packed twice":            {append(bytes.Clone(packed), packed...), "something behind its end"},
		"more behind":             {append(bytes.Clone(good), "x"...), "something behind its end"},
		"an empty line behind":    {append(bytes.Clone(good), "\n"...), "something behind its end"},
		"edited":                  {replace(`"replicas":3`, `"replicas":5`), "its checksum is another"},
		"a line less":             {replace("- {\"namespace\":\"app\",\"name\":\"b\"", "- {\"namespace\":\"app\",\"name\":\"c\""), "its checksum is another"},
		"no JSON":                 {replace(`{"namespace":"app","name":"mongodb-0"`, `{"namespace":"app","name":mongodb-0`), "line 17: it cannot be read"},
		"unknown field":           {replace(`"restarts":2`, `"renamed":2`), `line 17: it cannot be read: json: unknown field`},
		"another type":            {replace(`"restarts":2`, `"restarts":"2"`), "line 17: it cannot be read"},
		"two on a line":           {replace(`{"name":"n"`, `{} {"name":"n"`), "line 13: there is something behind it"},
		"lists exchanged":         {replace("\npods:\n", "\nbudgets:\n"), "line 16: pods: should be here"},
		"text behind a list":      {replace("\npods:\n", "\npods: x\n"), "line 16: it cannot be read"},
		"an unknown list":         {replace("\nend: ", "\nmore: []\nend: "), "it belongs to no part"},
		"line ends of Windows":    {bytes.ReplaceAll(good, []byte("\n"), []byte("\r\n")), "it is not a file of"},
		"an endless line":         {append(bytes.Clone(good[:at+1]), bytes.Repeat([]byte("a"), 2<<20)...), "line 16: longer than"},
		"binary":                  {bytes.Repeat([]byte{0}, 2<<20), "it is not a file of"},
		"a bomb":                  {zipped(t, bytes.Repeat([]byte{0}, 20<<20)), "unpacks to more than 100 times"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			s, err := baseline.Read(bytes.NewReader(tt.data))
			if err == nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "\n") || s != nil {
				t.Errorf("got %v, %v; want %q", s, err, tt.want)
			}
		})
	}
}

// endless is a file of lines that are well, and never ends.
type endless struct {
	head []byte
	line string
	rest []byte
}

func (e *endless) Read(p []byte) (int, error) {
	if len(e.rest) == 0 {
		if e.rest = e.head; e.head == nil {
			e.rest = []byte(e.line)
		}
		e.head = nil
	}
	n := copy(p, e.rest)
	e.rest = e.rest[n:]
	return n, nil
}

// TestReadIsBounded: a file without an end is given up.
func TestReadIsBounded(t *testing.T) {
	good := written(t, sample())
	head := good[:bytes.Index(good, []byte("\npods:\n"))+len("\npods:\n")]
	for name, tt := range map[string]struct {
		head       []byte
		line, want string
	}{
		"many objects": {head, `- {"name":"p"}`, "more than 300000 objects"},
		"comments":     {[]byte("#\n"), "#" + strings.Repeat("p", 900_000), "more than 128 MiB"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := baseline.Read(&endless{head: tt.head, line: tt.line + "\n"})
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v", err)
			}
		})
	}
}

// failing is a file on a disk that breaks.
type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

func TestReadTellsOfTheDisk(t *testing.T) {
	if _, err := baseline.Read(failing{errors.New("broken disk")}); err == nil || !strings.Contains(err.Error(), "broken disk") {
		t.Errorf("got %v", err)
	}
}
