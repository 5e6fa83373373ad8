// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"slices"

	corev1 "k8s.io/api/core/v1"
)

// spare is a node as the others are, with a label that people set by hand.
func spare(n *corev1.Node) {
	n.Labels["team"] = "a"
	n.Status.NodeInfo.KubeletVersion = kubelet
}

// faults are all that verify looks for, each by itself.
func faults() []fault {
	return slices.Concat(nodeFaults(), podFaults(), workloadFaults(), leftOvers(), storageFaults(), networkFaults(), objectFaults())
}

// kubelet is the version of all nodes of the layout.
const kubelet = "v1.36.4"

const annotateStart = "sandbox.upgrade.vantiq.com/start"

func nodeFaults() []fault {
	return []fault{
		{
			name: "a node is not Ready", want: []string{"VU-501 node/" + spareNode + "0"}, follows: []string{"VU-504", "VU-409", "VU-543"},
			do:   []string{"annotate node " + spareNode + "0 " + annotateStart + "=never"},
			undo: []string{"annotate node " + spareNode + "0 " + annotateStart + "-", "delete pods -A --field-selector spec.nodeName=" + spareNode + "0"},
		},
		{
			name: "a pool has kubelets of two versions", want: []string{"VU-522 pool/sparenp"},
			do:   []string{patchedStatus("node "+spareNode+"0", `{"status":{"nodeInfo":{"kubeletVersion":"v1.99.1"}}}`)},
			undo: []string{patchedStatus("node "+spareNode+"0", `{"status":{"nodeInfo":{"kubeletVersion":"`+kubelet+`"}}}`)},
		},
		{
			name: "a kubelet is not at the target", want: []string{"VU-521 node/" + spareNode + "1"}, follows: []string{"VU-522"}, args: []string{"--to", "1.36.4"},
			do:   []string{patchedStatus("node "+spareNode+"1", `{"status":{"nodeInfo":{"kubeletVersion":"v1.36.3"}}}`)},
			undo: []string{patchedStatus("node "+spareNode+"1", `{"status":{"nodeInfo":{"kubeletVersion":"`+kubelet+`"}}}`)},
		},
		{
			name: "a label was lost", want: []string{"VU-524 pool/sparenp"},
			do: []string{"label node " + spareNode + "0 team-"}, undo: []string{"label node " + spareNode + "0 team=a"},
		},
		{
			name: "a cordon is left", want: []string{"VU-525 node/" + spareNode + "1"},
			do: []string{"cordon " + spareNode + "1"}, undo: []string{"uncordon " + spareNode + "1"},
		},
		{
			name: "a taint is left", want: []string{"VU-526 node/" + spareNode + "1"}, follows: []string{"VU-409", "VU-402"},
			do: []string{"taint node " + spareNode + "1 key=value:NoSchedule"}, undo: []string{"taint node " + spareNode + "1 key:NoSchedule-"},
		},
	}
}

