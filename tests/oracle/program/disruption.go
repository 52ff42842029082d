package main

import (
	"fmt"
	"math"
	"sort"
	"sync"
	"time"

	"github.com/samber/lo"
	corev1 "k8s.io/api/core/v1"
	clocktesting "k8s.io/utils/clock/testing"
	"sigs.k8s.io/controller-runtime/pkg/client"
	v1 "sigs.k8s.io/karpenter/pkg/apis/v1"
	"sigs.k8s.io/karpenter/pkg/controllers/disruption"
	conditions "sigs.k8s.io/karpenter/pkg/controllers/nodeclaim/disruption"
	"sigs.k8s.io/karpenter/pkg/controllers/provisioning/scheduling"
	"sigs.k8s.io/karpenter/pkg/controllers/state"
	"sigs.k8s.io/karpenter/pkg/events"
	"sigs.k8s.io/karpenter/pkg/utils/pdb"
)

// disruptionAnswer is `expect` of a disruption scenario.
type disruptionAnswer struct {
	Commands   []writtenCommand             `json:"commands"`
	Blocked    map[string]string            `json:"blocked"`
	DriftOnly  []string                     `json:"driftOnly"`
	Budgets    map[string]map[string]int    `json:"budgets"`
	Refused    map[string]string            `json:"refused"`
	Conditions map[string]writtenConditions `json:"conditions,omitempty"`
	Deferred   string                       `json:"deferred,omitempty"`
	Error      string                       `json:"error,omitempty"`
}

type writtenCommand struct {
	Method       string         `json:"method"`
	Reason       string         `json:"reason"`
	Decision     string         `json:"decision"`
	Candidates   []string       `json:"candidates"`
	Replacements []plannedClaim `json:"replacements"`
	PriceBefore  float64        `json:"priceBefore"`
	PriceAfter   float64        `json:"priceAfter"`
}

type writtenConditions struct {
	Consolidatable bool
	Drifted        *string
}

// waiting is a clock that stands still but for the wait before a validation, which it jumps over.
type waiting struct{ *clocktesting.FakeClock }

func (w waiting) After(d time.Duration) <-chan time.Time {
	w.Step(d)
	over := make(chan time.Time, 1)
	over <- w.Now()
	return over
}

// refusals keeps the first thing that is said about why a node was looked at and left.
type refusals struct {
	sync.Mutex
	first map[string]string
}

func (r *refusals) Publish(said ...events.Event) {
	r.Lock()
	defer r.Unlock()
	for _, event := range said {
		node, ok := event.InvolvedObject.(*corev1.Node)
		if ok && (event.Reason == "Unconsolidatable" || event.Reason == "ConsolidationRejected") && r.first[node.Name] == "" {
			r.first[node.Name] = event.Message
		}
	}
}

var reasons = []v1.DisruptionReason{v1.DisruptionReasonEmpty, v1.DisruptionReasonDrifted, v1.DisruptionReasonUnderutilized}

// disrupt is one pass of the disruption loop.
func (w *world) disrupt(asked *scenario) (any, error) {
	answer := disruptionAnswer{
		Commands: []writtenCommand{}, Blocked: map[string]string{}, DriftOnly: []string{},
		Budgets: map[string]map[string]int{}, Refused: map[string]string{},
	}
	if asked.State.Conditions == "computed" {
		if err := w.computeConditions(&answer); err != nil {
			return nil, err
		}
	}
	for _, node := range w.cluster.DeepCopyNodes() {
		if lo.Contains(asked.State.Nominated, node.Name()) {
			w.cluster.NominateNodeForPod(w.ctx, node.ProviderID())
		}
		if lo.Contains(asked.State.MarkedForDeletion, node.Name()) {
			w.cluster.MarkForDeletion(node.ProviderID())
		}
	}
	if !w.cluster.Synced(w.ctx) {
		answer.Deferred = "the cluster state is not synced"
		return answer, nil
	}
	heard := &refusals{first: answer.Refused}
	clock := waiting{w.clock}
	provisioner := w.provisioner()
	queue := disruption.NewQueue(w.client, heard, w.cluster, clock, provisioner)
	if err := w.eligible(&answer, queue, heard); err != nil {
		return nil, err
	}
	controller := disruption.NewController(clock, w.client, provisioner, w.provider, heard, w.cluster, queue, w.cost)
	w.cluster.MarkUnconsolidated()
	if _, err := controller.Reconcile(w.ctx); err != nil {
		answer.Error = err.Error()
	}
	for _, command := range queue.GetCommands() {
		answer.Commands = append(answer.Commands, written(command))
		for _, candidate := range command.Candidates {
			delete(answer.Refused, candidate.Name())
		}
	}
	sort.Slice(answer.Commands, func(i, j int) bool {
		return answer.Commands[i].Candidates[0] < answer.Commands[j].Candidates[0]
	})
	return answer, nil
}

