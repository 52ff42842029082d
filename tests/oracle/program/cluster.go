package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	storagev1 "k8s.io/api/storage/v1"
	"k8s.io/client-go/kubernetes/scheme"
	clocktesting "k8s.io/utils/clock/testing"
	"sigs.k8s.io/controller-runtime/pkg/client"
	fakeclient "sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
	v1 "sigs.k8s.io/karpenter/pkg/apis/v1"
	"sigs.k8s.io/karpenter/pkg/apis/v1alpha1"
	"sigs.k8s.io/karpenter/pkg/cloudprovider"
	"sigs.k8s.io/karpenter/pkg/cloudprovider/overlay"
	"sigs.k8s.io/karpenter/pkg/controllers/nodeoverlay"
	"sigs.k8s.io/karpenter/pkg/controllers/state"
	"sigs.k8s.io/karpenter/pkg/controllers/state/informer"
	"sigs.k8s.io/karpenter/pkg/events"
	"sigs.k8s.io/karpenter/pkg/operator/injection"
	"sigs.k8s.io/karpenter/pkg/operator/options"
	"sigs.k8s.io/karpenter/pkg/state/cost"
)

// keptFinalizer lets the fake API server hold objects that are being deleted; real ones have a finalizer or a grace period.
const keptFinalizer = "karptui.test/kept"

// world is a scenario as Karpenter meets it: an API server with the objects, the cloud, a clock that stands still, and
// the cluster state, filled by Karpenter's own informers.
type world struct {
	ctx      context.Context
	client   client.Client
	provider cloudprovider.CloudProvider
	cluster  *state.Cluster
	cost     *cost.ClusterCost
	clock    *clocktesting.FakeClock
	recorder *eventLog
	objects  []client.Object
}

// eventLog keeps what Karpenter says about objects, in order.
type eventLog struct {
	sync.Mutex
	said []events.Event
}

func (l *eventLog) Publish(said ...events.Event) {
	l.Lock()
	defer l.Unlock()
	l.said = append(l.said, said...)
}

func newWorld(asked *scenario, known *catalog) (*world, error) {
	objects, err := asked.objects()
	if err != nil {
		return nil, err
	}
	cloud, err := newProvider(asked, known)
	if err != nil {
		return nil, err
	}
	w := &world{
		ctx:      options.ToContext(injection.WithControllerName(context.Background(), "provisioner"), asked.settings()),
		client:   newClient(objects),
		clock:    clocktesting.NewFakeClock(asked.Now),
		recorder: &eventLog{},
		objects:  objects,
	}
	overlays := nodeoverlay.NewInstanceTypeStore()
	w.provider = overlay.Decorate(cloud, w.client, overlays)
	w.cluster = state.NewCluster(w.clock, w.client, w.provider)
	w.cost = cost.NewClusterCost(w.ctx, w.provider, w.client)
	if err := w.layOver(cloud, overlays); err != nil {
		return nil, err
	}
	if err := w.hydrate(); err != nil {
		return nil, err
	}
	return w, nil
}

func newClient(objects []client.Object) client.Client {
	for _, object := range objects {
		if !object.GetDeletionTimestamp().IsZero() && len(object.GetFinalizers()) == 0 {
			object.SetFinalizers([]string{keptFinalizer})
		}
		object.SetResourceVersion("")
	}
	return fakeclient.NewClientBuilder().WithScheme(scheme.Scheme).WithObjects(objects...).
		WithStatusSubresource(&v1.NodeClaim{}, &v1.NodePool{}, &v1alpha1.NodeOverlay{}, &corev1.Node{}, &corev1.Pod{}).
		WithIndex(&corev1.Pod{}, "spec.nodeName", func(o client.Object) []string {
			return []string{o.(*corev1.Pod).Spec.NodeName}
		}).
		WithIndex(&corev1.Node{}, "spec.providerID", func(o client.Object) []string {
			return []string{o.(*corev1.Node).Spec.ProviderID}
		}).
		WithIndex(&v1.NodeClaim{}, "status.providerID", func(o client.Object) []string {
			return []string{o.(*v1.NodeClaim).Status.ProviderID}
		}).
		WithIndex(&storagev1.VolumeAttachment{}, "spec.nodeName", func(o client.Object) []string {
			return []string{o.(*storagev1.VolumeAttachment).Spec.NodeName}
		}).
		WithInterceptorFuncs(interceptor.Funcs{Get: get, List: podsOf(objects).list}).
		Build()
}

// get drops the namespace that Karpenter gives with a volume's name, as a real client does with what has none.
func get(ctx context.Context, c client.WithWatch, key client.ObjectKey, into client.Object, o ...client.GetOption) error {
	if is[*corev1.PersistentVolume](into) {
		key.Namespace = ""
	}
	return c.Get(ctx, key, into, o...)
}

// knownPods are the pods of a scenario, which no pass changes, by node. The fake client would read them all for every node.
type knownPods map[string][]*corev1.Pod

func podsOf(objects []client.Object) knownPods {
	found := knownPods{}
	for _, object := range objects {
		if pod, ok := object.(*corev1.Pod); ok {
			found[pod.Spec.NodeName] = append(found[pod.Spec.NodeName], pod.DeepCopy())
		}
	}
	for _, pods := range found {
		slices.SortFunc(pods, func(a, b *corev1.Pod) int { return strings.Compare(key(a), key(b)) })
	}
	return found
}

func (k knownPods) list(ctx context.Context, c client.WithWatch, into client.ObjectList, opts ...client.ListOption) error {
	pods, ok := into.(*corev1.PodList)
	if !ok {
		return c.List(ctx, into, opts...)
	}
	var asked client.ListOptions
	asked.ApplyOptions(opts)
	if asked.FieldSelector == nil || asked.Namespace != "" || asked.LabelSelector != nil {
		return c.List(ctx, into, opts...)
	}
	node, ok := asked.FieldSelector.RequiresExactMatch("spec.nodeName")
	if !ok {
		return c.List(ctx, into, opts...)
	}
	for _, pod := range k[node] {
		pods.Items = append(pods.Items, *pod.DeepCopy())
	}
	return nil
}

// hydrate shows every object to the informer that keeps the cluster state, NodePools and NodeClaims first.
func (w *world) hydrate() error {
	pools := informer.NewNodePoolController(w.client, w.provider, w.cluster, w.cost)
	claims := informer.NewNodeClaimController(w.client, w.provider, w.cluster, w.cost)
	nodes := informer.NewNodeController(w.client, w.cluster)
	pods := informer.NewPodController(w.client, w.cluster)
	daemonSets := informer.NewDaemonSetController(w.client, w.cluster)
	steps := []struct {
		watched  func(client.Object) bool
		informer reconcile.Reconciler
	}{
		{is[*v1.NodePool], pools}, {is[*v1.NodeClaim], claims}, {is[*corev1.Node], nodes},
		{is[*corev1.Pod], pods}, {is[*appsv1.DaemonSet], daemonSets},
	}
	for _, step := range steps {
		for _, object := range w.objects {
			if !step.watched(object) {
				continue
			}
			request := reconcile.Request{NamespacedName: client.ObjectKeyFromObject(object)}
			// A NodeClaim of a pool that is gone is kept, and then its cost cannot be told: the informer says so.
			if _, err := step.informer.Reconcile(w.ctx, request); err != nil && !is[*v1.NodeClaim](object) {
				return fmt.Errorf("cluster state, %s: %w", request, err)
			}
		}
	}
	return nil
}

func is[T client.Object](object client.Object) bool {
	_, ok := object.(T)
	return ok
}
