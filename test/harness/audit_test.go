// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package harness

import (
	"bufio"
	"fmt"
	"strings"
	"testing"
)

// TestAcceptedTwice: what counts as an eviction too many. A request is its seconds
// of coming and being answered, the version that it asks for, and the answer.
func TestAcceptedTwice(t *testing.T) {
	type request struct {
		came, answered int
		version        string
		code           int
	}
	tests := map[string]struct {
		requests []request
		twice    bool
	}{
		"once":                              {[]request{{1, 2, "", 201}}, false},
		"refused, then accepted":            {[]request{{1, 2, "", 429}, {3, 4, "", 201}}, false},
		"two without a version":             {[]request{{1, 2, "", 201}, {3, 4, "", 201}}, true},
		"two at once without a version":     {[]request{{1, 4, "", 201}, {2, 3, "", 201}}, true},
		"again after the answer":            {[]request{{1, 2, "", 201}, {3, 4, "7", 201}}, true},
		"again, refused":                    {[]request{{1, 2, "", 201}, {3, 4, "7", 409}}, false},
		"the first is late":                 {[]request{{1, 2, "7", 201}, {3, 4, "", 201}}, false},
		"the first is answered late":        {[]request{{2, 3, "7", 201}, {1, 4, "", 201}}, false},
		"late, and once more after it":      {[]request{{1, 2, "7", 201}, {3, 4, "", 201}, {5, 6, "8", 201}}, true},
		"the second of two with a version":  {[]request{{1, 2, "7", 201}, {3, 4, "8", 201}}, true},
		"the first is late after a refusal": {[]request{{1, 2, "7", 409}, {3, 4, "", 201}}, false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			log := ""
			for _, r := range tt.requests {
				version := ""
				if r.version != "" {
					version = fmt.Sprintf(`,"resourceVersion":%q`, r.version)
				}
				log += fmt.Sprintf(`{"stage":"ResponseComplete","verb":"create","objectRef":{"resource":"pods","subresource":"eviction","namespace":"n","name":"p"},`+
					`"responseStatus":{"code":%d},"requestObject":{"deleteOptions":{"preconditions":{"uid":"u"%s}}},`+
					`"requestReceivedTimestamp":"2026-01-01T00:00:%02dZ","stageTimestamp":"2026-01-01T00:00:%02dZ"}`+"\n", r.code, version, r.came, r.answered)
			}
			audit := &Audit{reader: bufio.NewReader(strings.NewReader(log))}
			if twice := audit.AcceptedTwice(t, "n"); (len(twice) > 0) != tt.twice {
				t.Errorf("twice %v, want %t", twice, tt.twice)
			}
		})
	}
}
