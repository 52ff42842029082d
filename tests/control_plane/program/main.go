// Command controlplane is the Kubernetes control plane of karptui's tests in one file:
// etcd, kube-apiserver, kube-scheduler, kube-controller-manager, KWOK's controllers and
// Karpenter with its kwok provider. The name it is called by, or its first argument, says which.
package main

import (
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strings"

	"go.etcd.io/etcd/server/v3/etcdmain"
	"k8s.io/component-base/cli"
	apiserver "k8s.io/kubernetes/cmd/kube-apiserver/app"
	controllermanager "k8s.io/kubernetes/cmd/kube-controller-manager/app"
	scheduler "k8s.io/kubernetes/cmd/kube-scheduler/app"
)

// Each part reads os.Args itself, so run sets them before it calls the part.
var parts = map[string]func() error{
	"etcd":                    func() error { etcdmain.Main(os.Args); return nil },
	"kube-apiserver":          func() error { return cli.RunNoErrOutput(apiserver.NewAPIServerCommand()) },
	"kube-scheduler":          func() error { return cli.RunNoErrOutput(scheduler.NewSchedulerCommand()) },
	"kube-controller-manager": func() error { return cli.RunNoErrOutput(controllermanager.NewControllerManagerCommand()) },
	"karpenter":               runKarpenter,
	"kwok":                    runKwok,
	"crds":                    printCRDs,
}

func main() {
	name, args := filepath.Base(os.Args[0]), os.Args[1:]
	if _, known := parts[name]; !known && len(args) > 0 {
		name, args = args[0], args[1:]
	}
	part, known := parts[name]
	if !known {
		fmt.Fprintf(os.Stderr, "controlplane: give one of: %s\n", strings.Join(names(), ", "))
		os.Exit(2)
	}
	os.Args = append([]string{name}, args...)
	if err := part(); err != nil {
		fmt.Fprintf(os.Stderr, "%s: %v\n", name, err)
		os.Exit(1)
	}
}

func names() []string {
	var all []string
	for name := range parts {
		all = append(all, name)
	}
	sort.Strings(all)
	return all
}
