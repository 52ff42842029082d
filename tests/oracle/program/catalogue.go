package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	corev1 "k8s.io/api/core/v1"
	v1 "sigs.k8s.io/karpenter/pkg/apis/v1"
	"sigs.k8s.io/karpenter/pkg/cloudprovider"
	"sigs.k8s.io/karpenter/pkg/scheduling"
)

type writtenRequirement struct {
	Key       string                      `json:"key"`
	Operator  corev1.NodeSelectorOperator `json:"operator"`
	Values    []string                    `json:"values"`
	MinValues *int                        `json:"minValues"`
}

type writtenOverhead struct {
	KubeReserved      corev1.ResourceList `json:"kubeReserved"`
	SystemReserved    corev1.ResourceList `json:"systemReserved"`
	EvictionThreshold corev1.ResourceList `json:"evictionThreshold"`
}

type writtenOffering struct {
	Requirements        []writtenRequirement `json:"requirements"`
	Price               float64              `json:"price"`
	Available           *bool                `json:"available"`
	ReservationCapacity int                  `json:"reservationCapacity"`
	CapacityOverride    corev1.ResourceList  `json:"capacityOverride"`
	OverheadOverride    *writtenOverhead     `json:"overheadOverride"`
}

type writtenType struct {
	Name         string               `json:"name"`
	Requirements []writtenRequirement `json:"requirements"`
	Capacity     corev1.ResourceList  `json:"capacity"`
	Overhead     writtenOverhead      `json:"overhead"`
	Offerings    []writtenOffering    `json:"offerings"`
}

type reservation struct {
	ID            string  `json:"id"`
	Zone          string  `json:"zone"`
	Capacity      int     `json:"capacity"`
	Type          string  `json:"type"`
	Interruptible bool    `json:"interruptible"`
	Price         float64 `json:"price"`
}

type override struct {
	Types            []string            `json:"types"`
	Zones            []string            `json:"zones"`
	CapacityTypes    []string            `json:"capacityTypes"`
	Capacity         corev1.ResourceList `json:"capacity"`
	Reservation      *reservation        `json:"reservation"`
	Available        *bool               `json:"available"`
	Price            *float64            `json:"price"`
	CapacityOverride corev1.ResourceList `json:"capacityOverride"`
	OverheadOverride *writtenOverhead    `json:"overheadOverride"`
}

type typesByName struct {
	Catalog   json.RawMessage `json:"catalog"`
	Overrides []override      `json:"overrides"`
	Extra     []writtenType   `json:"extra"`
}

type catalogType struct {
	Name     string              `json:"name"`
	Labels   map[string]string   `json:"labels"`
	Capacity corev1.ResourceList `json:"capacity"`
	Overhead writtenOverhead     `json:"overhead"`
	Zones    []string            `json:"zones"`
	OnDemand float64             `json:"onDemand"`
	Spot     map[string]float64  `json:"spot"`
}

type catalog struct {
	Region       string            `json:"region"`
	ZoneIDs      map[string]string `json:"zoneIDs"`
	DoesNotExist []string          `json:"doesNotExist"`
	Types        []catalogType     `json:"types"`
}

// instanceTypes are new ones for every scenario, as Karpenter writes into them.
func (s *scenario) instanceTypes(known *catalog) ([]*cloudprovider.InstanceType, error) {
	if bytes.HasPrefix(bytes.TrimSpace(s.InstanceTypes), []byte("[")) {
		var written []writtenType
		if err := json.Unmarshal(s.InstanceTypes, &written); err != nil {
			return nil, err
		}
		return writtenOut(written), nil
	}
	var named typesByName
	if err := json.Unmarshal(s.InstanceTypes, &named); err != nil {
		return nil, err
	}
	types, err := known.named(named.Catalog)
	if err != nil {
		return nil, err
	}
	types = append(types, writtenOut(named.Extra)...)
	for _, entry := range named.Overrides {
		for _, instanceType := range types {
			if entry.Types == nil || slices.Contains(entry.Types, instanceType.Name) {
				entry.apply(instanceType)
			}
		}
	}
	return types, nil
}

func (c *catalog) named(stated json.RawMessage) ([]*cloudprovider.InstanceType, error) {
	var types []*cloudprovider.InstanceType
	if len(stated) == 0 || string(stated) == "null" {
		return types, nil
	}
	if string(stated) == `"*"` {
		for _, entry := range c.Types {
			types = append(types, c.instanceType(entry))
		}
		return types, nil
	}
	var names []string
	if err := json.Unmarshal(stated, &names); err != nil {
		return nil, err
	}
	for _, name := range names {
		position := slices.IndexFunc(c.Types, func(entry catalogType) bool { return entry.Name == name })
		if position < 0 {
			return nil, fmt.Errorf("the catalog has no %s", name)
		}
		types = append(types, c.instanceType(c.Types[position]))
	}
	return types, nil
}

