// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package verify

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/api/v1alpha1"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/cluster"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/finding"
)

// kept is an object as it is compared.
type kept struct {
	name, namespace string
	fields          []field
}

// field is a value that should stay.
type field struct{ name, value string }

// kind is a kind of objects that are compared.
type kind struct {
	// rights names it where it could not be read.
	rights  string
	group   v1alpha1.DifferenceGroup
	changed finding.Code
	list    func(*v1alpha1.ClusterSnapshot) []kept
}

// objects compares what else there was.
func (j *judge) objects() (string, bool) {
	compared := 0
	for _, k := range comparedKinds() {
		if unread := unreadOf(j.Baseline, k.rights); unread != nil {
			j.notInBaseline("objects", *unread)
			continue
		}
		if unread := unreadOf(j.Now, k.rights); unread != nil {
			j.notMade("objects", *unread)
			continue
		}
		compared += j.compareAll(k)
	}
	j.compareCRDs()
	return counted(compared, "object") + " compared", false
}

func comparedKinds() []kind {
	return []kind{
		{"poddisruptionbudgets", v1alpha1.DifferencePolicy, finding.ObjectChanged, budgets},
		{"persistentvolumeclaims", v1alpha1.DifferenceStorage, finding.ObjectChanged, claims},
		{"persistentvolumes", v1alpha1.DifferenceStorage, finding.ObjectChanged, volumes},
		{cluster.KindStorageClasses, v1alpha1.DifferenceStorage, finding.ObjectChanged, storageClasses},
		{cluster.KindServices, v1alpha1.DifferenceNetwork, finding.ObjectChanged, serviceTypes},
		{cluster.KindCronJobs, v1alpha1.DifferenceExtras, finding.ObjectChanged, cronJobs},
		{cluster.KindMutatingHooks, v1alpha1.DifferenceExtras, finding.ObjectChanged, webhooks("mutatingwebhookconfiguration")},
		{cluster.KindValidatingHooks, v1alpha1.DifferenceExtras, finding.ObjectChanged, webhooks("validatingwebhookconfiguration")},
		{cluster.KindReleases, v1alpha1.DifferenceExtras, finding.ReleaseChanged, releases},
	}
}

func unreadOf(s *v1alpha1.ClusterSnapshot, kind string) *v1alpha1.UnreadKind {
	for i := range s.NotRead {
		if s.NotRead[i].Kind == kind {
			return &s.NotRead[i]
		}
	}
	return nil
}

// compareAll compares the objects of a kind and returns how many there were.
func (j *judge) compareAll(k kind) int {
	now := map[string]kept{}
	for _, o := range k.list(j.Now) {
		now[o.name] = o
	}
	before := k.list(j.Baseline)
	for _, was := range before {
		is, exists := now[was.name]
		delete(now, was.name)
		if !exists {
			j.gone(k.group, finding.ObjectGone, was.name, isOfCloud(was.namespace))
			continue
		}
		for i, f := range was.fields {
			if is.fields[i].value != f.value {
				j.changed(k, was, f, is.fields[i].value)
			}
		}
	}
	for _, o := range k.list(j.Now) {
		if _, isNew := now[o.name]; isNew {
			j.differ(k.group, o.name, "", "", "new", "")
		}
	}
	return len(before)
}

// gone says that an object of the baseline does not exist any more. Of what the
// cloud brings that is a warning.
func (j *judge) gone(group v1alpha1.DifferenceGroup, code finding.Code, name string, ofCloud bool) {
	const message, remedy = "it does not exist any more", "deploy it again; or take a new snapshot if it is meant"
	if ofCloud {
		j.warn(code, name, message, remedy)
	} else {
		j.add(code, name, message, remedy)
	}
	j.differ(group, name, "", "there", "gone", code)
}

func (j *judge) changed(k kind, was kept, f field, now string) {
	code := k.changed
	switch {
	case isOfCloud(was.namespace):
		code = ""
	case j.held[was.name]:
		code = finding.ChangeLeft // told of by itself
	default:
		j.add(code, was.name, fmt.Sprintf("%s: %s → %s", f.name, orNone(f.value), orNone(now)), "put it back; or take a new snapshot if it is meant")
	}
	j.differ(k.group, was.name, f.name, f.value, now, code)
}

func budgets(s *v1alpha1.ClusterSnapshot) []kept {
	all := make([]kept, 0, len(s.Budgets))
	for i := range s.Budgets {
		b := &s.Budgets[i]
		all = append(all, kept{object("poddisruptionbudget", b.Namespace, b.Name), b.Namespace, []field{
			{"minAvailable", b.MinAvailable}, {"maxUnavailable", b.MaxUnavailable}, {"selector", b.Selector},
		}})
	}
	return all
}

