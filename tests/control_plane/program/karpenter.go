package main

import (
	"fmt"

	kwokprovider "sigs.k8s.io/karpenter/kwok/cloudprovider"
	"sigs.k8s.io/karpenter/pkg/cloudprovider/overlay"
	"sigs.k8s.io/karpenter/pkg/controllers"
	"sigs.k8s.io/karpenter/pkg/controllers/state"
	"sigs.k8s.io/karpenter/pkg/operator"
)

// runKarpenter runs every controller of Karpenter on the kwok provider. Its settings come from the
// environment (KUBECONFIG, METRICS_PORT, INSTANCE_TYPES_FILE_PATH, ...); it knows no --kubeconfig.
func runKarpenter() error {
	ctx, karpenter := operator.NewOperator()
	kube := karpenter.GetClient()
	types, err := kwokprovider.ConstructInstanceTypes(ctx)
	if err != nil {
		return fmt.Errorf("instance types: %w", err)
	}
	provider := kwokprovider.NewCloudProvider(ctx, kube, types)
	decorated := overlay.Decorate(provider, kube, karpenter.InstanceTypeStore)
	cluster := state.NewCluster(karpenter.Clock, kube, decorated)
	all := controllers.NewControllers(
		ctx, karpenter.Manager, karpenter.Clock, kube, karpenter.EventRecorder,
		decorated, provider, cluster, karpenter.InstanceTypeStore,
	)
	karpenter.WithControllers(ctx, all...).Start(ctx)
	return nil
}
