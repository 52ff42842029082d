"""Resource lists, and what a pod asks for."""

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from karptui.model.containers import Container, ContainerStatus, HostPort, host_ports, requests_from_limits
from karptui.model.pod_requests import pod_requests
from karptui.model.quantity import NANO, QuantityError
from karptui.model.resources import (
    fits,
    format_resources,
    maximum,
    merge,
    minimum,
    parse_resources,
    subtract,
)


def amounts(**texts: str) -> dict[str, int]:
    return parse_resources(texts)


def container(name: str = "app", restart_policy: str = "", **requests: str) -> Container:
    return Container(name, amounts(**requests), restart_policy=restart_policy)


def shown(resources: Mapping[str, int]) -> dict[str, str]:
    texts = format_resources(resources)
    assert texts.pop("pods") == "1"
    return texts


def test_lists_are_summed_over_all_names_and_subtracted_over_those_of_the_left() -> None:
    assert merge(amounts(cpu="1"), amounts(cpu="500m", memory="1Gi"), {}) == amounts(cpu="1500m", memory="1Gi")
    assert subtract(amounts(cpu="1"), amounts(cpu="2", memory="1Gi")) == amounts(cpu="-1")


def test_the_maximum_has_all_names_and_the_minimum_only_those_in_every_list() -> None:
    lists = amounts(cpu="1", memory="2Gi"), amounts(cpu="2"), amounts(cpu="3", pods="1")
    assert maximum(*lists) == amounts(cpu="3", memory="2Gi", pods="1")
    assert minimum(*lists) == amounts(cpu="1")
    assert minimum(lists[0]) == lists[0]
    assert minimum() == maximum() == merge() == {}
    assert maximum(amounts(cpu="-1")) == amounts(cpu="-1")


@pytest.mark.parametrize(
    ("request_", "total", "answer"),
    [
        (amounts(cpu="1"), amounts(cpu="1"), True),
        (amounts(cpu="1001m"), amounts(cpu="1"), False),
        (amounts(gpu="1"), amounts(cpu="1"), False),
        (amounts(gpu="0"), amounts(cpu="1"), True),
        ({}, {}, True),
        # A negative amount shuts the node for pods that do not even ask for it.
        (amounts(cpu="1"), amounts(cpu="2", memory="-1"), False),
        ({}, amounts(memory="-1n"), False),
    ],
)
def test_a_request_fits(request_: dict[str, int], total: dict[str, int], answer: bool) -> None:
    assert fits(request_, total) is answer


LISTS = st.dictionaries(st.sampled_from(["cpu", "memory", "pods", "gpu"]), st.integers(0, 5))


@given(LISTS, LISTS, LISTS)
def test_what_fits_still_fits_when_less_is_asked_or_more_is_there(
    request_: dict[str, int], total: dict[str, int], more: dict[str, int]
) -> None:
    if fits(request_, total):
        assert fits(request_, merge(total, more))
        assert fits(minimum(request_, more), total)
        assert all(amount >= 0 for amount in subtract(total, request_).values())


