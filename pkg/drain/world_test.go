// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package drain

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand"
	"net/http"
	"strconv"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/ptr"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/cluster"
	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/internal/fixture"
)

// world is a cluster that behaves like a server where it matters to a drain: it
// checks UIDs, keeps disruption budgets, and its controllers and kubelets work
// one small step at a time, in an order that a seed decides. What the engine
// sees of it may be older than what it is.
type world struct {
	random *rand.Rand
	nodes  []*corev1.Node
	sets   []*appsv1.StatefulSet
	pdbs   []*policyv1.PodDisruptionBudget
	pods   map[types.NamespacedName]*corev1.Pod
	// seen is made of what the watches have shown.
	seen  *cluster.Snapshot
	shown cluster.Objects

	evictions map[types.UID]int
	now       time.Time
	// full leaves the scheduler no node.
	full bool
	// home is where the scheduler places the pods of an app, cordon or not; sick apps
	// never become Ready.
	home map[string]string
	sick map[string]bool
	// makers are controllers besides those of the sets.
	makers   []maker
	versions int
	serial   int
	changed  chan struct{}
}

func newWorld(seed int64) *world {
	return &world{
		random: rand.New(rand.NewSource(seed)), pods: map[types.NamespacedName]*corev1.Pod{},
		evictions: map[types.UID]int{}, now: fixture.Epoch(), changed: make(chan struct{}, 1),
	}
}

// Snapshot and Changed make a world a Source.
func (w *world) Snapshot() *cluster.Snapshot {
	if w.seen == nil {
		w.seen = cluster.NewSnapshot(w.shown)
	}
	return w.seen
}

func (w *world) Changed() <-chan struct{} { return w.changed }

// show lets the watches catch up with what is.
func (w *world) show() {
	w.showPods()
	w.showBudgets()
}

// showPods lets the watch of the pods catch up, and not that of the budgets.
func (w *world) showPods() {
	w.shown.Pods = nil
	for _, pod := range w.pods {
		w.shown.Pods = append(w.shown.Pods, pod.DeepCopy())
	}
	w.see()
}

// showBudgets lets the watch of the budgets catch up, and not that of the pods.
func (w *world) showBudgets() {
	w.shown.PDBs = nil
	for _, pdb := range w.pdbs {
		w.shown.PDBs = append(w.shown.PDBs, pdb.DeepCopy())
	}
	w.see()
}

func (w *world) see() {
	w.shown.Nodes, w.shown.StatefulSets = w.nodes, w.sets
	w.seen = nil
	select {
	case w.changed <- struct{}{}:
	default:
	}
}

// addSet makes a StatefulSet with all its pods Ready on the pool.
func (w *world) addSet(name string, replicas int, poolNodes []string) {
	set := fixture.StatefulSet("app/"+name, fixture.Replicas(replicas))
	w.sets = append(w.sets, set)
	for i := range replicas {
		w.put(fixture.PodOf(set, fmt.Sprintf("%s-%d", name, i), poolNodes[i%len(poolNodes)]))
	}
}

// put stores a pod under a UID of its own.
func (w *world) put(pod *corev1.Pod) {
	w.serial++
	pod.UID = types.UID("uid-" + strconv.Itoa(w.serial))
	w.touch(pod)
	w.pods[types.NamespacedName{Namespace: pod.Namespace, Name: pod.Name}] = pod
}

// Evict is the eviction API.
func (w *world) Evict(_ context.Context, wanted *corev1.Pod, _ *int64, unchanged bool) error {
	key := types.NamespacedName{Namespace: wanted.Namespace, Name: wanted.Name}
	resource := schema.GroupResource{Resource: "pods"}
	pod := w.pods[key]
	switch {
	case pod == nil:
		return apierrors.NewNotFound(resource, wanted.Name)
	case pod.UID != wanted.UID:
		return apierrors.NewConflict(resource, wanted.Name, errors.New("the UID does not match"))
	case unchanged && pod.ResourceVersion != wanted.ResourceVersion:
		return apierrors.NewConflict(resource, wanted.Name, errors.New("the ResourceVersion does not match"))
	}
	if err := w.takeBudget(pod); err != nil {
		return err
	}
	w.evictions[pod.UID]++
	if pod.DeletionTimestamp == nil {
		pod.DeletionTimestamp = &metav1.Time{Time: fixture.Epoch()}
		w.touch(pod)
	}
	return nil
}

func (w *world) takeBudget(pod *corev1.Pod) error {
	if pod.DeletionTimestamp != nil || !cluster.IsServing(pod) {
		return nil
	}
	for _, pdb := range w.pdbs {
		if !selects(pdb, pod) {
			continue
		}
		if pdb.Status.DisruptionsAllowed == 0 {
			err := apierrors.NewTooManyRequests("Cannot evict pod as it would violate the pod's disruption budget.", 0)
			err.ErrStatus.Details.Causes = []metav1.StatusCause{{Type: policyv1.DisruptionBudgetCause, Message: "budget " + pdb.Name}}
			return err
		}
		pdb.Status.DisruptionsAllowed--
		if pdb.Status.DisruptedPods == nil {
			pdb.Status.DisruptedPods = map[string]metav1.Time{}
		}
		pdb.Status.DisruptedPods[pod.Name] = metav1.Time{Time: w.now}
		w.touch(pdb)
	}
	return nil
}

func (w *world) touch(object metav1.Object) {
	w.versions++
	object.SetResourceVersion(strconv.Itoa(w.versions))
}

