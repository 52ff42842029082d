package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/utils/clock"
	nodefast "sigs.k8s.io/kwok/kustomize/stage/node/fast"
	nodeheartbeat "sigs.k8s.io/kwok/kustomize/stage/node/heartbeat-with-lease"
	podfast "sigs.k8s.io/kwok/kustomize/stage/pod/fast"
	"sigs.k8s.io/kwok/pkg/apis/internalversion"
	"sigs.k8s.io/kwok/pkg/config"
	"sigs.k8s.io/kwok/pkg/kwok/controllers"
	"sigs.k8s.io/kwok/pkg/utils/client"
)

// runKwok runs KWOK's controllers, which play the kubelet of every node labelled kwok.x-k8s.io/node.
// KWOK's own command cannot be used: it does not compile against Kubernetes 1.35.
func runKwok() error {
	// Not the global FlagSet: controller-runtime has put a -kubeconfig of its own there.
	flags := flag.NewFlagSet("kwok", flag.ExitOnError)
	kubeconfig := flags.String("kubeconfig", "", "path of the kubeconfig")
	stageFile := flags.String("stages", "", "file of Stages that replace the built-in ones")
	if err := flags.Parse(os.Args[1:]); err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer stop()
	stages, err := loadStages(ctx, *stageFile)
	if err != nil {
		return err
	}
	settings, err := connect(*kubeconfig)
	if err != nil {
		return err
	}
	settings.LocalStages = stages
	controller, err := controllers.NewController(*settings)
	if err != nil {
		return err
	}
	if err := controller.Start(ctx); err != nil {
		return err
	}
	<-ctx.Done()
	return nil
}

func connect(kubeconfig string) (*controllers.Config, error) {
	clients, err := client.NewClientset("", kubeconfig)
	if err != nil {
		return nil, err
	}
	connection, err := clients.ToRESTConfig()
	if err != nil {
		return nil, err
	}
	dynamic, dynamicErr := clients.ToDynamicClient()
	mapper, mapperErr := clients.ToRESTMapper()
	raw, rawErr := rest.RESTClientFor(connection)
	typed, typedErr := kubernetes.NewForConfig(connection)
	if err := errors.Join(dynamicErr, mapperErr, rawErr, typedErr); err != nil {
		return nil, err
	}
	return &controllers.Config{
		Clock:                        clock.RealClock{},
		DynamicClient:                dynamic,
		RESTClient:                   raw,
		RESTMapper:                   mapper,
		TypedClient:                  typed,
		ImpersonatingDynamicClient:   clients.ToImpersonatingDynamicClient(),
		ImpersonatingTypedClient:     clients.ToImpersonatingTypedClient(),
		ManageNodesWithLabelSelector: "kwok.x-k8s.io/node",
		CIDR:                         "10.0.0.1/24",
		NodeIP:                       "10.0.0.1",
		NodeName:                     "kwok",
		ID:                           "kwok",
		NodeLeaseDurationSeconds:     40,
		// 0 is an error for the first three; for the last it would silently start no worker.
		NodeLeaseParallelism:      4,
		NodePlayStageParallelism:  4,
		PodPlayStageParallelism:   4,
		PodsOnNodeSyncParallelism: 4,
	}, nil
}

func loadStages(ctx context.Context, file string) (map[internalversion.StageResourceRef][]*internalversion.Stage, error) {
	var stages []*internalversion.Stage
	if file != "" {
		objects, err := config.Load(ctx, file)
		if err != nil {
			return nil, fmt.Errorf("stages: %w", err)
		}
		stages = config.FilterWithType[*internalversion.Stage](objects)
	} else {
		for _, text := range []string{
			nodefast.DefaultNodeInit, nodeheartbeat.DefaultNodeHeartbeatWithLease,
			podfast.DefaultPodReady, podfast.DefaultPodComplete, podfast.DefaultPodDelete,
		} {
			stage, err := config.UnmarshalWithType[*internalversion.Stage](strings.TrimSpace(text))
			if err != nil {
				return nil, fmt.Errorf("stages: %w", err)
			}
			stages = append(stages, stage)
		}
	}
	byResource := map[internalversion.StageResourceRef][]*internalversion.Stage{}
	for _, stage := range stages {
		byResource[stage.Spec.ResourceRef] = append(byResource[stage.Spec.ResourceRef], stage)
	}
	return byResource, nil
}
