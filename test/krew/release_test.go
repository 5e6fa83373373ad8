// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package krew_test

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"
)

// archivePattern takes an archive's name to pieces: version, OS, architecture.
var archivePattern = regexp.MustCompile(`^kubectl-vantiq_upgrade_(v[^_]+)_([a-z]+)_([a-z0-9]+)\.(?:tar\.gz|zip)$`)

// release is what make dist has left in a folder.
type release struct {
	dir, tag string
	// archives has the name of each by platform, as in linux/amd64.
	archives map[string]string
	// sums has the sum of each file by name, from checksums.txt.
	sums map[string]string
}

// newRelease reads checksums.txt of the folder that the variable names.
func newRelease(t *testing.T, variable string) *release {
	t.Helper()
	r := &release{dir: built(t, variable), archives: map[string]string{}, sums: map[string]string{}}
	data, err := os.ReadFile(filepath.Join(r.dir, "checksums.txt"))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(data)) {
		sum, name, _ := strings.Cut(strings.TrimSpace(line), "  ")
		r.sums[name] = sum
		if parts := archivePattern.FindStringSubmatch(name); parts != nil {
			r.tag = parts[1]
			r.archives[parts[2]+"/"+parts[3]] = name
		}
	}
	return r
}

// built is the folder that a variable names. Without it there is nothing to try.
func built(t *testing.T, variable string) string {
	t.Helper()
	dir := os.Getenv(variable)
	if dir == "" {
		t.Skipf("skipped: %s is not set; `make krew-verify` sets it", variable)
	}
	return dir
}

// archive is the path of a platform's archive.
func (r *release) archive(t *testing.T, platform string) string {
	t.Helper()
	name, ok := r.archives[platform]
	if !ok {
		t.Fatalf("%s has no archive for %s; make dist builds it", r.dir, platform)
	}
	return filepath.Join(r.dir, name)
}

// sum reads the archive, as the bot does.
func (r *release) sum(archive string) (string, error) {
	data, err := os.ReadFile(filepath.Join(r.dir, archive))
	return fmt.Sprintf("%x", sha256.Sum256(data)), err
}

// absent stands for the sum of an archive that was not built.
var absent = strings.Repeat("f", 64)

func (r *release) sumIfBuilt(archive string) (string, error) {
	sum, err := r.sum(archive)
	if errors.Is(err, os.ErrNotExist) {
		return absent, nil
	}
	return sum, err
}

// published renders .krew.yaml as the bot would, for all platforms.
func (r *release) published(t *testing.T, base string) []byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", ".krew.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	rendered, err := render(string(text), r.tag, base, r.sumIfBuilt)
	if err != nil {
		t.Fatal(err)
	}
	return rendered
}

// manifest is what is published, without the platforms that were not built, in a file
// named as krew wants it.
func (r *release) manifest(t *testing.T, base string) string {
	t.Helper()
	plugin := parse(t, r.published(t, base))
	plugin.Spec.Platforms = slices.DeleteFunc(plugin.Spec.Platforms, func(p platform) bool { return p.Sha256 == absent })
	text, err := yaml.Marshal(plugin)
	if err != nil {
		t.Fatal(err)
	}
	return write(t, text)
}

// write puts a manifest where krew wants it: the file is named after the plugin.
func write(t *testing.T, text []byte) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "vantiq-upgrade.yaml")
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// serve is the release page of the repository, on the loopback interface.
func serve(t *testing.T, releases ...*release) string {
	t.Helper()
	mux := http.NewServeMux()
	for _, r := range releases {
		page := "/vantiq-upgrade/kubectl-vantiq-upgrade/releases/download/" + r.tag + "/"
		mux.Handle("GET "+page, http.StripPrefix(page, http.FileServerFS(os.DirFS(r.dir))))
	}
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return server.URL
}