func claims(s *v1alpha1.ClusterSnapshot) []kept {
	all := make([]kept, 0, len(s.Claims))
	for i := range s.Claims {
		c := &s.Claims[i]
		all = append(all, kept{object("persistentvolumeclaim", c.Namespace, c.Name), c.Namespace, []field{
			{"volume", c.Volume}, {"class", c.Class}, {"size", c.Size},
		}})
	}
	return all
}

func volumes(s *v1alpha1.ClusterSnapshot) []kept {
	all := make([]kept, 0, len(s.Volumes))
	for i := range s.Volumes {
		v := &s.Volumes[i]
		namespace, _, _ := strings.Cut(v.Claim, "/")
		all = append(all, kept{"persistentvolume/" + v.Name, namespace, []field{
			{"phase", v.Phase}, {"claim", v.Claim}, {"zones", strings.Join(v.Zones, ", ")}, {"reclaim policy", v.ReclaimPolicy},
		}})
	}
	return all
}

func storageClasses(s *v1alpha1.ClusterSnapshot) []kept {
	all := make([]kept, 0, len(s.StorageClasses))
	for i := range s.StorageClasses {
		c := &s.StorageClasses[i]
		all = append(all, kept{"storageclass/" + c.Name, "", []field{
			{"provisioner", c.Provisioner},
			{"default", strconv.FormatBool(c.Default)},
			{"reclaim policy", c.ReclaimPolicy},
			{"binding mode", c.BindingMode},
		}})
	}
	return all
}

func serviceTypes(s *v1alpha1.ClusterSnapshot) []kept {
	all := make([]kept, 0, len(s.Services))
	for i := range s.Services {
		v := &s.Services[i]
		all = append(all, kept{object("service", v.Namespace, v.Name), v.Namespace, []field{{"type", v.Type}}})
	}
	return all
}

func cronJobs(s *v1alpha1.ClusterSnapshot) []kept {
	all := make([]kept, 0, len(s.CronJobs))
	for i := range s.CronJobs {
		c := &s.CronJobs[i]
		all = append(all, kept{object(kindCronJob, c.Namespace, c.Name), c.Namespace, []field{
			{"schedule", c.Schedule}, {"suspended", strconv.FormatBool(c.Suspended)},
		}})
	}
	return all
}

func webhooks(kind string) func(*v1alpha1.ClusterSnapshot) []kept {
	return func(s *v1alpha1.ClusterSnapshot) []kept {
		var all []kept
		for i := range s.Webhooks {
			w := &s.Webhooks[i]
			if w.Kind != kind {
				continue
			}
			hooks := make([]string, 0, len(w.Hooks))
			for _, h := range w.Hooks {
				hooks = append(hooks, strings.TrimSuffix(h.Name+" "+h.FailurePolicy+" "+h.Service, " "))
			}
			slices.Sort(hooks)
			all = append(all, kept{kind + "/" + w.Name, "", []field{{"webhooks", strings.Join(hooks, ", ")}}})
		}
		return all
	}
}

func releases(s *v1alpha1.ClusterSnapshot) []kept {
	all := make([]kept, 0, len(s.Releases))
	for i := range s.Releases {
		r := &s.Releases[i]
		all = append(all, kept{object("release", r.Namespace, r.Name), r.Namespace, []field{
			{"revision", strconv.Itoa(r.Revision)}, {"status", r.Status},
		}})
	}
	return all
}

// compareCRDs looks for versions that are not served any more; new ones are no
// trouble.
func (j *judge) compareCRDs() {
	if unread := unreadOf(j.Baseline, cluster.KindCRDs); unread != nil {
		j.notInBaseline("objects", *unread)
		return
	}
	if unread := unreadOf(j.Now, cluster.KindCRDs); unread != nil {
		j.notMade("objects", *unread)
		return
	}
	now := map[string]*v1alpha1.CRDRecord{}
	for i := range j.Now.CustomResources {
		now[j.Now.CustomResources[i].Name] = &j.Now.CustomResources[i]
	}
	for i := range j.Baseline.CustomResources {
		was := &j.Baseline.CustomResources[i]
		is, name := now[was.Name], "customresourcedefinition/"+was.Name
		switch {
		case is == nil:
			j.gone(v1alpha1.DifferenceExtras, finding.ObjectGone, name, false)
		case !slices.Equal(was.Served, is.Served):
			code := finding.Code("")
			if lost := missing(was.Served, is.Served); len(lost) > 0 {
				code = finding.ObjectChanged
				j.add(code, name, "not served any more: "+strings.Join(lost, ", "), "serve the version again, or change those who use it")
			}
			j.differ(v1alpha1.DifferenceExtras, name, "served versions", strings.Join(was.Served, ", "), strings.Join(is.Served, ", "), code)
		}
	}
}
