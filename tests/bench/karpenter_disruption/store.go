package main

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	"k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"
	v1 "sigs.k8s.io/karpenter/pkg/apis/v1"
)

// store answers reads from memory with copies, as a manager's cache does: pods through an index on their node.
// Writes go to the client behind it.
type store struct {
	client.Client
	nodes  map[string]*corev1.Node
	claims map[string]*v1.NodeClaim
	pools  []*v1.NodePool
	byNode map[string][]*corev1.Pod
}

func (s *store) Get(ctx context.Context, key client.ObjectKey, found client.Object, opts ...client.GetOption) error {
	switch into := found.(type) {
	case *corev1.Node:
		if node, ok := s.nodes[key.Name]; ok {
			node.DeepCopyInto(into)
			return nil
		}
		return errors.NewNotFound(schema.GroupResource{Resource: "nodes"}, key.Name)
	case *v1.NodeClaim:
		if claim, ok := s.claims[key.Name]; ok {
			claim.DeepCopyInto(into)
			return nil
		}
	}
	return s.Client.Get(ctx, key, found, opts...)
}

func (s *store) List(ctx context.Context, found client.ObjectList, opts ...client.ListOption) error {
	var asked client.ListOptions
	asked.ApplyOptions(opts)
	switch into := found.(type) {
	case *corev1.PodList:
		return s.pods(into, asked)
	case *corev1.NodeList:
		for _, node := range s.nodes {
			into.Items = append(into.Items, *node.DeepCopy())
		}
		return nil
	case *v1.NodeClaimList:
		for _, claim := range s.claims {
			into.Items = append(into.Items, *claim.DeepCopy())
		}
		return nil
	case *v1.NodePoolList:
		for _, pool := range s.pools {
			into.Items = append(into.Items, *pool.DeepCopy())
		}
		return nil
	case *policyv1.PodDisruptionBudgetList:
		return nil
	}
	return s.Client.List(ctx, found, opts...)
}

func (s *store) pods(into *corev1.PodList, asked client.ListOptions) error {
	take := func(pods []*corev1.Pod) {
		for _, pod := range pods {
			if asked.Namespace != "" && pod.Namespace != asked.Namespace {
				continue
			}
			if asked.LabelSelector != nil && !asked.LabelSelector.Matches(podLabels(pod.Labels)) {
				continue
			}
			into.Items = append(into.Items, *pod.DeepCopy())
		}
	}
	if asked.FieldSelector == nil {
		for _, pods := range s.byNode {
			take(pods)
		}
		return nil
	}
	node, ok := asked.FieldSelector.RequiresExactMatch("spec.nodeName")
	if !ok || len(asked.FieldSelector.Requirements()) != 1 {
		return fmt.Errorf("there is no index for %s", asked.FieldSelector)
	}
	take(s.byNode[node])
	return nil
}

type podLabels map[string]string

func (l podLabels) Has(key string) bool   { _, ok := l[key]; return ok }
func (l podLabels) Get(key string) string { return l[key] }
func (l podLabels) Lookup(key string) (string, bool) {
	value, ok := l[key]
	return value, ok
}
