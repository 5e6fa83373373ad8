#!/bin/sh
# Copyright The kubectl-vantiq-upgrade Authors.
# SPDX-License-Identifier: Apache-2.0

# Makes an archive of dist/ once more, from a copy of the tree in another folder,
# with files of another time and another umask, and wants the same bytes.
#
#   hack/dist-again.sh PLATFORM [VARIABLE=VALUE...]
set -eu

platform=$1
shift
cd "$(dirname "$0")/.."

copy=$(mktemp -d "${TMPDIR:-/tmp}/vantiq-upgrade-again.XXXXXX")
trap 'rm -rf "$copy"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

umask 077
tar -cf - --exclude ./.git --exclude ./bin --exclude ./dist . | tar -xmf - -C "$copy"
make --no-print-directory -C "$copy" dist DIST_DIR=dist "DIST_PLATFORMS=$platform" "$@"

for file in "$copy"/dist/kubectl-vantiq_upgrade_*; do
	cmp "$file" "dist/${file##*/}"
done
echo "The same bytes from another folder: $platform"
