package main

import (
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/sets"
	v1 "sigs.k8s.io/karpenter/pkg/apis/v1"
	"sigs.k8s.io/karpenter/pkg/cloudprovider"
)

// providerGroup is the domain of the AWS provider's labels.
const providerGroup = "karpenter.k8s.aws"

const (
	zoneIDLabel          = "topology.k8s.aws/zone-id"
	tenancyLabel         = providerGroup + "/instance-tenancy"
	reservationIDLabel   = providerGroup + "/capacity-reservation-id"
	reservationTypeLabel = providerGroup + "/capacity-reservation-type"
	interruptibleLabel   = providerGroup + "/capacity-reservation-interruptible"
)

// providerLabels are those that the AWS provider v1.14.1 declares well known, in its own domain.
var providerLabels = []string{
	"instance-hypervisor", "instance-encryption-in-transit-supported", "instance-category", "instance-capability-flex",
	"instance-family", "instance-generation", "instance-size", "instance-local-nvme", "instance-cpu",
	"instance-cpu-manufacturer", "instance-cpu-sustained-clock-speed-mhz", "instance-memory", "instance-ebs-bandwidth",
	"instance-network-bandwidth", "instance-gpu-name", "instance-gpu-manufacturer", "instance-gpu-count",
	"instance-gpu-memory", "instance-accelerator-name", "instance-accelerator-manufacturer",
	"instance-accelerator-count", "instance-tenancy", "capacity-reservation-id", "capacity-reservation-type",
	"capacity-reservation-interruptible", "placement-group-id", "placement-group-partition",
}

// registerLabels tells Karpenter's core what the operator of the AWS provider tells it when it starts.
func registerLabels() {
	v1.RestrictedLabelDomains.Insert(providerGroup)
	v1.WellKnownLabels.Insert(zoneIDLabel)
	for _, name := range providerLabels {
		v1.WellKnownLabels.Insert(providerGroup + "/" + name)
	}
	v1.WellKnownValuesForRequirements[tenancyLabel] = sets.New("default", "dedicated")
	v1.NormalizedLabels["topology.ebs.csi.aws.com/zone"] = corev1.LabelTopologyZone
	cloudprovider.ReservationIDLabel = reservationIDLabel
	cloudprovider.ReservedCapacityLabels.Insert(reservationIDLabel, reservationTypeLabel, interruptibleLabel)
}
