// Karpenter core's own disruption controller over a cluster from standard input: one pass of all methods, timed. The
// other side of tests/bench/disruption.py.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/awslabs/operatorpkg/status"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/client"
	fakeclient "sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/log"
	v1 "sigs.k8s.io/karpenter/pkg/apis/v1"
	"sigs.k8s.io/karpenter/pkg/cloudprovider/fake"
	"sigs.k8s.io/karpenter/pkg/controllers/disruption"
	"sigs.k8s.io/karpenter/pkg/controllers/dynamicresources/deviceallocation"
	"sigs.k8s.io/karpenter/pkg/controllers/provisioning"
	"sigs.k8s.io/karpenter/pkg/controllers/state"
	"sigs.k8s.io/karpenter/pkg/events"
	"sigs.k8s.io/karpenter/pkg/operator/injection"
	"sigs.k8s.io/karpenter/pkg/operator/logging"
	"sigs.k8s.io/karpenter/pkg/operator/options"
	"sigs.k8s.io/karpenter/pkg/state/cost"
	"sigs.k8s.io/karpenter/pkg/state/virtualpods"
)

type question struct {
	Types int `json:"types"`
	// PodsANode, if not 0, is how many pods every type takes.
	PodsANode int           `json:"podsANode"`
	Nodes     []askedNode   `json:"nodes"`
	Pods      []*corev1.Pod `json:"pods"`
}

// askedNode is a node of the type at an index of the fake provider's list, on demand.
type askedNode struct {
	Name string `json:"name"`
	Type int    `json:"type"`
	Zone string `json:"zone"`
}

type answer struct {
	Seconds    float64 `json:"seconds"`
	CPUSeconds float64 `json:"cpuSeconds"`
	PeakMiB    float64 `json:"peakMiB"`
	Decision   string  `json:"decision"`
	Nodes      int     `json:"nodes"`
	// Refused is how many nodes were looked at one by one and left.
	Refused int `json:"refused"`
}

// unwaiting is the real clock but for the wait before validation, which it leaves out.
type unwaiting struct{ clock.RealClock }

func (unwaiting) After(time.Duration) <-chan time.Time {
	now := make(chan time.Time, 1)
	now <- time.Now()
	return now
}

type recorder struct {
	sync.Mutex
	refused map[string]bool
}

func (r *recorder) Publish(published ...events.Event) {
	r.Lock()
	defer r.Unlock()
	for _, event := range published {
		if node, ok := event.InvolvedObject.(*corev1.Node); ok && event.Reason == "Unconsolidatable" {
			r.refused[node.Name] = true
		}
	}
}

func main() {
	log.SetLogger(logging.NopLogger)
	var asked question
	if err := json.NewDecoder(os.Stdin).Decode(&asked); err != nil {
		fmt.Fprintln(os.Stderr, "cannot read the question:", err)
		os.Exit(2)
	}
	found, err := pass(asked)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	_ = json.NewEncoder(os.Stdout).Encode(found)
}

func pass(asked question) (answer, error) {
	ctx := injection.WithControllerName(context.Background(), "disruption")
	ctx = options.ToContext(ctx, &options.Options{
		CPURequests:       5000,
		IgnoreDRARequests: true,
		MinValuesPolicy:   options.MinValuesPolicyStrict,
		PreferencePolicy:  options.PreferencePolicyRespect,
		BatchMaxDuration:  10 * time.Second,
		BatchIdleDuration: time.Second,
		FeatureGates:      options.FeatureGates{ReservedCapacity: true},
	})
	provider := fake.NewCloudProvider()
	provider.InstanceTypes = fake.InstanceTypes(asked.Types)
	if asked.PodsANode != 0 {
		for _, instanceType := range provider.InstanceTypes {
			instanceType.Capacity[corev1.ResourcePods] = *resource.NewQuantity(int64(asked.PodsANode), resource.DecimalSI)
		}
	}
	objects := populated(asked, provider)
	var all []client.Object
	for _, node := range objects.nodes {
		all = append(all, node)
	}
	for _, claim := range objects.claims {
		all = append(all, claim)
	}
	all = append(all, objects.pools[0])
	objects.Client = fakeclient.NewClientBuilder().WithScheme(scheme.Scheme).WithObjects(all...).
		WithStatusSubresource(&v1.NodeClaim{}).Build()
	for name := range objects.nodes { // with the version that the client gave it
		node := &corev1.Node{}
		_ = objects.Client.Get(ctx, client.ObjectKey{Name: name}, node)
		objects.nodes[name] = node
	}
	for name := range objects.claims {
		claim := &v1.NodeClaim{}
		_ = objects.Client.Get(ctx, client.ObjectKey{Name: name}, claim)
		objects.claims[name] = claim
	}
	clk := unwaiting{}
	cluster := state.NewCluster(clk, objects, provider)
	costs := cost.NewClusterCost(ctx, provider, objects)
	for _, claim := range objects.claims {
		cluster.UpdateNodeClaim(claim)
	}
	for _, node := range objects.nodes {
		if err := cluster.UpdateNode(ctx, node); err != nil {
			return answer{}, err
		}
	}
	heard := &recorder{refused: map[string]bool{}}
	provisioner := provisioning.NewProvisioner(objects, heard, provider, cluster, clk, deviceallocation.NewController(objects), virtualpods.NewVirtualPodCache(objects))
	queue := disruption.NewQueue(objects, heard, cluster, clk, provisioner)
	controller := disruption.NewController(clk, objects, provisioner, provider, heard, cluster, queue, costs)
	cluster.MarkUnconsolidated()
	begin, used := time.Now(), processorSeconds()
	if _, err := controller.Reconcile(ctx); err != nil {
		return answer{}, err
	}
	found := answer{Seconds: time.Since(begin).Seconds(), CPUSeconds: processorSeconds() - used, Refused: len(heard.refused)}
	for _, command := range queue.GetCommands() {
		kind := strings.TrimPrefix(fmt.Sprintf("%T", command.Method), "*disruption.")
		found.Decision = kind + " " + string(command.Decision())
		found.Nodes += len(command.Candidates)
	}
	found.PeakMiB = peakMiB()
	return found, nil
}

