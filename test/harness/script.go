// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package harness

import (
	"testing"
)

// Script runs a shell script to its end, as an operator has it: with kubectl and the
// plugin on its PATH, the sandbox in its KUBECONFIG, no stdin, and env besides.
func (s *Sandbox) Script(tb testing.TB, env []string, script string, args ...string) Result {
	tb.Helper()
	p := s.process(tb, script, args)
	p.Path, p.Args[0] = script, script
	p.Env = append(p.Env, "PATH="+s.bin+":/usr/bin:/bin")
	p.Env = append(p.Env, env...)
	p.Stdout, p.Stderr = &p.stdout, &p.stderr
	if err := p.Start(); err != nil {
		tb.Fatal(err)
	}
	p.watch()
	return p.Wait()
}
