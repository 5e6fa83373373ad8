#!/bin/sh
# Copyright The kubectl-vantiq-upgrade Authors.
# SPDX-License-Identifier: Apache-2.0

# Writes everything that is generated: deep copies and the pages of docs/.
# With --check it writes nothing and names, one a line, what is out of date.
set -eu

cd "$(dirname "$0")/.."

check=${1:-}
out=zz_generated.deepcopy.go
# go leaves files that start with an underscore alone.
if [ "$check" = --check ]; then out=_expected.deepcopy.go; fi

packages=$(grep -rl --include='*.go' '^// +k8s:deepcopy-gen=package' pkg | xargs -n1 dirname | sort -u)

failed=0
for p in $packages; do
	trap 'rm -f "$p/_expected.deepcopy.go"' EXIT
	bin/tools/deepcopy-gen --go-header-file hack/boilerplate.go.txt --output-file "$out" "./$p"
	if [ "$check" = --check ] && ! cmp -s "$p/$out" "$p/zz_generated.deepcopy.go"; then
		echo "$p/zz_generated.deepcopy.go: out of date; run make generate"
		failed=1
	fi
	rm -f "$p/_expected.deepcopy.go"
done

if [ -d hack/gendocs ]; then
	# shellcheck disable=SC2086 # no argument when there is none
	go run ./hack/gendocs $check || failed=1
fi
exit $failed
