# Copyright The kubectl-vantiq-upgrade Authors.
# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh

# What the scripts beside this file share: they source it.

# say heads a step.
say() {
	printf '\n== %s\n' "$*" >&2
}

# run shows a command before it runs it, and hands its exit code on.
run() {
	printf '$ %s\n' "$*" >&2
	"$@"
}

# stop ends the script with the exit code of a command of ours, and tells what the
# code asks for. On Windows kubectl makes every code a 1.
stop() {
	case $1 in
	2) printf '\nStopped: it was refused before anything was touched, or a check failed. Mend what is named above and start again: %s\n' "$2" >&2 ;;
	3) printf '\nStopped part-way, and the state is kept. Mend what is named above and go on: %s\nOr put it back: kubectl vantiq-upgrade status names the command\n' "$2" >&2 ;;
	4) printf '\nStopped: somebody else is at work on this cluster. Talk to them (kubectl vantiq-upgrade status), then start again: %s\n' "$2" >&2 ;;
	130) printf '\nInterrupted, and the state is kept. To go on: %s\nOr see what is open: kubectl vantiq-upgrade status\n' "$2" >&2 ;;
	*) printf '\nStopped by an error (exit code %s). Mend what is named above and start again: %s\n' "$1" "$2" >&2 ;;
	esac
	exit "$1"
}

# stop_of ends the script with the exit code of a command of somebody else.
stop_of() {
	printf '\nStopped: %s ended with exit code %s. Mend it and start again: %s\n' "$2" "$1" "$3" >&2
	exit "$1"
}

# need_before ends the script unless before.sh has written the state to a folder.
need_before() {
	[ -r "$1/before.yaml.gz" ] && return
	printf 'there is no %s: run before.sh %s before the upgrade\n' "$1/before.yaml.gz" "$1" >&2
	exit 1
}

# usage ends the script with how it is called.
usage() {
	printf 'usage: %s\n' "$1" >&2
	exit 1
}