// populated makes the nodes with their claims, all started two hours ago, and one pool that budgets do not hold.
func populated(asked question, provider *fake.CloudProvider) *store {
	pool := &v1.NodePool{ObjectMeta: metav1.ObjectMeta{Name: "default", UID: "default"}}
	pool.Spec.Template.Spec.NodeClassRef = &v1.NodeClassReference{Group: "karpenter.test.sh", Kind: "TestNodeClass", Name: "default"}
	pool.Spec.Template.Spec.Requirements = []v1.NodeSelectorRequirementWithMinValues{
		{Key: v1.CapacityTypeLabelKey, Operator: corev1.NodeSelectorOpIn, Values: []string{v1.CapacityTypeOnDemand}},
	}
	pool.Spec.Disruption.ConsolidateAfter = v1.MustParseNillableDuration("0s")
	pool.Spec.Disruption.ConsolidationPolicy = v1.ConsolidationPolicyWhenEmptyOrUnderutilized
	pool.Spec.Disruption.Budgets = []v1.Budget{{Nodes: "100%"}}
	for _, kind := range []string{v1.ConditionTypeValidationSucceeded, v1.ConditionTypeNodeClassReady, status.ConditionReady} {
		pool.Status.Conditions = append(pool.Status.Conditions, started(kind))
	}
	made := &store{
		nodes: map[string]*corev1.Node{}, claims: map[string]*v1.NodeClaim{}, pools: []*v1.NodePool{pool}, byNode: map[string][]*corev1.Pod{},
	}
	for _, pod := range asked.Pods {
		made.byNode[pod.Spec.NodeName] = append(made.byNode[pod.Spec.NodeName], pod)
	}
	for _, wanted := range asked.Nodes {
		instanceType := provider.InstanceTypes[wanted.Type]
		labels := map[string]string{
			v1.NodePoolLabelKey: "default", corev1.LabelInstanceTypeStable: instanceType.Name, corev1.LabelTopologyZone: wanted.Zone,
			v1.CapacityTypeLabelKey: v1.CapacityTypeOnDemand, corev1.LabelArchStable: "amd64", corev1.LabelOSStable: "linux",
			"karpenter.test.sh/testnodeclass": "default",
		}
		claim := &v1.NodeClaim{ObjectMeta: metav1.ObjectMeta{Name: "claim-" + wanted.Name, Labels: labels}}
		claim.CreationTimestamp = metav1.NewTime(time.Now().Add(-2 * time.Hour))
		claim.Spec.NodeClassRef = pool.Spec.Template.Spec.NodeClassRef
		claim.Status.ProviderID, claim.Status.NodeName = "fake://"+wanted.Name, wanted.Name
		claim.Status.Capacity, claim.Status.Allocatable = instanceType.Capacity, instanceType.Allocatable()
		for _, kind := range []string{"Launched", "Registered", "Initialized", "Consolidatable", "Ready"} {
			claim.Status.Conditions = append(claim.Status.Conditions, started(kind))
		}
		made.claims[claim.Name] = claim
		node := &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: wanted.Name, Labels: map[string]string{
			corev1.LabelHostname: wanted.Name, v1.NodeRegisteredLabelKey: "true", v1.NodeInitializedLabelKey: "true",
		}}}
		for key, value := range labels {
			node.Labels[key] = value
		}
		node.Spec.ProviderID = claim.Status.ProviderID
		node.Status.Capacity, node.Status.Allocatable = claim.Status.Capacity, claim.Status.Allocatable
		node.Status.Conditions = []corev1.NodeCondition{{Type: corev1.NodeReady, Status: corev1.ConditionTrue}}
		made.nodes[node.Name] = node
	}
	return made
}

func started(kind string) status.Condition {
	return status.Condition{Type: kind, Status: metav1.ConditionTrue, Reason: kind, LastTransitionTime: metav1.NewTime(time.Now().Add(-2 * time.Hour))}
}

// processorSeconds is what all threads have used so far, garbage collection included.
func processorSeconds() float64 {
	usage := used()
	return float64(usage.Utime.Nano()+usage.Stime.Nano()) / 1e9
}

func peakMiB() float64 { return float64(used().Maxrss) / 1024 }

func used() syscall.Rusage {
	var usage syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &usage)
	return usage
}