func (c *catalog) instanceType(entry catalogType) *cloudprovider.InstanceType {
	capacityTypes := []string{v1.CapacityTypeOnDemand}
	if len(entry.Spot) > 0 {
		capacityTypes = append(capacityTypes, v1.CapacityTypeSpot)
	}
	var zoneIDs []string
	for _, zone := range entry.Zones {
		zoneIDs = append(zoneIDs, c.ZoneIDs[zone])
	}
	requirements := scheduling.NewRequirements(
		in(corev1.LabelTopologyZone, entry.Zones...),
		in(zoneIDLabel, zoneIDs...),
		in(corev1.LabelTopologyRegion, c.Region),
		in(v1.CapacityTypeLabelKey, capacityTypes...),
		in(tenancyLabel, "default", "dedicated"),
	)
	for key, value := range entry.Labels {
		requirements.Add(in(key, value))
	}
	for _, key := range c.DoesNotExist {
		if _, ok := entry.Labels[key]; !ok {
			requirements.Add(absent(key))
		}
	}
	var offerings cloudprovider.Offerings
	for _, zone := range entry.Zones {
		offerings = append(offerings, c.offering(v1.CapacityTypeOnDemand, zone, entry.OnDemand))
		if price, ok := entry.Spot[zone]; ok {
			offerings = append(offerings, c.offering(v1.CapacityTypeSpot, zone, price))
		}
	}
	return &cloudprovider.InstanceType{
		Name: entry.Name, Requirements: requirements, Offerings: offerings,
		Capacity: maps.Clone(entry.Capacity), Overhead: entry.Overhead.typed(),
	}
}

func (c *catalog) offering(capacityType, zone string, price float64) *cloudprovider.Offering {
	return &cloudprovider.Offering{
		Requirements: scheduling.NewRequirements(
			in(v1.CapacityTypeLabelKey, capacityType), in(corev1.LabelTopologyZone, zone), in(zoneIDLabel, c.ZoneIDs[zone]),
			absent(reservationIDLabel), absent(reservationTypeLabel), absent(interruptibleLabel),
		),
		Price:     price,
		Available: true,
	}
}

func writtenOut(written []writtenType) []*cloudprovider.InstanceType {
	var types []*cloudprovider.InstanceType
	for _, entry := range written {
		var offerings cloudprovider.Offerings
		for _, offered := range entry.Offerings {
			offering := &cloudprovider.Offering{
				Requirements:        typedRequirements(offered.Requirements),
				Price:               offered.Price,
				Available:           offered.Available == nil || *offered.Available,
				ReservationCapacity: offered.ReservationCapacity,
				CapacityOverride:    offered.CapacityOverride,
			}
			if offered.OverheadOverride != nil {
				offering.OverheadOverride = offered.OverheadOverride.typed()
			}
			offerings = append(offerings, offering)
		}
		types = append(types, &cloudprovider.InstanceType{
			Name: entry.Name, Requirements: typedRequirements(entry.Requirements), Offerings: offerings,
			Capacity: entry.Capacity, Overhead: entry.Overhead.typed(),
		})
	}
	return types
}

func (o override) apply(instanceType *cloudprovider.InstanceType) {
	for name, amount := range o.Capacity {
		instanceType.Capacity[name] = amount
	}
	if o.Reservation != nil {
		o.Reservation.apply(instanceType)
	}
	for _, offering := range instanceType.Offerings {
		if (o.Zones != nil && !slices.Contains(o.Zones, offering.Zone())) ||
			(o.CapacityTypes != nil && !slices.Contains(o.CapacityTypes, offering.CapacityType())) {
			continue
		}
		if o.Available != nil {
			offering.Available = *o.Available
		}
		if o.Price != nil {
			offering.Price = *o.Price
		}
		if o.CapacityOverride != nil {
			offering.CapacityOverride = o.CapacityOverride
		}
		if o.OverheadOverride != nil {
			offering.OverheadOverride = o.OverheadOverride.typed()
		}
	}
}

func (r reservation) apply(instanceType *cloudprovider.InstanceType) {
	interruptible, kind := "false", r.Type
	if r.Interruptible {
		interruptible = "true"
	}
	if kind == "" {
		kind = "default"
	}
	own := map[string]string{
		v1.CapacityTypeLabelKey: v1.CapacityTypeReserved, reservationIDLabel: r.ID,
		reservationTypeLabel: kind, interruptibleLabel: interruptible,
	}
	requirements := scheduling.NewRequirements(in(corev1.LabelTopologyZone, r.Zone))
	for key, value := range own {
		requirements.Add(in(key, value))
		values := []string{value}
		if instanceType.Requirements.Get(key).Operator() == corev1.NodeSelectorOpIn {
			values = append(values, instanceType.Requirements.Get(key).Values()...)
		}
		instanceType.Requirements[key] = in(key, values...)
	}
	for _, offering := range instanceType.Offerings {
		if offering.Zone() == r.Zone {
			requirements.Add(in(zoneIDLabel, offering.Requirements.Get(zoneIDLabel).Any()))
			break
		}
	}
	instanceType.Offerings = append(instanceType.Offerings, &cloudprovider.Offering{
		Requirements: requirements, Price: r.Price, Available: r.Capacity > 0, ReservationCapacity: r.Capacity,
	})
}

func (o writtenOverhead) typed() *cloudprovider.InstanceTypeOverhead {
	return &cloudprovider.InstanceTypeOverhead{
		KubeReserved: o.KubeReserved, SystemReserved: o.SystemReserved, EvictionThreshold: o.EvictionThreshold,
	}
}

func typedRequirements(written []writtenRequirement) scheduling.Requirements {
	requirements := scheduling.NewRequirements()
	for _, entry := range written {
		requirements.Add(scheduling.NewRequirementWithFlexibility(entry.Key, entry.Operator, entry.MinValues, entry.Values...))
	}
	return requirements
}

func in(key string, values ...string) *scheduling.Requirement {
	return scheduling.NewRequirement(key, corev1.NodeSelectorOpIn, values...)
}

func absent(key string) *scheduling.Requirement {
	return scheduling.NewRequirement(key, corev1.NodeSelectorOpDoesNotExist)
}
