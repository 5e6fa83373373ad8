#!/bin/sh
# Copyright The kubectl-vantiq-upgrade Authors.
# SPDX-License-Identifier: Apache-2.0

# For an upgrade in which the cloud itself drains the nodes (the portal, the console,
# terraform apply): what would hold it for ever is paused, the command runs, and
# what was paused is given back, however the command ends.
#
#   ./with-blockers-paused.sh terraform apply plan.tfplan
#   ./with-blockers-paused.sh sh -c 'echo "Upgrade the pools in the portal, then press Enter"; read -r _'
#
# Exit codes: that of the command, or, where it ended well, that of giving back.

set -u
. "$(dirname "$0")/lib.sh"

[ $# -ge 1 ] || usage "$0 COMMAND [ARGUMENT...]"

# give_back runs at every end of the script, also when a signal ends it.
give_back() {
	status=$?
	trap - EXIT INT TERM HUP
	say 'Give back what was paused'
	# was: kubectl scale deployment -n shared telegraf-prom --replicas 1
	run kubectl vantiq-upgrade resume-pdb-blockers --yes
	code=$?
	if [ "$status" -ne 0 ]; then
		[ "$code" -eq 0 ] || printf '\nNot all was given back (exit code %s): kubectl vantiq-upgrade status\n' "$code" >&2
		"$begun" && stop_of "$status" "$1" "$again"
		stop "$status" "$again"
	fi
	[ "$code" -eq 0 ] || stop "$code" 'kubectl vantiq-upgrade resume-pdb-blockers'
	exit 0
}
again="$0 $*"
begun=false

say 'Pause what would hold a drain'
# was: kubectl scale deployment -n shared telegraf-prom --replicas 0
trap 'give_back "$1"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP
run kubectl vantiq-upgrade pause-pdb-blockers --yes
code=$?
case $code in
0) ;;
1 | 2 | 4)
	# Nothing was touched: what is paused now is of somebody else.
	trap - EXIT
	stop "$code" "$again"
	;;
*) exit "$code" ;;
esac

say 'The upgrade'
begun=true
run "$@"
