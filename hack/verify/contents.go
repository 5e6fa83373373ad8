// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"os"
	"path"
	"regexp"
	"strings"
)

// maxLines is the length beyond which a source file is doing two things.
const maxLines = 300

var (
	licence    = []string{"Copyright The kubectl-vantiq-upgrade Authors.", "SPDX-License-Identifier: Apache-2.0"}
	generated  = regexp.MustCompile(`(?m)^// Code generated .* DO NOT EDIT\.$`)
	vagueNames = regexp.MustCompile(`(?m)^package (utils?|commons?|helpers?)$`)
)

// banned is text that has no business in any file of the repository; the group
// in a pattern is what gets shown. The patterns do not match themselves.
var banned = []struct {
	pattern *regexp.Regexp
	mend    string
	// except is the one folder that may speak of it.
	except string
}{
	{
		pattern: regexp.MustCompile(`(?:^|[^.\w])(TO[D]O|FIX[M]E)\b`),
		mend:    "finish it, or open an issue and leave the mark away",
	},
	{
		pattern: regexp.MustCompile("(?:^|[\\s\"'`=:(])(/(?:work|root|home)/)"),
		mend:    "a path of one machine; make it relative or a variable",
	},
	{
		pattern: regexp.MustCompile(`\b(proxy\.golang\.org|sum\.golang\.org|registry\.npmjs\.org|pypi\.org|` +
			`docker\.io|gcr\.io|ghcr\.io|quay\.io|mcr\.microsoft\.com|registry\.k8s\.io|public\.ecr\.aws)\b`),
		mend: "the host of a registry; leave it to the configuration of the user",
		// Some upgrades are about a registry that closes.
		except: "pkg/preflight/",
	},
}

// checkContents reads every file once and holds it against the rules for its kind.
func checkContents(_ context.Context, files []string) ([]string, error) {
	var breaches []string
	for _, name := range files {
		data, err := os.ReadFile(name)
		if err != nil {
			return breaches, fmt.Errorf("reading the checkout: %w", err)
		}
		breaches = append(breaches, contentBreaches(name, string(data))...)
	}
	return breaches, nil
}

func contentBreaches(name, text string) []string {
	if strings.Contains(text, "\x00") || path.Base(name) == "go.sum" {
		return nil
	}
	breaches := bannedText(name, text)
	if isTestdata(name) {
		return breaches
	}
	breaches = append(breaches, workflowBreaches(name, text)...)
	switch path.Ext(name) {
	case ".go":
		breaches = append(breaches, goBreaches(name, text)...)
		breaches = append(breaches, missingLicence(name, text, "// ")...)
	case ".sh":
		breaches = append(breaches, missingLicence(name, text, "# ")...)
	}
	return breaches
}

func bannedText(name, text string) []string {
	var breaches []string
	for i, line := range strings.Split(text, "\n") {
		for _, b := range banned {
			found := b.pattern.FindStringSubmatch(line)
			if found == nil || b.except != "" && strings.HasPrefix(name, b.except) {
				continue
			}
			breaches = append(breaches, fmt.Sprintf("%s:%d: %q: %s", name, i+1, found[1], b.mend))
		}
	}
	return breaches
}

func goBreaches(name, text string) []string {
	var breaches []string
	if clause := vagueNames.FindString(text); clause != "" {
		breaches = append(breaches, fmt.Sprintf("%s: %s; name the package after what it provides", name, clause))
	}
	lines := strings.Count(text, "\n")
	if lines > maxLines && !strings.HasSuffix(name, "_test.go") && !generated.MatchString(text) {
		breaches = append(breaches, fmt.Sprintf("%s: %d lines, at most %d; split it by what it does", name, lines, maxLines))
	}
	return breaches
}

// missingLicence wants the two lines of the licence first, behind nothing but a
// shebang or build constraints.
func missingLicence(name, text, comment string) []string {
	for line := range strings.Lines(text) {
		if !strings.HasPrefix(line, "#!") && !strings.HasPrefix(line, "//go:build") &&
			!strings.HasPrefix(line, "// +build") && line != "\n" {
			break
		}
		text = strings.TrimPrefix(text, line)
	}
	header := comment + licence[0] + "\n" + comment + licence[1] + "\n"
	if strings.HasPrefix(text, header) {
		return nil
	}
	return []string{name + ": no licence header; begin it with the two lines of hack/boilerplate.go.txt"}
}

func isTestdata(name string) bool {
	return strings.Contains("/"+name, "/testdata/")
}
