#!/bin/sh
# Copyright The kubectl-vantiq-upgrade Authors.
# SPDX-License-Identifier: Apache-2.0

# Runs a command that may be silent for minutes and says every so often that
# it is still alive, then how long it took.
#
#   hack/heartbeat.sh LABEL COMMAND [ARG...]
set -eu

label=$1
shift

every=20
if [ "${CI:-}" = true ]; then every=60; fi

start=$(date +%s)
elapsed() {
	s=$(($(date +%s) - start))
	printf '%dm%02ds' $((s / 60)) $((s % 60))
}

# Sleeps are short so that none outlives the command for long, and the parent
# is looked at so that the beat ends with it even after a kill -9.
beat() {
	n=0
	while sleep 1 && kill -0 $$ 2>/dev/null; do
		n=$((n + 1))
		if [ $((n % every)) -eq 0 ]; then echo "$label: still at it, $(elapsed)"; fi
	done
}

echo "$label"
beat &
beat=$!
trap 'kill $beat 2>/dev/null || :' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

"$@"
echo "$label: done in $(elapsed)"
