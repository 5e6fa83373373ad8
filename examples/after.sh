#!/bin/sh
# Copyright The kubectl-vantiq-upgrade Authors.
# SPDX-License-Identifier: Apache-2.0

# After the upgrade: what was paused is given back, misplaced pods are brought home,
# and all is compared with what before.sh has written down.
#
#   ./after.sh FOLDER VERSION [--http ide=https://...]    more flags go to verify
#
# Exit codes: 0 all is as it was; otherwise those of kubectl vantiq-upgrade.

set -u
. "$(dirname "$0")/lib.sh"

[ $# -ge 2 ] || usage "$0 FOLDER VERSION [FLAG...]"
again="$0 $*"
folder=$1 version=$2
shift 2
need_before "$folder"

say 'Give back what was paused'
# was: kubectl scale deployment -n shared telegraf-prom --replicas 1
run kubectl vantiq-upgrade resume-pdb-blockers --yes || stop $? "$again"

say 'Bring misplaced pods home'
# was: kubectl get pods -A -o wide, then taint, delete and untaint by hand
run kubectl vantiq-upgrade placement-check --relocate --yes || stop $? "$again"

say 'Is all as it was'
# was: kubectl get nodes; kubectl get pods -A
run kubectl vantiq-upgrade verify --baseline "$folder/before.yaml.gz" --to "$version" --wait "${GATE_WAIT:-15m}" \
	-o markdown "$@" >"$folder/verify.md"
code=$?
cat "$folder/verify.md"
[ "$code" -eq 0 ] || stop "$code" "$again"
run kubectl vantiq-upgrade placement-check -o html >"$folder/placement-after.html"
code=$?
case $code in
0 | 2) ;;
*) stop "$code" "$again" ;;
esac

say "All is as it was. What only a person can see is listed at the end of $folder/verify.md"