// step does one thing that a controller, a scheduler or a kubelet would do, and
// reports whether there was anything to do.
func (w *world) step() bool {
	var possible []func()
	for key, pod := range w.pods {
		switch {
		case pod.DeletionTimestamp != nil:
			possible = append(possible, func() { delete(w.pods, key) })
		case pod.Spec.NodeName == "" && w.full:
			fixture.Unschedulable("0/4 nodes are available")(pod)
		case pod.Spec.NodeName == "":
			possible = append(possible, func() { pod.Spec.NodeName = cmp.Or(w.home[pod.Labels["app"]], "spare"); w.touch(pod) })
		case !cluster.IsServing(pod) && !w.sick[pod.Labels["app"]]:
			possible = append(possible, func() {
				pod.Status.Phase = corev1.PodRunning
				pod.Status.Conditions = []corev1.PodCondition{{Type: corev1.PodReady, Status: corev1.ConditionTrue}}
				w.touch(pod)
			})
		}
	}
	for _, set := range w.sets {
		for i := range int(*set.Spec.Replicas) {
			key := types.NamespacedName{Namespace: set.Namespace, Name: fmt.Sprintf("%s-%d", set.Name, i)}
			if w.pods[key] == nil {
				possible = append(possible, func() {
					w.put(fixture.PodOf(set, key.Name, "", fixture.Phase(corev1.PodPending)))
				})
			}
		}
	}
	for _, m := range w.makers {
		if w.living(m.app) < m.wanted {
			possible = append(possible, func() { w.put(m.make(w.serial)) })
		}
	}
	for _, pdb := range w.pdbs {
		if fresh := w.count(pdb); fresh.DisruptionsAllowed != pdb.Status.DisruptionsAllowed || len(pdb.Status.DisruptedPods) != len(fresh.DisruptedPods) {
			possible = append(possible, func() { pdb.Status = fresh; w.touch(pdb) })
		}
	}
	if len(possible) == 0 {
		return false
	}
	possible[w.random.Intn(len(possible))]()
	return true
}

// count is the disruption controller's arithmetic for maxUnavailable budgets.
func (w *world) count(pdb *policyv1.PodDisruptionBudget) policyv1.PodDisruptionBudgetStatus {
	status := *pdb.Status.DeepCopy()
	status.DisruptedPods = map[string]metav1.Time{}
	healthy := int32(0)
	for _, pod := range w.pods {
		if !selects(pdb, pod) || pod.DeletionTimestamp != nil {
			continue
		}
		// By name: a StatefulSet's successor that comes before the controller
		// looks inherits the entry for two minutes, as on a real server.
		if at, disrupted := pdb.Status.DisruptedPods[pod.Name]; disrupted && w.now.Sub(at.Time) < 2*time.Minute {
			status.DisruptedPods[pod.Name] = at
			continue
		}
		if cluster.IsServing(pod) {
			healthy++
		}
	}
	expected := int32(0)
	for _, set := range w.sets {
		if set.Name == pdb.Name {
			expected = *set.Spec.Replicas
		}
	}
	status.ExpectedPods, status.CurrentHealthy = expected, healthy
	status.DesiredHealthy = expected - pdb.Spec.MaxUnavailable.IntVal
	status.DisruptionsAllowed = max(0, healthy-status.DesiredHealthy)
	return status
}

// selects: a budget of this world selects the pods of the set of its name.
func selects(pdb *policyv1.PodDisruptionBudget, pod *corev1.Pod) bool {
	return pod.Labels["app"] == pdb.Name
}

// flaky answers some evictions with a passing fault; the pods of some of those
// were evicted all the same.
type flaky struct{ *world }

func (f flaky) Evict(ctx context.Context, pod *corev1.Pod, grace *int64, unchanged bool) error {
	switch f.random.Intn(10) {
	case 0:
		_ = f.world.Evict(ctx, pod, grace, unchanged)
		return errors.New("connection reset by peer")
	case 1:
		return apierrors.NewTooManyRequests("try again later", 1)
	case 2:
		return apierrors.NewGenericServerResponse(http.StatusServiceUnavailable, "create", schema.GroupResource{}, "", "", 0, true)
	}
	return f.world.Evict(ctx, pod, grace, unchanged)
}

// serving counts the pods of a set as they are, not as they are seen.
func (w *world) serving(set *appsv1.StatefulSet) int {
	n := 0
	for _, pod := range w.pods {
		if owner := metav1.GetControllerOf(pod); owner != nil && owner.UID == set.UID && cluster.IsServing(pod) {
			n++
		}
	}
	return n
}

// pool makes nodes of the pool under test, and one more for the replacements.
func (w *world) pool(n int) []string {
	var names []string
	for i := range n {
		names = append(names, "old-"+strconv.Itoa(i))
		w.nodes = append(w.nodes, fixture.Node(names[i], fixture.Pool("aks", "old"), fixture.Cordoned()))
	}
	w.nodes = append(w.nodes, fixture.Node("spare", fixture.Pool("aks", "spare")))
	return names
}

// budget guards a set with maxUnavailable.
func (w *world) budget(set string, maxUnavailable int) {
	pdb := fixture.PDB("app/"+set, fixture.MaxUnavailable(strconv.Itoa(maxUnavailable)))
	pdb.UID, pdb.Spec.UnhealthyPodEvictionPolicy = types.UID("pdb-"+set), ptr.To(policyv1.IfHealthyBudget)
	w.pdbs = append(w.pdbs, pdb)
	pdb.Status = w.count(pdb)
	w.touch(pdb)
}
