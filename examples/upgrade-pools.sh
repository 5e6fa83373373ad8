#!/bin/sh
# Copyright The kubectl-vantiq-upgrade Authors.
# SPDX-License-Identifier: Apache-2.0

# The node pools, one after the other, each with a gate behind it: the next begins
# only when all is as it was before. The control plane is upgraded already.
#
#   UPGRADE_POOL=./my-upgrade.sh ./upgrade-pools.sh FOLDER VERSION POOL...
#
# FOLDER is that of before.sh. UPGRADE_POOL is a command that upgrades one pool and
# returns when it is done; it gets the pool and the version. Such as, on AKS:
#   az aks nodepool upgrade -g "$GROUP" --cluster-name "$CLUSTER" -n "$1" -k "$2"
# and on EKS:
#   aws eks update-nodegroup-version --cluster-name "$CLUSTER" --nodegroup-name "$1" --kubernetes-version "$2"
#   aws eks wait nodegroup-active --cluster-name "$CLUSTER" --nodegroup-name "$1"
#
# It can be started again after a stop: a pool that is at VERSION already is passed
# over. Exit codes: those of kubectl vantiq-upgrade, and that of UPGRADE_POOL.

set -u
. "$(dirname "$0")/lib.sh"

[ $# -ge 3 ] || usage "UPGRADE_POOL=COMMAND $0 FOLDER VERSION POOL..."
again="$0 $*"
folder=$1 version=$2
shift 2
: "${UPGRADE_POOL:?the command that upgrades a pool}"
need_before "$folder"

# kubelets prints the versions of the kubelets in a pool.
kubelets() {
	kubectl vantiq-upgrade pools -o "jsonpath={.items[?(@.metadata.name==\"$1\")].kubeletVersions[*]}"
}

# upgraded tells whether a pool has one version of the kubelet, and it is the wanted one.
upgraded() {
	now=$(kubelets "$1") || stop $? "$again"
	case $now in
	*' '*) return 1 ;;
	"v$version" | "v$version".* | "v$version"-*) return 0 ;;
	*) return 1 ;;
	esac
}

say 'The plans of all pools: what cannot be ended is not begun'
for pool; do
	upgraded "$pool" && continue
	run kubectl vantiq-upgrade drain-pool "$pool" --pause-pdb-blockers --dry-run=client || stop $? "$again"
done

for pool; do
	if upgraded "$pool"; then
		say "$pool is at $version"
	else
		say "$pool: empty it"
		# was: kubectl scale deployment -n shared telegraf-prom --replicas 0
		#      kubectl drain -l agentpool=POOL --ignore-daemonsets --delete-emptydir-data
		run kubectl vantiq-upgrade drain-pool "$pool" --pause-pdb-blockers --yes || stop $? "$again"

		say "$pool: upgrade its nodes to $version"
		# was: the portal, "Update Kubernetes"; the console, "Update now"
		run "$UPGRADE_POOL" "$pool" "$version" || stop_of $? "$UPGRADE_POOL" "$again"
		if ! upgraded "$pool"; then
			printf '%s is at %s, not at %s\n' "$pool" "$now" "$version" >&2
			stop 1 "$again"
		fi
	fi

	say "$pool: give it back, and bring home what belongs there"
	# was: kubectl uncordon NODE, for each
	#      kubectl taint nodes --all key=value:NoSchedule; kubectl delete pod ...; kubectl taint nodes --all key:NoSchedule-
	run kubectl vantiq-upgrade uncordon-pool "$pool" --yes || stop $? "$again"
	run kubectl vantiq-upgrade placement-check --relocate --yes || stop $? "$again"

	say "$pool: the gate"
	# was: kubectl get nodes; kubectl get pods -A -o wide, until it looks well
	run kubectl vantiq-upgrade verify --baseline "$folder/before.yaml.gz" --wait "${GATE_WAIT:-15m}" || stop $? "$again"
done

say "All pools are at $version. Next: $(dirname "$0")/after.sh $folder $version"
