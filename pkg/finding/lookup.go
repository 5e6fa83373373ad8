// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package finding

import (
	"fmt"
	"strconv"
	"strings"
)

// prefix begins every code.
const prefix = "VU-"

// Lookup finds the entry of a code as people type it: VU-502, vu502, 502. The
// error of an unknown one names the nearest there is.
func Lookup(text string) (Entry, error) {
	code := strings.ToUpper(strings.TrimSpace(text))
	if after, has := strings.CutPrefix(code, prefix); has {
		code = after
	} else {
		code = strings.TrimPrefix(code, strings.TrimSuffix(prefix, "-"))
	}
	number, err := strconv.Atoi(code)
	if err != nil || number < 0 {
		return Entry{}, fmt.Errorf("%q is no code; they are like %s", text, Table()[0].Code)
	}
	var nearest Entry
	least := -1
	for _, e := range Table() {
		n, err := strconv.Atoi(strings.TrimPrefix(string(e.Code), prefix))
		if err != nil {
			continue
		}
		if n == number {
			return e, nil
		}
		if away := max(n-number, number-n); least < 0 || away < least {
			nearest, least = e, away
		}
	}
	return Entry{}, fmt.Errorf("there is no code %s%s; the nearest is %s (%s); explain without a code lists all", prefix, code, nearest.Code, nearest.Title)
}