func podFaults() []fault {
	const pod = "-n app pod vantiq-2 "
	short := []string{"VU-511", "VU-543"}
	again := []string{"delete pod -n app vantiq-2", "wait -n app --for=jsonpath={.status.readyReplicas}=3 statefulset/vantiq --timeout=60s"}
	return []fault{
		{
			name: "a pod is Pending", want: []string{"VU-502 pod/extra/lost"}, follows: []string{"VU-546"},
			do:   []string{`run lost -n extra --image=example.com/x --overrides '{"spec":{"nodeSelector":{"no":"where"}}}'`},
			undo: []string{"delete pod -n extra lost"},
		},
		{
			// Without a node, so that no kubelet says otherwise.
			name: "a pod failed", want: []string{"VU-502 pod/extra/failed"},
			do: []string{
				`run failed -n extra --image=example.com/x --overrides '{"spec":{"schedulingGates":[{"name":"test.upgrade.vantiq.com/gate"}]}}'`,
				patchedStatus("-n extra pod failed", `{"status":{"phase":"Failed","reason":"Evicted","message":"the node was low on memory"}}`),
			},
			undo: []string{"delete pod -n extra failed"},
		},
		{
			name: "a container crashes", want: []string{"VU-503 pod/app/vantiq-2"}, follows: short, undo: again,
			// Else the simulated kubelet would have it Ready again.
			do: []string{"annotate " + pod + annotateStart + "=never --overwrite", "wait -n app --for=condition=Ready=false pod/vantiq-2 --timeout=120s", patchedStatus(pod, `{"status":{"conditions":[{"type":"Ready","status":"False"},{"type":"ContainersReady","status":"False"},{"type":"PodScheduled","status":"True"},{"type":"Initialized","status":"True"}],"containerStatuses":[{"name":"vantiq","image":"x","imageID":"x","ready":false,"restartCount":9,"state":{"waiting":{"reason":"CrashLoopBackOff","message":"back-off 5m0s"}}}]}}`)},
		},
		{
			name: "a pod is not Ready", want: []string{"VU-504 pod/app/vantiq-2"}, follows: short,
			do: []string{"annotate " + pod + annotateStart + "=never --overwrite"}, undo: again,
		},
		{
			name: "a container restarted", want: []string{"VU-505 pod/app/vantiq-2"}, undo: again,
			do: []string{patchedStatus(pod, `{"status":{"containerStatuses":[{"name":"vantiq","image":"x","imageID":"x","ready":true,"restartCount":2,"state":{"running":{}}}]}}`)},
		},
		{
			name: "a DaemonSet misses a node", want: []string{"VU-409 daemonset/shared/telegraf-ds"}, follows: []string{"VU-504", "VU-502", "VU-543"},
			do:   []string{"annotate -n shared pods -l app=telegraf-ds --field-selector spec.nodeName=" + grafanaNode + " " + annotateStart + "=never --overwrite"},
			undo: []string{"delete pods -n shared -l app=telegraf-ds --field-selector spec.nodeName=" + grafanaNode},
		},
		{
			name: "a pod is on a wrong pool", want: []string{"VU-401 pod/shared/influxdb-0"}, follows: []string{"VU-403"},
			do: []string{
				"cordon " + grafanaNode, "delete pod -n shared influxdb-0",
				"wait -n shared --for=jsonpath={.status.readyReplicas}=1 statefulset/influxdb --timeout=60s", "uncordon " + grafanaNode,
			},
			unplug: []string{"placement-check", "--relocate", "--pod", "shared/influxdb-0", "--yes"},
		},
	}
}

func workloadFaults() []fault {
	return []fault{
		{
			name: "a workload was scaled", want: []string{"VU-512 deployment/extra/extra"}, follows: []string{"VU-543"},
			do: []string{"scale -n extra deployment extra --replicas=1"}, undo: []string{"scale -n extra deployment extra --replicas=2"},
		},
		{
			name: "a workload is short of pods", want: []string{"VU-511 deployment/extra/extra"}, follows: []string{"VU-502", "VU-525", "VU-543", "VU-546", "VU-551"},
			do: []string{"cordon -l agentpool=keycloaknp", "delete pods -n extra -l app=extra"}, undo: []string{"uncordon -l agentpool=keycloaknp"},
		},
		{
			name: "an image changed", want: []string{"VU-514 deployment/extra/extra"},
			do:   []string{"set image -n extra deployment/extra extra=example.com/extra:2", "rollout status -n extra deployment/extra"},
			undo: []string{"set image -n extra deployment/extra extra=example.com/extra:1", "rollout status -n extra deployment/extra"},
		},
		{
			name: "a workload is gone", want: []string{"VU-513 deployment/extra/extra"}, follows: []string{"VU-543", "VU-551"},
			do: []string{"delete -n extra deployment/extra"}, undo: []string{"apply -f testdata/verify.yaml"},
		},
		{
			name: "what was stopped by hand is not started", want: []string{"VU-515 deployment/shared/telegraf-prom"}, follows: []string{"VU-543"},
			do: []string{"scale -n shared deployment telegraf-prom --replicas=0"}, undo: []string{"scale -n shared deployment telegraf-prom --replicas=1"},
		},
	}
}

func leftOvers() []fault {
	return []fault{
		{
			name: "a pause is left", want: []string{"VU-531 deployment/shared/telegraf-prom"}, follows: []string{"VU-543"},
			plugin: []string{"pause-pdb-blockers", "--yes"}, unplug: []string{"resume-pdb-blockers", "--yes"},
		},
		{
			name: "a cordon of ours is left", want: []string{"VU-531 node/" + spareNode + "0", "VU-531 node/" + spareNode + "1"},
			plugin: []string{"drain-pool", "sparenp", "--yes"}, unplug: []string{"uncordon-pool", "sparenp"},
		},
		{
			name: "somebody holds the lock", want: []string{"VU-532 lock"},
			do:   []string{patched("lease -n kube-system kubectl-vantiq-upgrade", `{"spec":{"holderIdentity":"somebody@elsewhere","leaseDurationSeconds":3600,"renewTime":"2100-01-01T00:00:00.000000Z","acquireTime":"2026-01-01T00:00:00.000000Z"}}`)},
			undo: []string{"delete lease -n kube-system kubectl-vantiq-upgrade"},
		},
	}
}