def test_a_resource_list_that_is_wrong_names_the_resource() -> None:
    with pytest.raises(QuantityError) as refused:
        parse_resources({"cpu": "1", "memory": "1Gb"})
    assert str(refused.value) == 'memory: "1Gb" is not a Kubernetes quantity: unknown suffix "Gb"'
    assert parse_resources(None) == {}
    assert parse_resources({"cpu": 1, "memory": 0.5}) == {"cpu": NANO, "memory": NANO // 2}


def test_bytes_are_printed_with_binary_suffixes() -> None:
    resources = parse_resources({"memory": "2048Mi", "hugepages-2Mi": "4Mi", "cpu": "2048", "storage": "1.5Gi"})
    assert format_resources(resources) == {"cpu": "2048", "hugepages-2Mi": "4Mi", "memory": "2Gi", "storage": "1536Mi"}
    assert format_resources(resources, {"cpu": "BinarySI"})["cpu"] == "2Ki"


def test_containers_add_up_and_the_largest_init_container_counts() -> None:
    total = pod_requests(
        [container(cpu="1", memory="1Gi"), container(cpu="500m")],
        [container(cpu="2", memory="512Mi"), container(cpu="1", **{"example.com/gpu": "1"})],
    )
    assert shown(total) == {"cpu": "2", "memory": "1Gi", "example.com/gpu": "1"}


def test_a_sidecar_runs_beside_the_containers_and_later_init_containers() -> None:
    before = container(cpu="3")
    sidecar = container("proxy", "Always", cpu="1")
    after = container(cpu="3")
    app = container(cpu="1")
    assert shown(pod_requests([app], [sidecar])) == {"cpu": "2"}
    assert shown(pod_requests([app], [before, sidecar])) == {"cpu": "3"}
    assert shown(pod_requests([app], [sidecar, after])) == {"cpu": "4"}
    assert shown(pod_requests([app], [sidecar, container("log", "Always", cpu="4")])) == {"cpu": "6"}


def test_pod_level_requests_replace_cpu_memory_and_huge_pages_only() -> None:
    total = pod_requests(
        [container(cpu="1", memory="1Gi", gpu="1")],
        pod_level=parse_resources({"cpu": "500m", "gpu": "9", "hugepages-2Mi": "2Mi"}),
        overhead=amounts(cpu="250m", storage="1Gi"),
    )
    assert shown(total) == {"cpu": "750m", "gpu": "1", "hugepages-2Mi": "2Mi", "memory": "1Gi", "storage": "1Gi"}


def test_a_pod_counts_as_one_pod_whatever_its_containers_ask() -> None:
    assert pod_requests([container(pods="7")])["pods"] == NANO
    assert pod_requests([]) == {"pods": NANO}


def test_limits_count_only_where_they_are_copied_into_absent_requests() -> None:
    limited = Container("app", amounts(cpu="1"), amounts(cpu="4", memory="1Gi"))
    assert shown(pod_requests([limited])) == {"cpu": "1"}
    assert shown(pod_requests([requests_from_limits(limited)])) == {"cpu": "1", "memory": "1Gi"}
    plain = container(cpu="1")
    assert requests_from_limits(plain) is plain


def test_a_resize_under_way_holds_the_larger_of_wanted_actual_and_allocated() -> None:
    status = ContainerStatus("app", amounts(cpu="2", memory="1Gi"), amounts(cpu="3"))
    app = container(cpu="1", memory="2Gi", gpu="1")
    assert shown(pod_requests([app], statuses=[status])) == {"cpu": "3", "memory": "2Gi", "gpu": "1"}
    infeasible = pod_requests([app], statuses=[status], resize_infeasible=True)
    assert shown(infeasible) == {"cpu": "3", "memory": "1Gi"}


def test_a_status_without_resources_or_of_an_ordinary_init_container_changes_nothing() -> None:
    assert shown(pod_requests([container(cpu="1")], statuses=[ContainerStatus("app", None, amounts(cpu="5"))])) == {
        "cpu": "1"
    }
    once = container("setup", cpu="1")
    status = ContainerStatus("setup", amounts(cpu="5"))
    assert shown(pod_requests([], [once], statuses=[status])) == {"cpu": "1"}
    sidecar = container("setup", "Always", cpu="1")
    assert shown(pod_requests([], [sidecar], statuses=[status])) == {"cpu": "5"}


@pytest.mark.parametrize(
    ("left", "right", "clash"),
    [
        (HostPort("0.0.0.0", 80), HostPort("10.0.0.1", 80), True),
        (HostPort("::", 80), HostPort("10.0.0.1", 80), True),
        (HostPort("10.0.0.1", 80), HostPort("10.0.0.1", 80), True),
        (HostPort("10.0.0.2", 80), HostPort("10.0.0.1", 80), False),
        (HostPort("0.0.0.0", 80), HostPort("0.0.0.0", 81), False),
        (HostPort("0.0.0.0", 80), HostPort("0.0.0.0", 80, "UDP"), False),
    ],
)
def test_host_ports_clash(left: HostPort, right: HostPort, clash: bool) -> None:
    assert left.clashes(right) is clash
    assert right.clashes(left) is clash


def test_only_ports_on_the_host_count() -> None:
    ports = (HostPort("0.0.0.0", 0), HostPort("0.0.0.0", 8080))
    assert host_ports([Container("app", ports=ports)]) == (HostPort("0.0.0.0", 8080),)
