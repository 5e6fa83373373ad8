// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/cache"
)

// The kinds of volumes, as rights name them.
const (
	persistentVolumes      = "persistentvolumes"
	persistentVolumeClaims = "persistentvolumeclaims"
)

// Volumes are the persistent volumes of a cluster and the claims that pods reach
// them by.
type Volumes struct {
	// Unread are the kinds that the current user may not list, as rights name
	// them: persistentvolumes.
	Unread []string

	volumes map[string]*corev1.PersistentVolume
	claims  map[types.NamespacedName]*corev1.PersistentVolumeClaim
}

// NewVolumes indexes volumes and claims.
func NewVolumes(volumes []*corev1.PersistentVolume, claims []*corev1.PersistentVolumeClaim) *Volumes {
	v := &Volumes{
		volumes: make(map[string]*corev1.PersistentVolume, len(volumes)),
		claims:  make(map[types.NamespacedName]*corev1.PersistentVolumeClaim, len(claims)),
	}
	for _, volume := range volumes {
		v.volumes[volume.Name] = volume
	}
	for _, claim := range claims {
		v.claims[types.NamespacedName{Namespace: claim.Namespace, Name: claim.Name}] = claim
	}
	return v
}

// Of returns the persistent volumes that a pod's claims are bound to.
func (v *Volumes) Of(pod *corev1.Pod) []*corev1.PersistentVolume {
	if v == nil {
		return nil
	}
	var bound []*corev1.PersistentVolume
	for i := range pod.Spec.Volumes {
		name := claimName(pod, &pod.Spec.Volumes[i])
		if name == "" {
			continue
		}
		claim := v.claims[types.NamespacedName{Namespace: pod.Namespace, Name: name}]
		if claim == nil {
			continue
		}
		if volume := v.volumes[claim.Spec.VolumeName]; volume != nil {
			bound = append(bound, volume)
		}
	}
	return bound
}

// PersistentVolumes returns all volumes in the order of their names.
func (v *Volumes) PersistentVolumes() []*corev1.PersistentVolume {
	return sorted(slices.Collect(maps.Values(v.volumes)))
}

// Claims returns all claims in the order of their namespaces and names.
func (v *Volumes) Claims() []*corev1.PersistentVolumeClaim {
	return sorted(slices.Collect(maps.Values(v.claims)))
}

// claimName is the claim of a pod's volume: one that it names, or that is made
// for the pod alone.
func claimName(pod *corev1.Pod, volume *corev1.Volume) string {
	switch {
	case volume.PersistentVolumeClaim != nil:
		return volume.PersistentVolumeClaim.ClaimName
	case volume.Ephemeral != nil:
		return pod.Name + "-" + volume.Name
	}
	return ""
}

// VolumeZones returns the zones that a volume can be attached in: those that its
// labels name, older labels too, else those of its node affinity, where drivers
// write them; none where it is bound to no zone. A label for several zones lists
// them with two underscores between.
func VolumeZones(volume *corev1.PersistentVolume) []string {
	for _, key := range zoneLabels() {
		if zones := volume.Labels[key]; zones != "" {
			return strings.Split(zones, "__")
		}
	}
	if affinity := volume.Spec.NodeAffinity; affinity != nil && affinity.Required != nil {
		return zonesOf(affinity.Required.NodeSelectorTerms)
	}
	return nil
}

// zonesOf are the zones that terms name, by the keys of Kubernetes or those of a
// driver: topology.disk.csi.azure.com/zone, whose empty value stands for no zone.
func zonesOf(terms []corev1.NodeSelectorTerm) []string {
	var zones []string
	for _, term := range terms {
		for _, rule := range term.MatchExpressions {
			if rule.Operator != corev1.NodeSelectorOpIn || !strings.HasSuffix(rule.Key, "/zone") {
				continue
			}
			for _, zone := range rule.Values {
				if zone != "" && !slices.Contains(zones, zone) {
					zones = append(zones, zone)
				}
			}
		}
	}
	slices.Sort(zones)
	return zones
}

// ListVolumes reads all volumes and claims, page by page. Of a kind that the
// current user may not list it says so in Unread.
func ListVolumes(ctx context.Context, client kubernetes.Interface) (*Volumes, error) {
	var unread []string
	volumes, err := collect[*corev1.PersistentVolume](ctx, persistentVolumes, func(ctx context.Context, o metav1.ListOptions) (runtime.Object, error) {
		return client.CoreV1().PersistentVolumes().List(ctx, o)
	})
	if apierrors.IsForbidden(err) {
		unread = append(unread, persistentVolumes)
	} else if err != nil {
		return nil, err
	}
	claims, err := collect[*corev1.PersistentVolumeClaim](ctx, persistentVolumeClaims, func(ctx context.Context, o metav1.ListOptions) (runtime.Object, error) {
		return client.CoreV1().PersistentVolumeClaims(metav1.NamespaceAll).List(ctx, o)
	})
	if apierrors.IsForbidden(err) {
		unread = append(unread, persistentVolumeClaims)
	} else if err != nil {
		return nil, err
	}
	v := NewVolumes(volumes, claims)
	v.Unread = unread
	return v, nil
}

// WatchVolumes keeps volumes and claims fresh as well, but for those kinds that
// the current user may not list, which stay unread.
func (w *Watcher) WatchVolumes(ctx context.Context) error {
	one := metav1.ListOptions{Limit: 1}
	core := w.factory.Core().V1()
	var wanted []cache.SharedIndexInformer
	_, err := w.client.CoreV1().PersistentVolumes().List(ctx, one)
	if err := w.want(&wanted, core.PersistentVolumes().Informer, persistentVolumes, err); err != nil {
		return err
	}
	_, err = w.client.CoreV1().PersistentVolumeClaims(metav1.NamespaceAll).List(ctx, one)
	if err := w.want(&wanted, core.PersistentVolumeClaims().Informer, persistentVolumeClaims, err); err != nil {
		return err
	}
	return w.start(ctx, wanted...)
}

// want adds an informer unless its kind is forbidden.
func (w *Watcher) want(wanted *[]cache.SharedIndexInformer, informer func() cache.SharedIndexInformer, kind string, err error) error {
	switch {
	case apierrors.IsForbidden(err):
		w.unread = append(w.unread, kind)
	case err != nil:
		return fmt.Errorf("listing %s: %w", kind, err)
	default:
		*wanted = append(*wanted, informer())
	}
	return nil
}

// Volumes returns the volumes as the watches know them now; see WatchVolumes.
func (w *Watcher) Volumes() *Volumes {
	all := labels.Everything()
	core := w.factory.Core().V1()
	// As in Snapshot there is no error to return.
	volumes, _ := core.PersistentVolumes().Lister().List(all)
	claims, _ := core.PersistentVolumeClaims().Lister().List(all)
	v := NewVolumes(volumes, claims)
	v.Unread = w.unread
	return v
}
