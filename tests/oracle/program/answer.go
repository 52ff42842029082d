package main

import (
	"sort"

	"github.com/samber/lo"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	v1 "sigs.k8s.io/karpenter/pkg/apis/v1"
	"sigs.k8s.io/karpenter/pkg/apis/v1alpha1"
	"sigs.k8s.io/karpenter/pkg/cloudprovider"
	"sigs.k8s.io/karpenter/pkg/controllers/provisioning/scheduling"
	requirements "sigs.k8s.io/karpenter/pkg/scheduling"
)

// plannedClaim is a NodeClaim in the shape of `newNodeClaims`.
type plannedClaim struct {
	NodePool              string                                    `json:"nodePool"`
	Pods                  []string                                  `json:"pods"`
	Requirements          []v1.NodeSelectorRequirementWithMinValues `json:"requirements"`
	InstanceTypes         []string                                  `json:"instanceTypes"`
	InstanceTypeMinValues *int                                      `json:"instanceTypeMinValues,omitempty"`
	Requests              map[string]string                         `json:"requests"`
	Taints                []writtenTaint                            `json:"taints"`
	StartupTaints         []writtenTaint                            `json:"startupTaints"`
	Annotations           map[string]string                         `json:"annotations,omitempty"`
}

// overlayAnnotations say that a NodeOverlay had a hand in a claim; the other annotations are not asked for.
var overlayAnnotations = []string{v1alpha1.PriceOverlayAppliedAnnotationKey, v1alpha1.CapacityOverlayAppliedAnnotationKey}

type writtenTaint struct {
	Key    string `json:"key"`
	Value  string `json:"value,omitempty"`
	Effect string `json:"effect"`
}

// planned reads a claim off the NodeClaim that would be created for it.
func planned(claim *scheduling.NodeClaim) plannedClaim {
	prices := map[string]float64{}
	written := claim.ToNodeClaim()
	for _, instanceType := range claim.InstanceTypeOptions {
		prices[instanceType.Name] = orderingPrice(instanceType, claim.Requirements)
	}
	answer := plannedClaim{
		NodePool:      claim.NodePoolName,
		Pods:          names(claim.Pods),
		Requests:      map[string]string{},
		Taints:        taints(written.Spec.Taints),
		StartupTaints: taints(written.Spec.StartupTaints),
		Annotations:   lo.PickByKeys(written.Annotations, overlayAnnotations),
	}
	for _, requirement := range written.Spec.Requirements {
		if requirement.Key == corev1.LabelInstanceTypeStable {
			answer.InstanceTypes = append(answer.InstanceTypes, requirement.Values...)
			answer.InstanceTypeMinValues = requirement.MinValues
			continue
		}
		answer.Requirements = append(answer.Requirements, requirement)
	}
	sort.Slice(answer.Requirements, func(i, j int) bool {
		if answer.Requirements[i].Key != answer.Requirements[j].Key {
			return answer.Requirements[i].Key < answer.Requirements[j].Key
		}
		return answer.Requirements[i].Operator < answer.Requirements[j].Operator
	})
	sort.Slice(answer.InstanceTypes, func(i, j int) bool {
		left, right := answer.InstanceTypes[i], answer.InstanceTypes[j]
		if prices[left] != prices[right] {
			return prices[left] < prices[right]
		}
		return left < right
	})
	for name, quantity := range written.Spec.Resources.Requests {
		answer.Requests[string(name)] = quantity.String()
	}
	return answer
}

// orderingPrice is what Karpenter orders instance types by: the cheapest available offering that suits.
func orderingPrice(instanceType *cloudprovider.InstanceType, wanted requirements.Requirements) float64 {
	offerings := instanceType.Offerings.Available().Compatible(wanted)
	if len(offerings) == 0 {
		return 1e300
	}
	return offerings.Cheapest().Price
}

func names(pods []*corev1.Pod) []string {
	found := lo.Map(pods, func(pod *corev1.Pod, _ int) string { return key(pod) })
	sort.Strings(found)
	return found
}

func key(object client.Object) string { return client.ObjectKeyFromObject(object).String() }

func taints(found []corev1.Taint) []writtenTaint {
	return lo.Map(found, func(taint corev1.Taint, _ int) writtenTaint {
		return writtenTaint{Key: taint.Key, Value: taint.Value, Effect: string(taint.Effect)}
	})
}
