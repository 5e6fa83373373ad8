// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package bench

import (
	"bufio"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/test/harness"
)

// auditEvent is what we read of a line of the API server's audit log.
type auditEvent struct {
	Stage, Verb, UserAgent string
	ObjectRef              struct{ Resource, Subresource, Namespace, Name string }
	ResponseStatus         struct{ Code int }
	StageTimestamp         time.Time
}

// auditLog reads the audit log from where it ends now.
type auditLog struct {
	tb     testing.TB
	path   string
	offset int64
}

func auditFromNow(tb testing.TB, s *harness.Sandbox) *auditLog {
	tb.Helper()
	l := &auditLog{tb: tb, path: filepath.Join(s.Dir, "logs", "audit.log")}
	info, err := os.Stat(l.path)
	if err != nil {
		tb.Fatal(err)
	}
	l.offset = info.Size()
	return l
}

// plugin returns the requests of the plugin since the log was opened.
func (l *auditLog) plugin() []auditEvent {
	l.tb.Helper()
	file, err := os.Open(l.path)
	if err != nil {
		l.tb.Fatal(err)
	}
	defer file.Close()
	if _, err := file.Seek(l.offset, io.SeekStart); err != nil {
		l.tb.Fatal(err)
	}
	var events []auditEvent
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var e auditEvent
		if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
			continue // the last line may be half written
		}
		if strings.HasPrefix(e.UserAgent, "kubectl-vantiq_upgrade/") {
			events = append(events, e)
		}
	}
	return events
}

// requests counts a drain's requests.
type requests struct{ evictions, accepted, lists, watches int }

func count(events []auditEvent) requests {
	var r requests
	for _, e := range events {
		switch {
		case e.Verb == "watch":
			// A watch has a line at its beginning and one at its end.
			if e.Stage == "ResponseStarted" {
				r.watches++
			}
		case e.Verb == "list":
			r.lists++
		case isEviction(e):
			r.evictions++
			if e.ResponseStatus.Code < 300 {
				r.accepted++
			}
		}
	}
	return r
}

func isEviction(e auditEvent) bool {
	return e.Verb == "create" && e.ObjectRef.Subresource == "eviction"
}
