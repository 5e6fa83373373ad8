#!/bin/sh
# Copyright The kubectl-vantiq-upgrade Authors.
# SPDX-License-Identifier: Apache-2.0

# Plays the main job on a control plane of its own: empties the MongoDB pool of
# the production layout on AKS with a real kubectl, and shows that MongoDB keeps
# its quorum. DEMO_SPEED=real gives the pods the start-up times of production
# (MongoDB 40 s a member); the default is a few seconds.

set -eu

bin=$(cd "$(dirname "$0")/../bin" && pwd)
PATH=$bin:$PATH
export PATH
dir=$(mktemp -d "${TMPDIR:-/tmp}/vantiq-upgrade-demo.XXXXXX")

finish() {
	status=$?
	trap - EXIT INT TERM HUP
	echo
	echo "== Cleaning up"
	sandbox down --dir "$dir" || status=1
	rm -rf "$dir"
	exit "$status"
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

step() {
	echo
	echo "== $1"
	shift
	echo "\$ $*"
	"$@"
}

echo "== Starting a Kubernetes control plane with the Vantiq layout on AKS (14 nodes); about 15 seconds"
sandbox up --dir "$dir" --layout aks --speed "${DEMO_SPEED:-fast}" --owner $$ >/dev/null
KUBECONFIG=$dir/kubeconfig
export KUBECONFIG

step "The node pools" kubectl vantiq-upgrade pools
step "MongoDB before" kubectl get pods -n app -l app=mongodb -o custom-columns=POD:.metadata.name,NODE:.spec.nodeName
step "The pool that holds telegraf-prom is refused before anything is touched (exit code 2)" \
	sh -c 'kubectl vantiq-upgrade drain-pool keycloaknp --yes || echo "exit code $?"'
step "The MongoDB pool is emptied, one member after the other" \
	kubectl vantiq-upgrade drain-pool mongodbnp --yes
step "MongoDB after" kubectl get pods -n app -l app=mongodb -o custom-columns=POD:.metadata.name,NODE:.spec.nodeName
step "A second run has nothing to do" kubectl vantiq-upgrade drain-pool mongodbnp --yes
step "The pool is given back after its upgrade" kubectl vantiq-upgrade uncordon-pool mongodbnp
