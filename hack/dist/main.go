// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

// Command dist packs the plugin's binaries, which hack/dist.sh has built, into
// the archives of a release: the same bytes whenever and wherever it runs.
//
//	dist -version v1.2.3 -time 2026-01-02T15:04:05Z -sbom-tool FILE -dir DIR PLATFORM...
//
// A binary is expected in DIR/.binaries/OS_ARCH, man pages in DIR/.man; archives, one SBOM for each, and
// checksums.txt are written to DIR. It runs in the root of the repository.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"regexp"
	"time"
)

// epoch dates what is packed where there is no commit to take the time from. It
// is the oldest time that a zip file can hold.
const epoch = "1980-01-01T00:00:00Z"

// versionPattern is what krew takes for a version.
var versionPattern = regexp.MustCompile(`^v\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?$`)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, os.Args[1:])
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	r := release{}
	var at string
	flags := flag.NewFlagSet("dist", flag.ExitOnError)
	flags.StringVar(&r.version, "version", "", "version, as in v1.2.3")
	flags.StringVar(&at, "time", "", "time of every file in the archives (default "+epoch+")")
	flags.StringVar(&r.sbomTool, "sbom-tool", "", "path of cyclonedx-gomod")
	flags.StringVar(&r.dir, "dir", "dist", "where the archives go")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if at == "" {
		at = epoch
	}
	var err error
	if r.time, err = time.Parse(time.RFC3339, at); err != nil {
		return fmt.Errorf("-time: %w", err)
	}
	if !versionPattern.MatchString(r.version) {
		return fmt.Errorf("-version: %q is not a version as in v1.2.3", r.version)
	}
	if flags.NArg() == 0 {
		return errors.New("no platform given, as in linux/amd64")
	}
	return r.write(ctx, flags.Args())
}
