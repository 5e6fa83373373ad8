#!/bin/sh
# Copyright The kubectl-vantiq-upgrade Authors.
# SPDX-License-Identifier: Apache-2.0

# Builds one binary of the sandbox module into bin/.
#
#   hack/build-sandbox.sh NAME PACKAGE
set -eu

name=$1
package=$2
cd "$(dirname "$0")/../sandbox"

# A Kubernetes binary reports the version it is linked with; the module file
# is the one place where that version is chosen.
version=$(go list -m -f '{{.Version}}' k8s.io/kubernetes)
major=${version#v}
major=${major%%.*}
minor=${version#*.}
minor=${minor%%.*}

ldflags='-s -w'
for p in k8s.io/component-base/version k8s.io/client-go/pkg/version; do
	ldflags="$ldflags -X $p.gitVersion=$version -X $p.gitMajor=$major -X $p.gitMinor=$minor"
	ldflags="$ldflags -X $p.gitCommit=$version -X $p.gitTreeState=clean"
done

if [ ! -x ../bin/sandbox ]; then
	echo "The sandbox is compiled from the sources of Kubernetes $version: 10 to 13 minutes"
	echo "on 2 cores when nothing of it was compiled before, about 20 seconds when go's cache has it."
fi

# The binary is replaced in one move: a running sandbox keeps the old one, and
# an interrupted build leaves nothing half-written behind.
mkdir -p ../bin
new=../bin/.$name.new
trap 'rm -f "$new"' EXIT
CGO_ENABLED=0 ../hack/heartbeat.sh "Building bin/$name" \
	go build -trimpath -ldflags "$ldflags" -o "$new" "$package"
mv -f "$new" "../bin/$name"
