// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package plane

import (
	"fmt"
	"os"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/sandbox/internal/supervise"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/sandbox/stages"
)

// EtcdFlags are the flags of etcd. It does not sync to disk: nothing in a
// sandbox has to survive a crash of the machine.
func (p Paths) EtcdFlags(ports supervise.Ports) []string {
	name := memberName(ports)
	client := fmt.Sprintf("http://127.0.0.1:%d", ports.EtcdClient)
	peer := fmt.Sprintf("http://127.0.0.1:%d", ports.EtcdPeer)
	return []string{
		"--name=" + name,
		"--data-dir=" + p.etcdData(),
		"--listen-client-urls=" + client,
		"--advertise-client-urls=" + client,
		"--listen-peer-urls=" + peer,
		"--initial-advertise-peer-urls=" + peer,
		"--initial-cluster=" + name + "=" + peer,
		"--unsafe-no-fsync",
		"--quota-backend-bytes=4294967296",
		"--log-level=warn",
	}
}

// memberName tells this sandbox's etcd from that of another one that was
// faster to take the same port.
func memberName(ports supervise.Ports) string {
	return fmt.Sprintf("sandbox-%d-%d-%d", os.Getpid(), ports.EtcdClient, ports.EtcdPeer)
}

// APIServerFlags are the flags of the API server.
func (p Paths) APIServerFlags(ports supervise.Ports) []string {
	return []string{
		fmt.Sprintf("--etcd-servers=http://127.0.0.1:%d", ports.EtcdClient),
		fmt.Sprintf("--secure-port=%d", ports.APIServer),
		"--bind-address=127.0.0.1",
		"--advertise-address=127.0.0.1",
		// A loopback address may not stand in the endpoints of the service.
		"--endpoint-reconciler-type=none",
		"--client-ca-file=" + p.CACert(),
		"--token-auth-file=" + p.tokens(),
		"--tls-cert-file=" + p.serverCert(),
		"--tls-private-key-file=" + p.serverKey(),
		"--service-account-issuer=https://kubernetes.default.svc",
		"--service-account-signing-key-file=" + p.serviceAccountKey(),
		"--service-account-key-file=" + p.serviceAccountKey(),
		"--service-cluster-ip-range=10.0.0.0/16",
		"--authorization-mode=RBAC",
		"--allow-privileged=true",
		"--profiling=false",
		"--shutdown-delay-duration=0s",
		"--audit-policy-file=" + p.auditPolicy(),
		"--audit-log-path=" + p.AuditLog(),
		"--audit-log-maxsize=0",
	}
}

// ControllerManagerFlags are the flags of the controller manager, which tells
// its health on port.
func (p Paths) ControllerManagerFlags(port int) []string {
	return append(p.clientFlags(ControllerManager, port),
		// Nothing attaches disks here, and tokens come from the token API.
		"--controllers=*,-persistentvolume-attach-detach-controller,-serviceaccount-token-controller",
		// No kubelet renews a lease: nodes stay Ready until told otherwise.
		"--node-monitor-grace-period=24h",
		"--pvclaimbinder-sync-period=1s",
		"--concurrent-deployment-syncs=20",
		"--concurrent-replicaset-syncs=20",
		"--concurrent-statefulset-syncs=20",
		"--concurrent-job-syncs=20",
	)
}

// SchedulerFlags are the flags of the scheduler, which tells its health on port.
func (p Paths) SchedulerFlags(port int) []string { return p.clientFlags(Scheduler, port) }

// KwokFlags are the flags of kwok at a speed; it tells its health on port.
// Leases are off: a second kwok would have to wait for those of the first to
// run out.
func (p Paths) KwokFlags(speed stages.Speed, port int) []string {
	return []string{
		"--kubeconfig=" + p.ComponentKubeconfig(Kwok),
		"--config=" + p.Stages(speed),
		"--manage-all-nodes=true",
		"--node-ip=10.224.0.1",
		"--cidr=10.244.0.0/16",
		"--node-lease-duration-seconds=0",
		fmt.Sprintf("--server-address=127.0.0.1:%d", port),
		"--v=WARN",
	}
}

func (p Paths) clientFlags(name string, port int) []string {
	return []string{
		"--kubeconfig=" + p.ComponentKubeconfig(name),
		"--leader-elect=false",
		"--bind-address=127.0.0.1",
		fmt.Sprintf("--secure-port=%d", port),
		"--tls-cert-file=" + p.serverCert(),
		"--tls-private-key-file=" + p.serverKey(),
		"--profiling=false",
		"--kube-api-qps=500",
		"--kube-api-burst=1000",
	}
}
