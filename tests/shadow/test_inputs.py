import pytest

from karptui.cloud.kwok.catalogue import built_in, of_file
from karptui.shadow.deployment import installed_by
from karptui.shadow.metrics import told_by, with_told
from karptui.shadow.settings import options_of

SCRAPE = """\
# TYPE karpenter_build_info gauge
karpenter_build_info{commit="0",goversion="go1.26",version="1.14.1"} 1
karpenter_cloudprovider_instance_type_offering_price_estimate{capacity_type="spot",instance_type="c-1x-amd64-linux",\
zone="test-zone-a"} 0.5
karpenter_cloudprovider_instance_type_offering_available{capacity_type="spot",instance_type="c-1x-amd64-linux",\
zone="test-zone-b"} 0
karpenter_nodes_total 3
"""


def test_karpenters_prices_and_what_it_holds_for_unavailable_are_read_off_its_metrics() -> None:
    told = told_by(SCRAPE)
    catalogue = with_told(built_in(), told, 7.0)

    (type_,) = [entry for entry in catalogue.types if entry.name == "c-1x-amd64-linux"]
    spot = {offering.zone: offering for offering in type_.offerings if offering.capacity_type == "spot"}
    assert told.version == "1.14.1"
    assert spot["test-zone-a"].price == 0.5
    assert not spot["test-zone-b"].available
    assert spot["test-zone-c"].available
    assert catalogue.priced == 7.0


def test_a_scrape_that_says_nothing_new_changes_nothing() -> None:
    catalogue = built_in()

    assert with_told(catalogue, told_by("karpenter_nodes_total 3\nnonsense{\n"), 1.0) is catalogue


def test_arguments_beat_the_environment() -> None:
    options = options_of(
        {"BATCH_IDLE_DURATION": "3s", "FEATURE_GATES": "StaticCapacity=true,ReservedCapacity=false"},
        "v1.13.2",
        ["--batch-idle-duration=2s", "--preference-policy", "Ignore"],
    )

    assert options.batch_idle_duration == 2.0
    assert options.batch_max_duration == 10.0
    assert options.preference_policy == "Ignore"
    assert options.gate("StaticCapacity")
    assert not options.gate("ReservedCapacity")
    assert options.karpenter_version == "1.13.2"


def test_version_and_settings_are_those_of_karpenters_deployment() -> None:
    container = {
        "image": "registry.example/karpenter/controller:1.12.4@sha256:0",
        "env": [{"name": "BATCH_MAX_DURATION", "value": "20s"}, {"name": "NAME", "valueFrom": {}}],
    }
    item = {"metadata": {"name": "karpenter", "namespace": "kube-system"}, "spec": {"template": {"spec": {}}}}
    item["spec"]["template"]["spec"] = {"containers": [container]}

    found = installed_by(item)

    assert found is not None
    assert (found.namespace, found.name) == ("kube-system", "karpenter")
    assert found.options.karpenter_version == "1.12.4"
    assert found.options.batch_max_duration == 20.0


@pytest.mark.parametrize("item", [None, {}, {"metadata": {}}, {"metadata": {"name": "x"}, "spec": None}])
def test_what_is_no_deployment_says_nothing(item: object) -> None:
    assert installed_by(item) is None


def test_types_of_a_file_are_labelled_as_kwok_does() -> None:
    offering = {
        "Price": 0.34,
        "Available": False,
        "Requirements": [
            {"key": "karpenter.sh/capacity-type", "operator": "In", "values": ["on-demand"]},
            {"key": "topology.kubernetes.io/zone", "operator": "In", "values": ["us-east-1c"]},
        ],
    }
    entry = {
        "name": "c5.2xlarge",
        "architecture": "amd64",
        "operatingSystems": ["linux"],
        "resources": {"cpu": "8", "memory": "15155Mi"},
        "offerings": [offering],
    }

    (type_,) = of_file([entry]).types

    stated = {value.key: value.any_value() for value in type_.requirements.values()}
    assert stated["karpenter.kwok.sh/instance-family"] == "c5"
    assert stated["karpenter.kwok.sh/instance-size"] == "2xlarge"
    assert type_.offerings[0].available
    assert type_.capacity["pods"] == 110 * 10**9
    assert type_.allocatable["cpu"] == 7_900 * 10**6
