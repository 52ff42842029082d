package main

import (
	"context"
	"fmt"
	"slices"

	"github.com/awslabs/operatorpkg/status"
	"github.com/samber/lo"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/kubernetes/scheme"
	v1 "sigs.k8s.io/karpenter/pkg/apis/v1"
	"sigs.k8s.io/karpenter/pkg/cloudprovider"
)

// EC2NodeClass is the kind of NodeClass that NodePools of scenarios refer to; its contents do not matter here.
type EC2NodeClass struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`
	Conditions        []status.Condition `json:"conditions,omitempty"`
}

func (n *EC2NodeClass) DeepCopyObject() runtime.Object {
	copied := &EC2NodeClass{TypeMeta: n.TypeMeta, Conditions: slices.Clone(n.Conditions)}
	n.ObjectMeta.DeepCopyInto(&copied.ObjectMeta)
	return copied
}

func (n *EC2NodeClass) GetConditions() []status.Condition           { return n.Conditions }
func (n *EC2NodeClass) SetConditions(conditions []status.Condition) { n.Conditions = conditions }
func (n *EC2NodeClass) StatusConditions(opts ...status.ForOption) status.ConditionSet {
	return status.NewReadyConditions().For(n, opts...)
}

func registerNodeClass() {
	version := schema.GroupVersion{Group: providerGroup, Version: "v1"}
	scheme.Scheme.AddKnownTypeWithName(version.WithKind("EC2NodeClass"), &EC2NodeClass{})
	metav1.AddToGroupVersion(scheme.Scheme, version)
}

// provider is the cloud of one scenario. It offers and never launches.
type provider struct {
	types  []*cloudprovider.InstanceType
	byPool map[string][]string
	drift  map[string]string
}

func newProvider(asked *scenario, known *catalog) (*provider, error) {
	types, err := asked.instanceTypes(known)
	if err != nil {
		return nil, fmt.Errorf("instance types: %w", err)
	}
	return &provider{types: types, byPool: asked.InstanceTypesByNodePool, drift: asked.State.ProviderDrift}, nil
}

func (p *provider) GetInstanceTypes(_ context.Context, pool *v1.NodePool) ([]*cloudprovider.InstanceType, error) {
	if pool != nil {
		if names, ok := p.byPool[pool.Name]; ok {
			return lo.Filter(p.types, func(t *cloudprovider.InstanceType, _ int) bool { return slices.Contains(names, t.Name) }), nil
		}
	}
	return slices.Clone(p.types), nil
}

func (p *provider) IsDrifted(_ context.Context, claim *v1.NodeClaim) (cloudprovider.DriftReason, error) {
	return cloudprovider.DriftReason(p.drift[claim.Name]), nil
}

func (p *provider) Create(context.Context, *v1.NodeClaim) (*v1.NodeClaim, error) {
	return nil, fmt.Errorf("a scenario's cloud launches nothing")
}

func (p *provider) Get(context.Context, string) (*v1.NodeClaim, error) {
	return nil, cloudprovider.NewNodeClaimNotFoundError(fmt.Errorf("a scenario's cloud runs nothing"))
}

func (p *provider) Delete(context.Context, *v1.NodeClaim) error   { return nil }
func (p *provider) List(context.Context) ([]*v1.NodeClaim, error) { return nil, nil }
func (p *provider) RepairPolicies() []cloudprovider.RepairPolicy  { return nil }
func (p *provider) Name() string                                  { return "scenario" }
func (p *provider) GetSupportedNodeClasses() []status.Object      { return []status.Object{&EC2NodeClass{}} }
