#!/bin/sh
# Copyright The kubectl-vantiq-upgrade Authors.
# SPDX-License-Identifier: Apache-2.0

# What a cloud does to a pool, in short: its nodes come back with the new kubelet. The
# pool of UNLUCKY is not touched, which the script that asked for it must notice.

set -eu
[ "$1" != "${UNLUCKY:-}" ] || exit 0
for node in $(kubectl get nodes -l "agentpool=$1" -o name); do
	kubectl patch "$node" --subresource=status -p "{\"status\":{\"nodeInfo\":{\"kubeletVersion\":\"v$2.2\"}}}"
done
