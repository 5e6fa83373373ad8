#!/bin/sh
# Copyright The kubectl-vantiq-upgrade Authors.
# SPDX-License-Identifier: Apache-2.0

# Holds every shell script of the repository against shellcheck. In CI it is installed
# where it is missing and Debian's packages can be; elsewhere the check is skipped then.

set -eu
cd "$(dirname "$0")/.."

if ! command -v shellcheck >/dev/null && [ "${CI:-}" = true ] && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
	log=$(apt-get update -qq 2>&1 && apt-get install -y -qq --no-install-recommends shellcheck 2>&1) || printf '%s\n' "$log" >&2
fi
if ! command -v shellcheck >/dev/null; then
	echo 'skipped: no shellcheck'
	exit 0
fi
git ls-files -z --cached --others --exclude-standard '*.sh' .ci/run | xargs -0 shellcheck --external-sources --source-path=SCRIPTDIR
