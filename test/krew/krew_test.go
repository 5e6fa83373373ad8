// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

// Package krew_test tries the archives of a release the way krew brings them to an
// operator: with krew itself, a real kubectl, and no network.
package krew_test

import (
	"bytes"
	"debug/buildinfo"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestValidator has krew's own validator read the manifest as it gets published.
func TestValidator(t *testing.T) {
	t.Parallel()
	r := newRelease(t, "KREW_DIST_DIR")
	newOperator(t).run("validate-krew-manifest", "-skip-install", "-manifest", write(t, r.published(t, github)))
}

// TestValidatorInstalls has it install the archive of every platform besides, and look
// for the licence. It downloads them, so they come from a server of ours.
func TestValidatorInstalls(t *testing.T) {
	t.Parallel()
	r := newRelease(t, "KREW_DIST_DIR")
	newOperator(t).run("validate-krew-manifest", "-manifest", r.manifest(t, serve(t, r)))
}

// TestLocalArchive is the way of a bastion without any network.
func TestLocalArchive(t *testing.T) {
	t.Parallel()
	r := newRelease(t, "KREW_DIST_DIR")
	o := newOperator(t)
	i := o.newIndex() // krew removes nothing before it has an index
	i.publish(r.manifest(t, github))
	o.krew("index", "add", "default", i.uri())

	o.krew("install", "--manifest", r.manifest(t, github), "--archive", r.archive(t, host()))
	o.wantListed("detached/vantiq-upgrade")
	o.wantPlugin(r.tag)
	o.wantCaveats(parse(t, r.published(t, github)).Spec.Caveats)
	o.krew("uninstall", "vantiq-upgrade")
	o.wantListed()
	o.wantNoPlugin()
}

// TestUpgrade is the way of krew's own index: an older version, then this one.
func TestUpgrade(t *testing.T) {
	t.Parallel()
	r, older := newRelease(t, "KREW_DIST_DIR"), newRelease(t, "KREW_OLDER_DIR")
	o := newOperator(t)
	server, i := serve(t, r, older), o.newIndex()
	i.publish(older.manifest(t, server))
	o.env = append(o.env, "KREW_DEFAULT_INDEX_URI="+i.uri())

	o.krew("update")
	o.krew("install", "vantiq-upgrade")
	o.wantListed("vantiq-upgrade")
	o.wantPlugin(older.tag)
	o.run("kubectl", "vantiq-upgrade", "completion", "install")

	i.publish(r.manifest(t, server))
	o.krew("upgrade")
	o.wantListed("vantiq-upgrade")
	o.wantPlugin(r.tag)
	// krew keeps each version in a folder of its own: completion must not stay behind.
	if words := o.run("kubectl", "__complete", "vantiq-upgrade", "drain-"); !strings.Contains(words, "drain-pool") {
		t.Errorf("completion after the upgrade:\n%s", words)
	}
	o.krew("uninstall", "vantiq-upgrade")
	// krew takes its own link away and knows of no other.
	if err := os.Remove(filepath.Join(o.dir, "krew", "bin", "kubectl_complete-vantiq_upgrade")); err != nil {
		t.Error(err)
	}
	o.wantNoPlugin()
}

// TestCustomIndex is the way of a company with an index of its own.
func TestCustomIndex(t *testing.T) {
	t.Parallel()
	r := newRelease(t, "KREW_DIST_DIR")
	o := newOperator(t)
	i := o.newIndex()
	i.publish(r.manifest(t, serve(t, r)))

	o.krew("index", "add", "company", i.uri())
	if found := o.krew("search", "vantiq"); !strings.Contains(found, "company/vantiq-upgrade") {
		t.Errorf("krew search finds\n%s", found)
	}
	if info := o.krew("info", "company/vantiq-upgrade"); !strings.Contains(info, r.tag) || !strings.Contains(info, "completion install") {
		t.Errorf("krew info says\n%s", info)
	}
	o.krew("install", "company/vantiq-upgrade")
	o.wantListed("company/vantiq-upgrade")
	o.wantPlugin(r.tag)
	o.krew("uninstall", "vantiq-upgrade")
	o.wantListed()
	o.wantNoPlugin()
}

// TestOtherSystems installs what this machine cannot run, and looks at what krew
// would have kubectl start.
func TestOtherSystems(t *testing.T) {
	t.Parallel()
	r := newRelease(t, "KREW_DIST_DIR")
	for platform := range r.archives {
		if platform == host() {
			continue
		}
		t.Run(strings.ReplaceAll(platform, "/", "-"), func(t *testing.T) {
			t.Parallel()
			o := newOperator(t).on(platform)
			o.krew("install", "--manifest", r.manifest(t, github), "--archive", r.archive(t, platform))
			link := filepath.Join(o.dir, "krew", "bin", "kubectl-vantiq_upgrade")
			if strings.HasPrefix(platform, "windows/") {
				link += ".exe"
			}
			wantBuiltFor(t, link, platform)
			store := filepath.Join(o.dir, "krew", "store", "vantiq-upgrade", r.tag)
			wantLicence(t, filepath.Join(store, "LICENSE"))
			if _, err := os.Stat(filepath.Join(store, "man", "kubectl-vantiq-upgrade-drain-pool.1")); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestADamagedArchive shows that the sums in the manifest are held.
func TestADamagedArchive(t *testing.T) {
	t.Parallel()
	r := newRelease(t, "KREW_DIST_DIR")
	o := newOperator(t)
	data, err := os.ReadFile(r.archive(t, host()))
	if err != nil {
		t.Fatal(err)
	}
	damaged := filepath.Join(t.TempDir(), filepath.Base(r.archive(t, host())))
	data[len(data)/2] ^= 1
	if err := os.WriteFile(damaged, data, 0o600); err != nil {
		t.Fatal(err)
	}
	_, stderr, err := o.try("kubectl", "krew", "install", "--manifest", r.manifest(t, github), "--archive", damaged)
	if err == nil || !strings.Contains(stderr, "checksum does not match") {
		t.Errorf("got %v\n%s", err, stderr)
	}
	o.wantNoPlugin()
}

// wantBuiltFor wants an executable of that platform which needs nothing of the
// machine that built it, nor of the one that runs it.
func wantBuiltFor(t *testing.T, file, platform string) {
	t.Helper()
	info, err := buildinfo.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	settings := map[string]string{}
	for _, s := range info.Settings {
		settings[s.Key] = s.Value
	}
	if got := settings["GOOS"] + "/" + settings["GOARCH"]; got != platform {
		t.Errorf("%s is for %s", file, got)
	}
	if settings["CGO_ENABLED"] != "0" || settings["-trimpath"] != "true" {
		t.Errorf("%s was built with %v", file, settings)
	}
}

func wantLicence(t *testing.T, file string) {
	t.Helper()
	got, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	want, err := os.ReadFile(filepath.Join("..", "..", "LICENSE"))
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s is not the licence of the repository", file)
	}
}

// command is a command line of its own in a text.
var command = regexp.MustCompile(`(?m)^ *kubectl (vantiq-upgrade .+)$`)

// wantCaveats asks for the help of every command that the caveats tell to run.
func (o *operator) wantCaveats(caveats string) {
	o.t.Helper()
	lines := command.FindAllStringSubmatch(caveats, -1)
	if len(lines) == 0 {
		o.t.Error("the caveats name no command")
	}
	for _, line := range lines {
		o.run("kubectl", append(strings.Fields(line[1]), "--help")...)
	}
}
