// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"testing"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/test/harness"
)

// slowStart makes the members of the layout's MongoDB take longer to start than a
// drain that does not wait needs for the next one: those that come from now on.
const slowStart = `{"spec":{"updateStrategy":{"type":"OnDelete","rollingUpdate":null},"template":{"metadata":{"annotations":{"sandbox.upgrade.vantiq.com/start-fast":"8s"}}}}}`

// TestMongoDBKeepsItsQuorum drains the MongoDB pool of the AKS layout and has a
// watch of its own count the members.
func TestMongoDBKeepsItsQuorum(t *testing.T) {
	s := layouts.Start(t, "aks")
	slowDownMongoDB(t, s)
	members := s.Record(t, "app", "app=mongodb")
	r := s.Plugin(t, "drain-pool", "mongodbnp", "--yes", "-o", "json").Want(t, 0)
	if lowest := members.Lowest(); lowest < 2 {
		t.Errorf("MongoDB fell to %d ready members; a majority is 2", lowest)
	}
	report := drainReport(t, r)
	if got := report.Result.Workloads[0]; got.LowestReady != members.Lowest() || got.ReadyAfter != 3 {
		t.Errorf("reported %+v, the watch saw a lowest of %d", got, members.Lowest())
	}
	for _, pod := range report.Result.Pods {
		if pod.State != "Moved" || pod.ToNode == "" || pod.ToNode == pod.Node || pod.UnavailableSeconds < 8 {
			t.Errorf("reported %+v", pod)
		}
	}
	for name, times := range members.Ended() {
		if times != 1 {
			t.Errorf("%s was evicted %d times", name, times)
		}
	}

	again := drainReport(t, s.Plugin(t, "drain-pool", "mongodbnp", "--yes", "-o", "json").Want(t, 0))
	if again.Outcome != "NothingToDo" || again.Result != nil {
		t.Errorf("a second run reported %+v", again)
	}
	// The plan shows the pool as it was left, and the pool is given back.
	s.Plugin(t, "uncordon-pool", "mongodbnp").Want(t, 0)
	if n, err := s.CordonedNodes(t.Context(), "mongodbnp"); err != nil || n != 0 {
		t.Errorf("%d nodes are cordoned after uncordon-pool (%v)", n, err)
	}
}

// TestKubectlDrainLosesTheQuorum is the same on the same layout with kubectl
// drain: the reason why this tool exists. If it ever passes the floor by itself,
// the comparison above says nothing any more.
func TestKubectlDrainLosesTheQuorum(t *testing.T) {
	s := layouts.Start(t, "aks")
	slowDownMongoDB(t, s)
	members := s.Record(t, "app", "app=mongodb")
	s.Kubectl(t, "drain", "-l", "agentpool=mongodbnp", "--ignore-daemonsets", "--delete-emptydir-data").Want(t, 0)
	t.Logf("kubectl drain took MongoDB to %d ready members", members.Lowest())
	if lowest := members.Lowest(); lowest >= 2 {
		t.Errorf("kubectl drain kept %d ready members; the layout no longer shows the difference", lowest)
	}
}

func slowDownMongoDB(t *testing.T, s *harness.Sandbox) {
	t.Helper()
	generation := s.Kubectl(t, "patch", "statefulset", "mongodb", "-n", "app", "-p", slowStart, "-o", "jsonpath={.metadata.generation}").Want(t, 0).Stdout
	s.Kubectl(t, "wait", "statefulset/mongodb", "-n", "app", "--for=jsonpath={.status.observedGeneration}="+generation, "--timeout=2m").Want(t, 0)
}
