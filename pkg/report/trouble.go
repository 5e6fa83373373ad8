// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package report

import (
	"fmt"
	"io"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/api/v1alpha1"
)

// printTrouble shows the events of objects that are not well; with -o wide of all.
func printTrouble(w io.Writer, r *v1alpha1.VerifyReport, style Style, wide bool) error {
	t := newTable("^EVENTS OF", "REASON", "COUNT", "LAST", "~MESSAGE", "+OVER")
	over, left := 0, 0
	for i := range r.Events {
		e := &r.Events[i]
		switch {
		case e.Over && !wide:
			over++
			continue
		case len(t.rows) == shown(len(r.Events), wide):
			left++
			continue
		}
		t.add(oneLine(e.Object), oneLine(e.Reason), e.Count, moment(&e.Last, wide), oneLine(e.Message), yesNo(e.Over))
	}
	if len(t.rows) > 0 {
		if err := printApart(w, t, style, wide); err != nil {
			return err
		}
		tail(w, left, "event")
	}
	if over > 0 {
		if len(t.rows) == 0 {
			fmt.Fprintln(w)
		}
		fmt.Fprintf(w, "%s of trouble with objects that are well or gone by now; -o wide shows all\n", plural(over, "event"))
	}
	return nil
}

// printProbes has a row for every page that was asked for.
func printProbes(w io.Writer, r *v1alpha1.VerifyReport, style Style, wide bool) error {
	if len(r.Probes) == 0 {
		return nil
	}
	t := newTable("~PAGE", "STATE", "TIME", "CERTIFICATE", "^ADDRESS", "+FINAL ADDRESS", "+MESSAGE")
	for i := range r.Probes {
		p := &r.Probes[i]
		state := upDown(p)
		if p.Status != 0 {
			state += fmt.Sprintf(" (%d)", p.Status)
		}
		t.add(oneLine(p.Name), state, tookTime(p), expiry(p.Expires, r.Time.Time), oneLine(p.URL), orNone(oneLine(p.Final)), oneLine(p.Message))
	}
	return printApart(w, t, style, wide)
}

func upDown(p *v1alpha1.Probe) string {
	if p.Up {
		return "up"
	}
	return "DOWN"
}

func tookTime(p *v1alpha1.Probe) string {
	return (time.Duration(p.Milliseconds) * time.Millisecond).String()
}

// expiry says until when a certificate holds, and for how many whole days.
func expiry(ends *metav1.Time, now time.Time) string {
	if ends.IsZero() {
		return orNone("")
	}
	left := ends.Sub(now)
	if left <= 0 {
		return "ended " + ends.Local().Format(time.DateOnly)
	}
	return fmt.Sprintf("%s (%s)", ends.Local().Format(time.DateOnly), plural(int(left/(24*time.Hour)), "day"))
}
