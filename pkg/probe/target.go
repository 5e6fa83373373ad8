// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package probe

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
)

// Target is a page to ask for.
type Target struct {
	// Name is what the operator calls it; URL is whole, with what must not be shown.
	Name, URL string
}

// ParseTargets reads values of the form NAME=URL. Its errors show no more of an
// address than a report does.
func ParseTargets(given []string) ([]Target, error) {
	targets := make([]Target, 0, len(given))
	seen := make(map[string]bool, len(given))
	for _, text := range given {
		target, err := parseTarget(text)
		if err != nil {
			return nil, err
		}
		if seen[target.Name] {
			return nil, fmt.Errorf("two pages have the name %q; give each one its own", target.Name)
		}
		seen[target.Name] = true
		targets = append(targets, target)
	}
	return targets, nil
}

func parseTarget(text string) (Target, error) {
	name, address, named := strings.Cut(text, "=")
	name, address = strings.TrimSpace(name), strings.TrimSpace(address)
	switch {
	case !named || strings.ContainsAny(name, ":/?@"):
		return Target{}, errors.New("a page needs a name: give it as NAME=URL, for example grafana=https://host/")
	case name == "":
		return Target{}, errors.New("there is no name before the equals sign; give a page as NAME=URL")
	case address == "":
		return Target{}, fmt.Errorf("%s: there is no address behind the equals sign", name)
	}
	u, err := url.Parse(address)
	switch {
	case !strings.Contains(address, "://"):
		return Target{}, fmt.Errorf("%s: the address has no scheme; it begins with https:// or http://", name)
	case err != nil:
		return Target{}, fmt.Errorf("%s: the address cannot be read: %s", name, reasonOf(err))
	case u.Scheme != "http" && u.Scheme != "https":
		return Target{}, fmt.Errorf("%s: %s:// cannot be asked; the address begins with https:// or http://", name, u.Scheme)
	case u.Hostname() == "":
		return Target{}, fmt.Errorf("%s: the address names no host", name)
	}
	return Target{Name: name, URL: address}, nil
}

// reasonOf is why an address cannot be read, without the address.
func reasonOf(err error) string {
	if parse, is := errors.AsType[*url.Error](err); is {
		err = parse.Err
	}
	if _, is := errors.AsType[url.EscapeError](err); is {
		return "it has a % that begins no escape"
	}
	return scrub(err.Error())
}

// shown is an address without what may be secret: credentials, the query, the
// fragment.
func shown(u *url.URL) string {
	plain := *u
	plain.User, plain.RawQuery, plain.ForceQuery, plain.Fragment, plain.RawFragment = nil, "", false, "", ""
	return plain.String()
}
