// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package krew_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/api/v1alpha1"
)

// commandTimeout ends a command that hangs.
const commandTimeout = 5 * time.Minute

// operator is somebody at a shell with kubectl, krew and git, and with a home, a krew
// root and an index of plugins of his own. Nothing else of this machine is there for
// him, and no host but this one answers.
type operator struct {
	t   *testing.T
	dir string
	env []string
}

func newOperator(t *testing.T) *operator {
	t.Helper()
	bin := built(t, "KREW_BIN_DIR")
	o := &operator{t: t, dir: t.TempDir()}
	git, err := exec.LookPath("git")
	if err != nil {
		t.Fatal(err)
	}
	o.link(filepath.Join(bin, "kubectl"), "kubectl")
	o.link(filepath.Join(bin, "tools", "krew"), "kubectl-krew")
	o.link(filepath.Join(bin, "tools", "validate-krew-manifest"), "validate-krew-manifest")
	o.link(git, "git")
	for _, name := range []string{"home", "tmp"} {
		if err := os.Mkdir(filepath.Join(o.dir, name), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	nobody := "http://127.0.0.1:9"
	o.env = []string{
		"PATH=" + filepath.Join(o.dir, "krew", "bin") + string(filepath.ListSeparator) + filepath.Join(o.dir, "path"),
		"HOME=" + filepath.Join(o.dir, "home"), "TMPDIR=" + filepath.Join(o.dir, "tmp"),
		"KREW_ROOT=" + filepath.Join(o.dir, "krew"), "KREW_NO_UPGRADE_CHECK=1",
		"HTTP_PROXY=" + nobody, "HTTPS_PROXY=" + nobody,
		"GIT_ALLOW_PROTOCOL=file", "GIT_CONFIG_NOSYSTEM=1", "GIT_TERMINAL_PROMPT=0",
		"GIT_AUTHOR_NAME=index", "GIT_AUTHOR_EMAIL=index@example.com",
		"GIT_COMMITTER_NAME=index", "GIT_COMMITTER_EMAIL=index@example.com",
	}
	return o
}

func (o *operator) link(program, name string) {
	o.t.Helper()
	path := filepath.Join(o.dir, "path")
	if err := errors.Join(os.MkdirAll(path, 0o700), os.Symlink(program, filepath.Join(path, name))); err != nil {
		o.t.Fatal(err)
	}
	if _, err := os.Stat(program); err != nil {
		o.t.Fatalf("%v; `make krew-verify` builds it", err)
	}
}

// on pretends another machine, the way krew lets one.
func (o *operator) on(platform string) *operator {
	goos, goarch, _ := strings.Cut(platform, "/")
	other := *o
	other.env = append([]string{"KREW_OS=" + goos, "KREW_ARCH=" + goarch}, o.env...)
	return &other
}

// try runs a command without a terminal and without input.
func (o *operator) try(program string, args ...string) (stdout, stderr string, err error) {
	o.t.Helper()
	ctx, cancel := context.WithTimeout(o.t.Context(), commandTimeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, filepath.Join(o.dir, "path", program), args...)
	var out, talk bytes.Buffer
	cmd.Env, cmd.Dir, cmd.Stdout, cmd.Stderr = o.env, o.dir, &out, &talk
	err = cmd.Run()
	o.t.Logf("$ %s %s\n%s%s", program, strings.Join(args, " "), out.String(), talk.String())
	return out.String(), talk.String(), err
}

// run is try for what must succeed; it returns stdout.
func (o *operator) run(program string, args ...string) string {
	o.t.Helper()
	stdout, stderr, err := o.try(program, args...)
	if err != nil {
		o.t.Fatalf("%s %s: %v\n%s%s", program, strings.Join(args, " "), err, stdout, stderr)
	}
	return stdout
}

// krew runs `kubectl krew ARGS`.
func (o *operator) krew(args ...string) string {
	o.t.Helper()
	return o.run("kubectl", append([]string{"krew"}, args...)...)
}

// wantPlugin has the plugin tell its version through kubectl.
func (o *operator) wantPlugin(tag string) {
	o.t.Helper()
	got := v1alpha1.Version{}
	text := o.run("kubectl", "vantiq-upgrade", "version", "--client", "-o", "json")
	if err := json.Unmarshal([]byte(text), &got); err != nil {
		o.t.Fatal(err)
	}
	if got.Client.GitVersion != tag || got.Client.Platform != host() {
		o.t.Errorf("the plugin says %s on %s, want %s on %s", got.Client.GitVersion, got.Client.Platform, tag, host())
	}
}

// wantNoPlugin makes sure that nothing of the plugin is left.
func (o *operator) wantNoPlugin() {
	o.t.Helper()
	if _, _, err := o.try("kubectl", "vantiq-upgrade", "version", "--client"); err == nil {
		o.t.Error("kubectl still finds the plugin")
	}
	for _, pattern := range []string{"bin/*vantiq*", "store/*vantiq*", "receipts/*vantiq*"} {
		left, err := filepath.Glob(filepath.Join(o.dir, "krew", pattern))
		if err != nil || len(left) > 0 {
			o.t.Errorf("left behind: %q, %v", left, err)
		}
	}
}

// wantListed wants the plugins that krew has installed to be these.
func (o *operator) wantListed(names ...string) {
	o.t.Helper()
	if got := strings.Fields(o.krew("list")); !slices.Equal(got, names) {
		o.t.Errorf("krew list says %q, want %q", got, names)
	}
}

// host is the platform that runs the test.
func host() string { return runtime.GOOS + "/" + runtime.GOARCH }
