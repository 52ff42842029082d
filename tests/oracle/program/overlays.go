package main

import (
	"fmt"

	"sigs.k8s.io/controller-runtime/pkg/reconcile"
	"sigs.k8s.io/karpenter/pkg/apis/v1alpha1"
	"sigs.k8s.io/karpenter/pkg/cloudprovider"
	"sigs.k8s.io/karpenter/pkg/controllers/nodeoverlay"
	"sigs.k8s.io/karpenter/pkg/operator/options"
)

// standing is what became of a NodeOverlay, in the shape of `nodeOverlays`.
type standing struct {
	Applied bool   `json:"applied"`
	Reason  string `json:"reason,omitempty"`
	Message string `json:"message,omitempty"`
}

// layOver lets Karpenter's own controller look at the NodeOverlays, as it does behind its gate before anything is decided.
func (w *world) layOver(cloud cloudprovider.CloudProvider, into *nodeoverlay.InstanceTypeStore) error {
	if !options.FromContext(w.ctx).FeatureGates.NodeOverlay {
		return nil
	}
	controller := nodeoverlay.NewController(w.clock, w.client, cloud, into, w.cluster)
	if _, err := controller.Reconcile(w.ctx, reconcile.Request{}); err != nil {
		return fmt.Errorf("nodeoverlays: %w", err)
	}
	return nil
}

// overlays are what the controller wrote into the status of NodeOverlays.
func (w *world) overlays() (map[string]standing, error) {
	found := &v1alpha1.NodeOverlayList{}
	if err := w.client.List(w.ctx, found); err != nil {
		return nil, err
	}
	answer := map[string]standing{}
	on := options.FromContext(w.ctx).FeatureGates.NodeOverlay
	for i := range found.Items {
		item := &found.Items[i]
		condition := item.StatusConditions().Get(v1alpha1.ConditionTypeValidationSucceeded)
		switch {
		case !on:
			answer[item.Name] = standing{Reason: "FeatureGateOff"}
		case condition.IsTrue():
			answer[item.Name] = standing{Applied: true}
		default:
			answer[item.Name] = standing{Reason: condition.Reason, Message: condition.Message}
		}
	}
	return answer, nil
}
