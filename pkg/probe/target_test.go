// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package probe

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParseTargets(t *testing.T) {
	got, err := ParseTargets([]string{"ide=https://vantiq.example/ui/ide/index.html", " grafana = http://taro:pw@[::1]:3000/d?orgId=1&x=y ", "Vantiq IDE=HTTPS://vantiq.example"})
	if err != nil {
		t.Fatal(err)
	}
	want := []Target{
		{Name: "ide", URL: "https://vantiq.example/ui/ide/index.html"},
		{Name: "grafana", URL: "http://taro:pw@[::1]:3000/d?orgId=1&x=y"},
		{Name: "Vantiq IDE", URL: "HTTPS://vantiq.example"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if targets, err := ParseTargets(nil); err != nil || len(targets) != 0 {
		t.Errorf("nothing given: got %v, %v", targets, err)
	}
}

func TestParseTargetsRefuses(t *testing.T) {
	const secret = "hunter2"
	for name, tt := range map[string]struct {
		given []string
		want  string
	}{
		"no name":                     {[]string{"https://vantiq.example/"}, "a page needs a name"},
		"no name, but a query":        {[]string{"https://vantiq.example/?token=" + secret}, "a page needs a name"},
		"no name, but credentials":    {[]string{"taro:" + secret + "@vantiq.example/?a=b"}, "a page needs a name"},
		"an empty name":               {[]string{"=https://vantiq.example/"}, "there is no name"},
		"a blank name":                {[]string{"  =https://vantiq.example/"}, "there is no name"},
		"empty":                       {[]string{""}, "a page needs a name"},
		"no address":                  {[]string{"ide="}, "ide: there is no address"},
		"no scheme":                   {[]string{"ide=vantiq.example/ui"}, "ide: the address has no scheme"},
		"a port, but no scheme":       {[]string{"ide=vantiq.example:8443/ui"}, "ide: the address has no scheme"},
		"another scheme":              {[]string{"ide=ftp://vantiq.example/"}, "ide: ftp:// cannot be asked"},
		"a file":                      {[]string{"ide=file:///etc/passwd"}, "ide: file:// cannot be asked"},
		"no host":                     {[]string{"ide=https:///ui"}, "ide: the address names no host"},
		"a port only":                 {[]string{"ide=https://:443/ui"}, "ide: the address names no host"},
		"a port that is none":         {[]string{"ide=https://taro:" + secret + "@vantiq.example:x/"}, "ide: the address cannot be read"},
		"a broken escape":             {[]string{"ide=https://vantiq.example/%" + secret}, "ide: the address cannot be read: it has a %"},
		"a broken escape in the host": {[]string{"ide=https://taro:" + secret + "@[x/"}, "ide: the address cannot be read"},
		"the same twice":              {[]string{"ide=https://a.example/", "ide=https://b.example/"}, `two pages have the name "ide"`},
	} {
		_, err := ParseTargets(tt.given)
		if err == nil || !strings.HasPrefix(err.Error(), tt.want) {
			t.Errorf("%s: got %v, want %q", name, err, tt.want)
		}
		if err != nil && strings.Contains(err.Error(), secret) {
			t.Errorf("%s: tells a secret: %v", name, err)
		}
	}
}
