// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package krew_test

import (
	"bytes"
	"fmt"
	"path"
	"strings"
	"testing"
	"text/template"

	"github.com/google/go-cmp/cmp"
)

// github is where the archives of a release are; a test puts a server of its own in
// its place.
const github = "https://github.com"

// render does what krew-release-bot does with its template: TagName is the version,
// addURIAndSha writes the address of an archive and the sum of what is there. The bot
// downloads the archives; here sum tells it, by the archive's name.
func render(text, tag, base string, sum func(archive string) (string, error)) ([]byte, error) {
	uriAndSha := func(pattern, tag string) (string, error) {
		uri, err := execute(template.New("uri"), pattern, tag)
		if err != nil {
			return "", err
		}
		sha, err := sum(path.Base(string(uri)))
		if err != nil {
			return "", err
		}
		where, ok := strings.CutPrefix(string(uri), github)
		if !ok {
			return "", fmt.Errorf("%s is not on %s", uri, github)
		}
		return fmt.Sprintf("uri: %s%s\n    sha256: %s", base, where, sha), nil
	}
	return execute(template.New(".krew.yaml").Funcs(template.FuncMap{"addURIAndSha": uriAndSha}), text, tag)
}

func execute(t *template.Template, text, tag string) ([]byte, error) {
	parsed, err := t.Parse(text)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	err = parsed.Execute(&out, struct{ TagName string }{tag})
	return out.Bytes(), err
}

// TestRender holds the rendering against what the bot writes: the sum on a line of its
// own, four spaces in.
func TestRender(t *testing.T) {
	t.Parallel()
	text := `version: {{ .TagName }}
  - selector: {}
    {{addURIAndSha "https://github.com/o/r/releases/download/{{ .TagName }}/p_{{ .TagName }}.zip" .TagName }}
`
	sum := func(archive string) (string, error) { return "sum-of-" + archive, nil }
	got, err := render(text, "v1.2.3", "http://127.0.0.1:80", sum)
	if err != nil {
		t.Fatal(err)
	}
	want := `version: v1.2.3
  - selector: {}
    uri: http://127.0.0.1:80/o/r/releases/download/v1.2.3/p_v1.2.3.zip
    sha256: sum-of-p_v1.2.3.zip
`
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	for _, wrong := range []string{"{{ .Version }}", `{{addURIAndSha "https://example.com/p.zip" .TagName }}`, "{{"} {
		if _, err := render(wrong, "v1.2.3", "", sum); err == nil {
			t.Errorf("%s: no error", wrong)
		}
	}
}
