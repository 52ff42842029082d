"""What keeps a controller from harm: another controller, the brakes, a dry run, missing rights."""

import asyncio
import json
import time
from typing import Any

import pytest

from karptui.control.safety.brakes import Brakes, Pace
from karptui.control.safety.examination import Grade, examine
from karptui.control.safety.gate import Act, Gate, Withheld
from karptui.control.safety.other_controller import refuse_beside, take_over
from karptui.failure import Failure
from karptui.kube.connect import Connection, connect
from karptui.model.decision import PlannedClaim
from karptui.world import events
from karptui.world.world import World
from tests.control_plane.plane import ControlPlane

LEASES = "/apis/coordination.k8s.io/v1/namespaces/kube-system/leases"
SPACE = "karpenter-of-the-safety-tests"


def _deployment(name: str, replicas: int) -> dict[str, Any]:
    labels = {"app.kubernetes.io/name": "karpenter"}
    container = {"name": "controller", "image": "karpenter:v1.14.1"}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "labels": labels},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": {"containers": [container]}},
        },
    }


async def _namespace(connection: Connection) -> None:
    body = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": SPACE}}
    await connection.request("POST", "/api/v1/namespaces", body)


async def test_beside_a_running_karpenter_it_refuses_until_that_is_taken_over(control_plane: ControlPlane) -> None:
    async with connect(str(control_plane.kubeconfig())) as connection:
        await refuse_beside(connection)
        await _namespace(connection)
        path = f"/apis/apps/v1/namespaces/{SPACE}/deployments"
        await connection.request("POST", path, _deployment("karpenter", 2))
        with pytest.raises(Failure, match=f"{SPACE}/karpenter has 2 replicas.*--take-over"):
            await refuse_beside(connection)
        seen: list[events.Event] = []
        await take_over(connection, seen.append, time.time)
        (write,) = [event for event in seen if isinstance(event, events.Intended)]
        assert (write.resource, write.name, write.detail) == (
            "deployments/scale",
            f"{SPACE}/karpenter",
            "replicas: 2 -> 0",
        )
        assert any(isinstance(event, events.Problem) and "from 2 to 0" in event.message for event in seen)
        await refuse_beside(connection)
        assert json.loads(await connection.request("GET", f"{path}/karpenter"))["spec"]["replicas"] == 0


async def test_a_held_karpenter_lease_is_enough_to_refuse(control_plane: ControlPlane) -> None:
    async with connect(str(control_plane.kubeconfig())) as connection:
        spec = {"holderIdentity": "karpenter-7f_1", "renewTime": "2999-01-01T00:00:00.000000Z"}
        body = {
            "apiVersion": "coordination.k8s.io/v1",
            "kind": "Lease",
            "metadata": {"name": "karpenter-leader-election"},
            "spec": spec,
        }
        await connection.request("POST", LEASES, body)
        try:
            with pytest.raises(Failure, match="karpenter-7f_1 holds the Lease"):
                await refuse_beside(connection)
        finally:
            await connection.request("DELETE", f"{LEASES}/karpenter-leader-election")


async def test_doctor_names_every_verb_that_is_missing(control_plane: ControlPlane) -> None:
    async with connect(str(control_plane.kubeconfig("limited"))) as connection:
        findings = {finding.check: finding for finding in await examine(connection, active=True)}
    observe, act = findings["RBAC to observe"], findings["RBAC to act"]
    assert observe.grade is Grade.MISSING and act.grade is Grade.MISSING
    lacking = {(rule.resource, verb) for rule in act.missing for verb in rule.verbs}
    assert ("nodeclaims", "create") in lacking and ("pods/eviction", "create") in lacking
    async with connect(str(control_plane.kubeconfig())) as connection:
        grades = {finding.check: finding.grade for finding in await examine(connection, active=True)}
    assert {check for check, grade in grades.items() if grade is not Grade.OK} <= {"other autoscaler"}


def _planned(price: float) -> PlannedClaim:
    return PlannedClaim("general", ("default/a",), (), ("m7i.large",), {}, price=price)


def _pace(brakes: Brakes) -> Pace:
    return Pace(brakes, World(), lambda event: None)


def test_more_launches_than_a_minute_allows_wait_for_the_next() -> None:
    pace = _pace(Brakes(launches_per_minute=2))
    pace.admit(_planned(1.0), "D-1", 0.0)
    pace.admit(_planned(1.0), "D-2", 1.0)
    with pytest.raises(Withheld, match="2 launches a minute"):
        pace.admit(_planned(1.0), "D-3", 59.0)
    pace.admit(_planned(1.0), "D-3", 60.5)


def test_nodes_that_are_only_being_created_count_for_the_brakes() -> None:
    pace = _pace(Brakes(nodes=1))
    pace.admit(_planned(1.0), "D-1", 0.0)
    with pytest.raises(Withheld, match="1 nodes"):
        pace.admit(_planned(1.0), "D-2", 0.0)
    pace.failed(_planned(1.0))
    pace.admit(_planned(1.0), "D-2", 0.0)


def test_a_node_that_would_cost_more_than_allowed_is_held_back() -> None:
    pace = _pace(Brakes(dollars_per_hour=2.5))
    pace.admit(_planned(2.0), "D-1", 0.0)
    with pytest.raises(Withheld, match=r"\$2.5/h"):
        pace.admit(_planned(0.6), "D-2", 0.0)
    pace.admit(_planned(0.5), "D-3", 0.0)


async def test_a_dry_run_lists_each_write_once_and_carries_none_out() -> None:
    done: list[str] = []

    async def write() -> None:
        done.append("written")

    gate = Gate(lambda event: None, lambda: 0.0, dry_run=True)
    for _ in range(2):
        with pytest.raises(Withheld):
            await gate.act(Act("create", "nodeclaims", "general-"), write)
    assert list(gate.would) == [Act("create", "nodeclaims", "general-")]
    assert done == []


async def test_nothing_passes_without_the_lease() -> None:
    held = asyncio.Event()
    gate = Gate(lambda event: None, lambda: 0.0, held=held.is_set)

    async def write() -> str:
        return "written"

    with pytest.raises(Withheld):
        await gate.act(Act("patch", "nodes", "a"), write)
    held.set()
    assert await gate.act(Act("patch", "nodes", "a"), write) == "written"
