package main

import (
	"errors"
	"fmt"
	"sort"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/karpenter/pkg/controllers/dynamicresources/deviceallocation"
	"sigs.k8s.io/karpenter/pkg/controllers/provisioning"
	"sigs.k8s.io/karpenter/pkg/controllers/provisioning/scheduling"
	"sigs.k8s.io/karpenter/pkg/state/virtualpods"
	podutils "sigs.k8s.io/karpenter/pkg/utils/pod"
)

// schedulingAnswer is `expect` of a scheduling scenario.
type schedulingAnswer struct {
	NewNodeClaims []plannedClaim      `json:"newNodeClaims"`
	ExistingNodes map[string][]string `json:"existingNodes"`
	Errors        map[string]string   `json:"errors"`
	Ignored       map[string]string   `json:"ignored"`
	Deferred      string              `json:"deferred,omitempty"`
	NodeOverlays  map[string]standing `json:"nodeOverlays,omitempty"`
}

func (w *world) provisioner() *provisioning.Provisioner {
	return provisioning.NewProvisioner(
		w.client, w.recorder, w.provider, w.cluster, w.clock,
		deviceallocation.NewController(w.client), virtualpods.NewVirtualPodCache(w.client),
	)
}

// schedule is one provisioning round.
func (w *world) schedule() (any, error) {
	answer := schedulingAnswer{
		NewNodeClaims: []plannedClaim{}, ExistingNodes: map[string][]string{},
		Errors: map[string]string{}, Ignored: map[string]string{},
	}
	overlays, err := w.overlays()
	if err != nil {
		return nil, fmt.Errorf("nodeoverlays: %w", err)
	}
	answer.NodeOverlays = overlays
	if !w.cluster.Synced(w.ctx) {
		answer.Deferred = "the cluster state is not synced"
		return answer, nil
	}
	provisioner := w.provisioner()
	for _, object := range w.objects {
		if pod, ok := object.(*corev1.Pod); ok && podutils.IsProvisionable(pod) {
			if err := provisioner.Validate(w.ctx, pod.DeepCopy()); err != nil {
				answer.Ignored[key(pod)] = err.Error()
			}
		}
	}
	pods, err := w.participants(provisioner)
	if err != nil {
		return nil, fmt.Errorf("pods: %w", err)
	}
	if _, err := provisioner.NewScheduler(w.ctx, nil, nil, nil); errors.Is(err, provisioning.ErrNodePoolsNotFound) {
		for _, pod := range pods {
			answer.Errors[key(pod)] = "no dynamic nodepools found"
		}
		return answer, nil
	}
	w.recorder.said = nil // of the look at the pods above
	results, err := provisioner.Schedule(w.ctx)
	if err != nil {
		return nil, fmt.Errorf("scheduling: %w", err)
	}
	for _, claim := range results.NewNodeClaims {
		answer.NewNodeClaims = append(answer.NewNodeClaims, planned(claim))
	}
	sort.Slice(answer.NewNodeClaims, func(i, j int) bool {
		return answer.NewNodeClaims[i].Pods[0] < answer.NewNodeClaims[j].Pods[0]
	})
	for _, node := range results.ExistingNodes {
		if len(node.Pods) > 0 {
			answer.ExistingNodes[node.Name()] = names(node.Pods)
		}
	}
	for pod, failure := range results.PodErrors {
		answer.Errors[key(pod)] = failed(failure)
	}
	return answer, nil
}

// participants are the pods that a round is about: pending ones, and those of nodes that are being deleted.
func (w *world) participants(provisioner *provisioning.Provisioner) ([]*corev1.Pod, error) {
	pending, err := provisioner.GetPendingPods(w.ctx)
	if err != nil {
		return nil, err
	}
	moving, err := w.cluster.DeepCopyNodes().Deleting().CurrentlyReschedulablePods(w.ctx, w.client, w.clock, w.recorder)
	return append(pending, moving...), err
}

func failed(failure error) string {
	switch {
	case scheduling.IsReservedOfferingError(failure):
		return "[reserved] " + failure.Error()
	case scheduling.IsDRAError(failure):
		return "[dra] " + failure.Error()
	}
	return failure.Error()
}
