// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package bench

import "github.com/vantiq-upgrade/kubectl-vantiq-upgrade/test/harness"

// requests counts a drain's requests.
type requests struct{ evictions, lists, watches int }

func count(audited []harness.AuditedRequest) requests {
	var r requests
	for _, a := range audited {
		switch {
		case !a.IsPlugin():
		case a.IsEviction():
			r.evictions++
		case a.Verb == "list":
			r.lists++
		case a.Verb == "watch" && a.Stage == "ResponseStarted":
			r.watches++
		}
	}
	return r
}
