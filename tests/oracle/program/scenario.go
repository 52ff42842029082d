package main

import (
	"encoding/json"
	"fmt"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	schedulingv1 "k8s.io/api/scheduling/v1"
	storagev1 "k8s.io/api/storage/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	v1 "sigs.k8s.io/karpenter/pkg/apis/v1"
	"sigs.k8s.io/karpenter/pkg/apis/v1alpha1"
	"sigs.k8s.io/karpenter/pkg/operator/options"
)

// scenario is one question, as tests/conformance/README.md describes it.
type scenario struct {
	Name                    string              `json:"name"`
	Kind                    string              `json:"kind"`
	Now                     time.Time           `json:"now"`
	Options                 scenarioOptions     `json:"options"`
	InstanceTypes           json.RawMessage     `json:"instanceTypes"`
	InstanceTypesByNodePool map[string][]string `json:"instanceTypesByNodePool"`
	Objects                 []json.RawMessage   `json:"objects"`
	State                   scenarioState       `json:"state"`
}

type scenarioOptions struct {
	PreferencePolicy  string          `json:"preferencePolicy"`
	MinValuesPolicy   string          `json:"minValuesPolicy"`
	IgnoreDRARequests *bool           `json:"ignoreDRARequests"`
	FeatureGates      map[string]bool `json:"featureGates"`
}

// scenarioState is what Karpenter holds in memory only; disruption scenarios have it.
type scenarioState struct {
	Nominated         []string          `json:"nominated"`
	MarkedForDeletion []string          `json:"markedForDeletion"`
	Conditions        string            `json:"conditions"`
	ProviderDrift     map[string]string `json:"providerDrift"`
}

// settings are Karpenter's own for a scenario: the defaults of v1.14.1 where it says nothing.
func (s *scenario) settings() *options.Options {
	gates := options.DefaultFeatureGates()
	for name, wanted := range s.Options.FeatureGates {
		switch name {
		case "NodeRepair":
			gates.NodeRepair = wanted
		case "ReservedCapacity":
			gates.ReservedCapacity = wanted
		case "SpotToSpotConsolidation":
			gates.SpotToSpotConsolidation = wanted
		case "NodeOverlay":
			gates.NodeOverlay = wanted
		case "StaticCapacity":
			gates.StaticCapacity = wanted
		case "CapacityBuffer":
			gates.CapacityBuffer = wanted
		}
	}
	set := &options.Options{
		BatchMaxDuration:  10 * time.Second,
		BatchIdleDuration: time.Second,
		CPURequests:       1000,
		PreferencePolicy:  options.PreferencePolicyRespect,
		MinValuesPolicy:   options.MinValuesPolicyStrict,
		IgnoreDRARequests: true,
		FeatureGates:      gates,
	}
	if s.Options.PreferencePolicy != "" {
		set.PreferencePolicy = options.PreferencePolicy(s.Options.PreferencePolicy)
	}
	if s.Options.MinValuesPolicy != "" {
		set.MinValuesPolicy = options.MinValuesPolicy(s.Options.MinValuesPolicy)
	}
	if s.Options.IgnoreDRARequests != nil {
		set.IgnoreDRARequests = *s.Options.IgnoreDRARequests
	}
	return set
}

// objects are the Kubernetes objects of a scenario, typed.
func (s *scenario) objects() ([]client.Object, error) {
	read := make([]client.Object, 0, len(s.Objects))
	for position, raw := range s.Objects {
		var kind struct{ Kind string }
		if err := json.Unmarshal(raw, &kind); err != nil {
			return nil, fmt.Errorf("object %d: %w", position, err)
		}
		typed := empty(kind.Kind)
		if typed == nil {
			continue // such as EC2NodeClass, which Karpenter's core never reads
		}
		if err := json.Unmarshal(raw, typed); err != nil {
			return nil, fmt.Errorf("object %d, a %s: %w", position, kind.Kind, err)
		}
		read = append(read, typed)
	}
	return read, nil
}

func empty(kind string) client.Object {
	switch kind {
	case "Namespace":
		return &corev1.Namespace{}
	case "Pod":
		return &corev1.Pod{}
	case "Node":
		return &corev1.Node{}
	case "PersistentVolumeClaim":
		return &corev1.PersistentVolumeClaim{}
	case "PersistentVolume":
		return &corev1.PersistentVolume{}
	case "StorageClass":
		return &storagev1.StorageClass{}
	case "CSINode":
		return &storagev1.CSINode{}
	case "DaemonSet":
		return &appsv1.DaemonSet{}
	case "ReplicaSet":
		return &appsv1.ReplicaSet{}
	case "StatefulSet":
		return &appsv1.StatefulSet{}
	case "Deployment":
		return &appsv1.Deployment{}
	case "PodDisruptionBudget":
		return &policyv1.PodDisruptionBudget{}
	case "PriorityClass":
		return &schedulingv1.PriorityClass{}
	case "NodePool":
		return &v1.NodePool{}
	case "NodeClaim":
		return &v1.NodeClaim{}
	case "NodeOverlay":
		return &v1alpha1.NodeOverlay{}
	}
	return nil
}