// computeConditions lets the controller of Consolidatable and Drifted look at every NodeClaim.
func (w *world) computeConditions(answer *disruptionAnswer) error {
	answer.Conditions = map[string]writtenConditions{}
	controller := conditions.NewController(w.clock, w.client, w.provider)
	for _, object := range w.objects {
		claim, ok := object.(*v1.NodeClaim)
		if !ok {
			continue
		}
		fresh := &v1.NodeClaim{}
		if err := w.client.Get(w.ctx, client.ObjectKeyFromObject(claim), fresh); err != nil {
			return err
		}
		if _, err := controller.Reconcile(w.ctx, fresh); err != nil {
			return fmt.Errorf("conditions of %s: %w", claim.Name, err)
		}
		if err := w.client.Get(w.ctx, client.ObjectKeyFromObject(claim), fresh); err != nil {
			return err
		}
		w.cluster.UpdateNodeClaim(fresh)
		found := writtenConditions{Consolidatable: fresh.StatusConditions().Get(v1.ConditionTypeConsolidatable).IsTrue()}
		if drifted := fresh.StatusConditions().Get(v1.ConditionTypeDrifted); drifted.IsTrue() {
			found.Drifted = &drifted.Reason
		}
		answer.Conditions[claim.Name] = found
	}
	byNode := map[string]writtenConditions{}
	for _, node := range w.cluster.DeepCopyNodes() {
		if node.NodeClaim != nil {
			byNode[node.Name()] = answer.Conditions[node.NodeClaim.Name]
		}
	}
	answer.Conditions = byNode
	// A claim's event makes cluster state forget what pods cost to move until the node is seen again.
	return w.hydrate()
}

// eligible says which nodes are candidates, and what budgets let go, before the pass.
func (w *world) eligible(answer *disruptionAnswer, queue *disruption.Queue, heard events.Recorder) error {
	pools, types, err := disruption.BuildNodePoolMap(w.ctx, w.client, w.provider)
	if err != nil {
		return err
	}
	limits, err := pdb.NewLimits(w.ctx, w.client)
	if err != nil {
		return err
	}
	try := func(node *state.StateNode, class string) error {
		_, failure := disruption.NewCandidate(w.ctx, w.client, &refusals{first: map[string]string{}}, w.clock, node, limits, pools, types, queue, class)
		return failure
	}
	for _, node := range w.cluster.DeepCopyNodes() {
		failure := try(node, disruption.GracefulDisruptionClass)
		if failure == nil || node.NodeClaim == nil { // nodes that are not Karpenter's are not spoken of
			continue
		}
		answer.Blocked[node.Name()] = failure.Error()
		if try(node, disruption.EventualDisruptionClass) == nil {
			answer.DriftOnly = append(answer.DriftOnly, node.Name())
		}
	}
	sort.Strings(answer.DriftOnly)
	for _, reason := range reasons {
		allowed, err := disruption.BuildDisruptionBudgetMapping(w.ctx, w.cluster, w.clock, w.client, w.provider, &refusals{first: map[string]string{}}, reason)
		if err != nil {
			return err
		}
		for pool, count := range allowed {
			if answer.Budgets[pool] == nil {
				answer.Budgets[pool] = map[string]int{}
			}
			answer.Budgets[pool][string(reason)] = count
		}
	}
	return nil
}

func written(command *disruption.Command) writtenCommand {
	found := writtenCommand{
		Method:       methodName(command.Method),
		Reason:       string(command.Reason()),
		Decision:     string(command.Decision()),
		Replacements: []plannedClaim{},
	}
	for _, candidate := range command.Candidates {
		found.Candidates = append(found.Candidates, candidate.Name())
		found.PriceBefore += candidate.Price
	}
	sort.Strings(found.Candidates)
	for _, replacement := range command.Replacements {
		claim := planned(replacement.NodeClaim)
		if claim.InstanceTypes == nil {
			claim.InstanceTypes = []string{} // of a static pool, whose launch chooses
		}
		found.Replacements = append(found.Replacements, claim)
		found.PriceAfter += cheapestOfFirst(replacement.NodeClaim)
	}
	sort.Slice(found.Replacements, func(i, j int) bool {
		return fmt.Sprint(found.Replacements[i].Pods) < fmt.Sprint(found.Replacements[j].Pods)
	})
	found.PriceBefore, found.PriceAfter = rounded(found.PriceBefore), rounded(found.PriceAfter)
	return found
}

// cheapestOfFirst is Karpenter's estimate of what a replacement costs: the cheapest available offering of its first type.
func cheapestOfFirst(claim *scheduling.NodeClaim) float64 {
	if len(claim.InstanceTypeOptions) == 0 {
		return 0
	}
	offerings := claim.InstanceTypeOptions.OrderByPrice(claim.Requirements)[0].Offerings.Available().Compatible(claim.Requirements)
	if len(offerings) == 0 {
		return 0
	}
	return offerings.Cheapest().Price
}

func methodName(method disruption.Method) string {
	switch method.(type) {
	case *disruption.Emptiness:
		return "emptiness"
	case *disruption.StaticDrift:
		return "static-drift"
	case *disruption.Drift:
		return "drift"
	case *disruption.MultiNodeConsolidation:
		return "multi-node"
	}
	return "single-node"
}

func rounded(price float64) float64 { return math.Round(price*1e6) / 1e6 }
