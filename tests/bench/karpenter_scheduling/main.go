// Karpenter core's own scheduler over pods from standard input, timed once: the other side of tests/bench/scheduling.py.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"syscall"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/record"
	"k8s.io/utils/clock"
	fakeclient "sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/log"
	v1 "sigs.k8s.io/karpenter/pkg/apis/v1"
	"sigs.k8s.io/karpenter/pkg/cloudprovider"
	"sigs.k8s.io/karpenter/pkg/cloudprovider/fake"
	"sigs.k8s.io/karpenter/pkg/controllers/provisioning/scheduling"
	"sigs.k8s.io/karpenter/pkg/controllers/state"
	"sigs.k8s.io/karpenter/pkg/events"
	"sigs.k8s.io/karpenter/pkg/operator/injection"
	"sigs.k8s.io/karpenter/pkg/operator/logging"
	"sigs.k8s.io/karpenter/pkg/operator/options"
)

type question struct {
	Types             int           `json:"types"`
	IgnorePreferences bool          `json:"ignorePreferences"`
	Pods              []*corev1.Pod `json:"pods"`
}

type answer struct {
	SetupSeconds float64 `json:"setupSeconds"`
	Seconds      float64 `json:"seconds"`
	CPUSeconds   float64 `json:"cpuSeconds"`
	Nodes        int     `json:"nodes"`
	Failed       int     `json:"failed"`
	Price        float64 `json:"price"`
}

func main() {
	log.SetLogger(logging.NopLogger)
	var asked question
	if err := json.NewDecoder(os.Stdin).Decode(&asked); err != nil {
		fmt.Fprintln(os.Stderr, "cannot read the question:", err)
		os.Exit(2)
	}
	found, err := solve(asked)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	_ = json.NewEncoder(os.Stdout).Encode(found)
}

func solve(asked question) (answer, error) {
	ctx := injection.WithControllerName(context.Background(), "provisioner")
	ctx = options.ToContext(ctx, &options.Options{
		CPURequests:       5000,
		IgnoreDRARequests: true,
		FeatureGates:      options.FeatureGates{ReservedCapacity: true},
	})
	begin := time.Now()
	types := fake.InstanceTypes(asked.Types)
	provider := fake.NewCloudProvider()
	provider.InstanceTypes = types
	pool := &v1.NodePool{
		ObjectMeta: metav1.ObjectMeta{Name: "default", UID: "default"},
		Spec: v1.NodePoolSpec{Limits: v1.Limits{
			corev1.ResourceCPU:    resource.MustParse("10000000"),
			corev1.ResourceMemory: resource.MustParse("10000000Gi"),
		}},
	}
	pool.Spec.Template.Spec.NodeClassRef = &v1.NodeClassReference{Group: "karpenter.test.sh", Kind: "TestNodeClass", Name: "default"}
	byPool := map[string][]*cloudprovider.InstanceType{pool.Name: types}
	var opts []scheduling.Options
	if asked.IgnorePreferences {
		opts = append(opts, scheduling.IgnorePreferences)
	}
	kube, clk := fakeclient.NewClientBuilder().Build(), clock.RealClock{}
	cluster := state.NewCluster(clk, kube, provider)
	pools := []*v1.NodePool{pool}
	topology, err := scheduling.NewTopology(ctx, kube, cluster, nil, pools, byPool, asked.Pods, opts...)
	if err != nil {
		return answer{}, err
	}
	recorder := events.NewRecorder(&record.FakeRecorder{})
	scheduler := scheduling.NewScheduler(ctx, kube, pools, cluster, nil, topology, byPool, nil, recorder, clk, nil, nil, opts...)
	ready, used := time.Now(), processorSeconds()
	results, err := scheduler.Solve(ctx, asked.Pods)
	if err != nil {
		return answer{}, err
	}
	found := answer{SetupSeconds: ready.Sub(begin).Seconds(), Seconds: time.Since(ready).Seconds()}
	found.CPUSeconds = processorSeconds() - used
	found.Nodes, found.Failed = len(results.NewNodeClaims), len(results.PodErrors)
	for _, claim := range results.NewNodeClaims {
		cheapest := claim.InstanceTypeOptions.OrderByPrice(claim.Requirements)[0]
		found.Price += cheapest.Offerings.Available().Compatible(claim.Requirements).Cheapest().Price
	}
	return found, nil
}

// processorSeconds is what all threads have used so far, garbage collection included.
func processorSeconds() float64 {
	var usage syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &usage)
	return float64(usage.Utime.Nano()+usage.Stime.Nano()) / 1e9
}
