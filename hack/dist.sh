#!/bin/sh
# Copyright The kubectl-vantiq-upgrade Authors.
# SPDX-License-Identifier: Apache-2.0

# Builds the plugin for one platform after the other and packs the archives of a
# release. `make dist` calls it with LDFLAGS and SOURCE_DATE_EPOCH set.
#
#   hack/dist.sh DIR VERSION TIME PLATFORM...
set -eu

dir=$1
version=$2
time=$3
shift 3
cd "$(dirname "$0")/.."

for platform in "$@"; do
	os=${platform%/*}
	arch=${platform#*/}
	binary=kubectl-vantiq_upgrade
	if [ "$os" = windows ]; then binary=$binary.exe; fi
	hack/heartbeat.sh "Building $version for $platform" env GOOS="$os" GOARCH="$arch" \
		go build -ldflags "$LDFLAGS" -o "$dir/.binaries/${os}_$arch/$binary" ./cmd/kubectl-vantiq_upgrade
done

rm -rf "$dir/.man"
go run ./hack/gendocs --man "$dir/.man"
hack/heartbeat.sh "Packing $version" \
	go run ./hack/dist -dir "$dir" -version "$version" -time "$time" -sbom-tool bin/tools/cyclonedx-gomod "$@"
(cd "$dir" && ls -l kubectl-vantiq_upgrade_* checksums.txt)
