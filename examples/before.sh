#!/bin/sh
# Copyright The kubectl-vantiq-upgrade Authors.
# SPDX-License-Identifier: Apache-2.0

# Before the upgrade: are the rights there, is all well, what will be in the way; and
# the state is written down. It changes nothing in the cluster.
#
#   ./before.sh FOLDER      what is found goes to FOLDER, the evidence of the upgrade
#
# Exit codes: 0 the upgrade may begin; 1 an error; 2 something is not well.

set -u
. "$(dirname "$0")/lib.sh"

[ $# -eq 1 ] || usage "$0 FOLDER"
folder=$1
again="$0 $folder"
mkdir -p "$folder" || exit 1

say 'Client and server'
# was: kubectl version
run kubectl vantiq-upgrade version || stop $? "$again"

say 'The rights of the user'
# was: kubectl auth can-i ..., one by one
run kubectl vantiq-upgrade rbac --check || stop $? "$again"

say 'The node pools'
# was: kubectl get nodes -L agentpool,failure-domain.beta.kubernetes.io/zone,vantiq.com/workload-preference
run kubectl vantiq-upgrade pools || stop $? "$again"

say 'Is all well before anything is changed'
# was: kubectl get nodes; kubectl get pods -A -o wide, read line by line
run kubectl vantiq-upgrade verify || stop $? "$again"

say 'What will hold a drain'
# was: known by heart: telegraf-prom
# Here exit code 2 means that there is something, which upgrade-pools.sh pauses.
run kubectl vantiq-upgrade pause-pdb-blockers --dry-run=client
code=$?
case $code in
0 | 2) ;;
*) stop "$code" "$again" ;;
esac

say 'The state before, for verify to compare with'
# was: kubectl get pods -A -o wide > pods.txt; kubectl get nodes -o wide > nodes.txt
run kubectl vantiq-upgrade placement-check -o html >"$folder/placement-before.html"
code=$?
case $code in
0 | 2) ;;
*) stop "$code" "$again" ;;
esac
run kubectl vantiq-upgrade snapshot "$folder/before.yaml.gz" || stop $? "$again"

say "The upgrade may begin. The evidence is in $folder"
