// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package verify

import (
	"fmt"
	"strconv"
	"time"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/api/v1alpha1"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/cluster"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/finding"
)

// certificateEnds is how long before its end a certificate is warned of.
const certificateEnds = 30 * 24 * time.Hour

// services looks for Services with fewer endpoints than before, or none at all any
// more. That of the API servers changes with them.
func (j *judge) services() (string, bool) {
	if j.Survey.IsUnread(cluster.KindEndpointSlices) {
		return "", true // not that there are none
	}
	for _, kind := range []string{cluster.KindServices, cluster.KindEndpointSlices} {
		if unread := unreadOf(j.Baseline, kind); unread != nil {
			j.notInBaseline("services", *unread)
			return "", true
		}
	}
	now := map[string]*v1alpha1.ServiceRecord{}
	for i := range j.Now.Services {
		s := &j.Now.Services[i]
		now[s.Namespace+"/"+s.Name] = s
	}
	full, all := 0, 0
	for i := range j.Baseline.Services {
		was := &j.Baseline.Services[i]
		is := now[was.Namespace+"/"+was.Name]
		if is == nil || was.Namespace == "default" && was.Name == "kubernetes" {
			continue // see objects for those that are gone
		}
		all++
		if is.Endpoints >= was.Endpoints {
			full++
			continue
		}
		name := object("service", was.Namespace, was.Name)
		j.add(finding.EndpointsLost, name, fmt.Sprintf("endpoints: %d → %d", was.Endpoints, is.Endpoints),
			"kubectl get endpointslices -n "+was.Namespace+" -l kubernetes.io/service-name="+was.Name)
		j.differ(v1alpha1.DifferenceNetwork, name, "endpoints", strconv.Itoa(was.Endpoints), strconv.Itoa(is.Endpoints), finding.EndpointsLost)
	}
	return fmt.Sprintf("%d of %d", full, all), false
}

// hook is a webhook with what is asked of it.
type hook struct {
	configuration, name string
	client              admissionregistrationv1.WebhookClientConfig
	policy              *admissionregistrationv1.FailurePolicyType
}

// extensions looks for webhooks that nobody answers for, and for APIs that are not
// available.
func (j *judge) extensions() (string, bool) {
	hooks := j.hooks()
	if !j.Survey.IsUnread(cluster.KindServices) && !j.Survey.IsUnread(cluster.KindEndpointSlices) {
		for _, h := range hooks {
			j.judgeHook(h)
		}
	}
	for _, api := range j.Survey.APIServices {
		if !api.Available {
			j.add(finding.APIServiceDown, "apiservice/"+api.Name, "not available: "+orNone(api.Message), "kubectl describe apiservice "+api.Name)
		}
	}
	return counted(len(hooks), "webhook") + ", " + counted(len(j.Survey.APIServices), "API"), false
}

func (j *judge) hooks() []hook {
	var hooks []hook
	for _, c := range j.Survey.Mutating {
		for i := range c.Webhooks {
			h := &c.Webhooks[i]
			hooks = append(hooks, hook{"mutatingwebhookconfiguration/" + c.Name, h.Name, h.ClientConfig, h.FailurePolicy})
		}
	}
	for _, c := range j.Survey.Validating {
		for i := range c.Webhooks {
			h := &c.Webhooks[i]
			hooks = append(hooks, hook{"validatingwebhookconfiguration/" + c.Name, h.Name, h.ClientConfig, h.FailurePolicy})
		}
	}
	return hooks
}

func (j *judge) judgeHook(h hook) {
	if h.client.Service == nil {
		return
	}
	service := types.NamespacedName{Namespace: h.client.Service.Namespace, Name: h.client.Service.Name}
	if j.Survey.Endpoints[service] > 0 {
		return
	}
	message := fmt.Sprintf("webhook %s: service/%s has no endpoint", h.name, service)
	remedy := "kubectl get endpointslices -n " + service.Namespace + " -l kubernetes.io/service-name=" + service.Name
	if h.policy != nil && *h.policy == admissionregistrationv1.Ignore {
		j.warn(finding.WebhookUnserved, h.configuration, message+"; it is ignored meanwhile", remedy)
		return
	}
	j.add(finding.WebhookUnserved, h.configuration, message+"; what it is asked about is refused", remedy)
}

// pages judges the answers to --http.
func (j *judge) pages() (string, bool) {
	if len(j.Probes) == 0 {
		return "none given (--http)", true
	}
	up := 0
	for i := range j.Probes {
		p := &j.Probes[i]
		name := "page/" + p.Name
		if p.Up {
			up++
		} else {
			j.add(finding.PageDown, name, p.URL+": "+p.Message, "look at the ingress, its Service and its pods")
		}
		if p.Up && p.Expires != nil && p.Expires.Sub(j.Time) < certificateEnds {
			j.add(finding.CertificateEnds, name, fmt.Sprintf("the certificate ends on %s, in %s", p.Expires.Local().Format(time.DateOnly), counted(int(p.Expires.Sub(j.Time).Hours()/24), "day")), "renew it")
		}
	}
	return fmt.Sprintf("%d of %d", up, len(j.Probes)), false
}
