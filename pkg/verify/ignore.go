// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

// Package verify judges a cluster after an upgrade: whether all holds that the
// runbook asks for, and what is not as it was in the baseline. It takes no client
// and no clock.
package verify

import (
	"errors"
	"fmt"
	"strings"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/api/v1alpha1"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/finding"
)

// Rule is a rule of --ignore: findings of a code, about any object or a named one,
// are left out of the verdict.
type Rule struct {
	Code finding.Code
	// Object is empty for any; one that ends in * means all that begin so.
	Object string
	// Reason is why, in the operator's words.
	Reason string
}

// String is the rule as it is typed.
func (r Rule) String() string {
	if r.Object == "" {
		return string(r.Code)
	}
	return string(r.Code) + "=" + r.Object
}

// ParseRules reads the values of --ignore (VU-502, VU-502=pod/app/x, 502=pod/app/*)
// and that of --reason, which is about all of them. The report is evidence: nothing
// is left out of it without a reason, and no reason stands for nothing.
func ParseRules(given []string, reason string) ([]Rule, error) {
	reason = strings.Join(strings.Fields(reason), " ")
	switch {
	case len(given) > 0 && reason == "":
		return nil, errors.New("--ignore needs --reason TEXT: it is shown in the report")
	case len(given) == 0 && reason != "":
		return nil, errors.New("--reason is for --ignore; give that too, or neither")
	}
	rules := make([]Rule, 0, len(given))
	for _, text := range given {
		rule, err := parseRule(text)
		if err != nil {
			return nil, fmt.Errorf("--ignore: %w", err)
		}
		rule.Reason = reason
		rules = append(rules, rule)
	}
	return rules, nil
}

func parseRule(text string) (Rule, error) {
	code, object, hasObject := strings.Cut(text, "=")
	entry, err := finding.Lookup(code)
	if err != nil {
		return Rule{}, err
	}
	object = strings.TrimSpace(object)
	switch at := strings.Index(object, "*"); {
	case hasObject && object == "":
		// An empty variable of a script must not mean any object.
		return Rule{}, fmt.Errorf("%q names no object behind the equals sign", text)
	case at >= 0 && at < len(object)-1:
		return Rule{}, fmt.Errorf("%q: * may stand at the end only", text)
	case entry.Code == finding.IgnoredNothing:
		return Rule{}, fmt.Errorf("%s is about --ignore itself; take the rule out that matches nothing", entry.Code)
	}
	return Rule{Code: entry.Code, Object: object}, nil
}

// matches reports whether a finding is what the rule is about.
func (r Rule) matches(f *v1alpha1.Finding) bool {
	if f.Code != string(r.Code) {
		return false
	}
	begin, open := strings.CutSuffix(r.Object, "*")
	if r.Object == "" || open {
		return strings.HasPrefix(f.Object, begin)
	}
	return f.Object == r.Object
}

// Apply takes the findings out that a rule matches. unused has a finding for every
// rule that matches none.
func Apply(findings []v1alpha1.Finding, rules []Rule) (kept []v1alpha1.Finding, ignored []v1alpha1.IgnoredFinding, unused []v1alpha1.Finding) {
	used := make([]bool, len(rules))
	for i := range findings {
		by := -1
		for j, rule := range rules {
			if rule.matches(&findings[i]) {
				used[j] = true
				if by < 0 {
					by = j
				}
			}
		}
		if by < 0 {
			kept = append(kept, findings[i])
			continue
		}
		ignored = append(ignored, v1alpha1.IgnoredFinding{Finding: findings[i], Rule: rules[by].String(), Reason: rules[by].Reason})
	}
	for j, rule := range rules {
		if !used[j] {
			unused = append(unused, finding.New(finding.IgnoredNothing, "ignore/"+rule.String(), "--ignore "+rule.String()+" matches no finding", "take it out of the command, or mend its object"))
		}
	}
	return kept, ignored, unused
}
