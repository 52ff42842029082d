package main

import (
	"encoding/json"
	"os"

	apiextensions "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	kwokapis "sigs.k8s.io/karpenter/kwok/apis"
	"sigs.k8s.io/karpenter/pkg/apis"
)

// printCRDs writes Karpenter's CustomResourceDefinitions, the kwok provider's among them, as one JSON list.
func printCRDs() error {
	var all []*apiextensions.CustomResourceDefinition
	all = append(all, apis.CRDs...)
	all = append(all, kwokapis.CRDs...)
	return json.NewEncoder(os.Stdout).Encode(all)
}
