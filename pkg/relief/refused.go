// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package relief

import (
	"encoding/json"
	"fmt"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/api/v1alpha1"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/finding"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/journal"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/refusal"
)

// PauseRefused says that the API server refuses a change.
func PauseRefused(c journal.Change, err error) v1alpha1.Finding {
	return refused(finding.PauseRefused, c, c.Before, c.After, err)
}

// RestoreRefused says that the API server refuses to give a change back, from the
// value that is there.
func RestoreRefused(c journal.Change, from json.RawMessage, err error) v1alpha1.Finding {
	return refused(finding.RestoreRefused, c, from, c.Before, err)
}

func refused(code finding.Code, c journal.Change, from, to json.RawMessage, err error) v1alpha1.Finding {
	return finding.New(code, c.Object.String(),
		fmt.Sprintf("the API server refuses %s: %s", journal.Step(c.Field, from, to), refusal.Sentence(err)),
		refusal.Remedy(err, c.Object.Namespace))
}
