#!/bin/sh
# Copyright The kubectl-vantiq-upgrade Authors.
# SPDX-License-Identifier: Apache-2.0

# Runs the unit tests of one module, with the race detector where there is a C
# compiler for it.
#
#   hack/unit.sh MODULE-DIRECTORY
set -eu

cd "$(dirname "$0")/../$1"

# Packages without tests are left out: in the sandbox that spares compiling
# all of Kubernetes once more for the race detector. Most of test/ needs a cluster
# or a browser.
packages=$(go list -f '{{if or .TestGoFiles .XTestGoFiles}}{{.ImportPath}}{{end}}' ./...)
packages=$(echo "$packages" | grep -v -E '/test/(bench|e2e|faults|krew|picture)$' || :)
if [ -z "$packages" ]; then
	echo "no unit tests in module $1"
	exit 0
fi

compiles_c() {
	echo '#include <stdlib.h>' | $(go env CC) -fsyntax-only -x c - 2>/dev/null
}

race=-race
if [ "$(go env CGO_ENABLED)" != 1 ] || ! compiles_c; then
	echo 'no cgo or no C compiler: testing without the race detector'
	race=
	export CGO_ENABLED=0
fi

# shellcheck disable=SC2086 # both are lists of words
exec go test $race -shuffle=on $packages
