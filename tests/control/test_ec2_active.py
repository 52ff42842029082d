"""karptui on EC2 as a person starts it: real API server, scheduler and controller-manager, moto for AWS."""

import asyncio
import signal
from asyncio.subprocess import PIPE, STDOUT, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from karptui.control.node.replaced_first import EVICTION_SECONDS, NOTICE_SECONDS
from karptui.lab import manifests
from karptui.model.labels import INITIALIZED
from karptui.model.metadata import is_true
from karptui.model.node import NodeClaim
from karptui.model.snapshot import Options
from karptui.modes.active import Active, Rules
from karptui.modes.providers import Ec2Choice
from karptui.modes.providers import ec2 as ec2_provider
from karptui.world import events
from tests.control.ec2_plane import PATIENCE, REGION, Ec2Plane, active_command, environment

POOLS = "/apis/karpenter.sh/v1/nodepools"
GRACE_SECONDS = 30.0  # what Kubernetes gives a pod that names no grace period
REQUIREMENTS = [
    manifests.requirement("karpenter.sh/capacity-type", "In", "on-demand"),
    manifests.requirement("karpenter.k8s.aws/instance-category", "In", "c", "m"),
    manifests.requirement("karpenter.k8s.aws/instance-generation", "Gt", "5"),
]


def general(**changed: Any) -> dict[str, Any]:
    pool = manifests.node_pool("general", REQUIREMENTS, consolidate_after="1s")
    pool["spec"]["template"]["spec"] |= {"requirements": list(REQUIREMENTS), **changed}
    pool["spec"]["disruption"]["budgets"] = [{"nodes": "100%"}]
    return pool


class Told:
    """A karptui process and what it said so far."""

    def __init__(self, process: Process) -> None:
        self.process = process
        self.lines: list[str] = []

    async def until(self, text: str) -> str:
        """Read on until a line has this in it."""
        async with asyncio.timeout(PATIENCE):
            while True:
                assert self.process.stdout is not None
                line = (await self.process.stdout.readline()).decode()
                assert line, f"it ended without {text!r}: {self.lines[-5:]}"
                self.lines.append(line.rstrip())
                if text in line:
                    return line


@asynccontextmanager
async def karptui_active(ec2: Ec2Plane, *flags: str) -> AsyncIterator[Told]:
    command = active_command(ec2.aws, ec2.plane, *flags)
    process = await asyncio.create_subprocess_exec(*command, env=environment(), stdout=PIPE, stderr=STDOUT)
    try:
        yield Told(process)
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def test_a_dry_run_on_a_fresh_cluster_says_what_would_be_launched_and_changes_nothing(ec2: Ec2Plane) -> None:
    await ec2.create(POOLS, general())
    await ec2.deploy("inflate", 5)
    async with karptui_active(ec2, "--dry-run") as told:
        line = await told.until("would create nodeclaims")
    assert "for 5 pods" in line
    assert await ec2.claims() == {}
    assert await ec2.instances() == []
    iam = await ec2.clients.get("iam")
    profiles = (await iam.list_instance_profiles())["InstanceProfiles"]
    assert [entry["InstanceProfileName"] for entry in profiles] == [f"KarpenterNodeRole-{manifests.CLUSTER}"]
    node_class = await ec2.get("/apis/karpenter.k8s.aws/v1/ec2nodeclasses/default")
    assert "status" not in node_class


async def test_killed_in_the_middle_of_a_launch_it_goes_on_where_it_was(ec2: Ec2Plane) -> None:
    await ec2.create(POOLS, general())
    async with karptui_active(ec2) as told:
        await ec2.until(ec2.pools_ready, "the NodePool ready")
        await ec2.deploy("inflate", 5)
        await told.until("created NodeClaim")
        told.process.send_signal(signal.SIGKILL)
        await told.process.wait()
    async with karptui_active(ec2):

        async def five() -> bool:
            return len(await ec2.bound("inflate")) == 5

        await ec2.until(five, "five pods bound")

        async def equal() -> bool:
            claims = await ec2.claims()
            ids = {claim.get("status", {}).get("providerID", "").rpartition("/")[2] for claim in claims.values()}
            return ids == await ec2.running()

        await ec2.until(equal, "an instance for each NodeClaim")
    uids = [
        tag["Value"]
        for instance in await ec2.instances()
        for tag in instance["Tags"]
        if tag["Key"] == "karptui/nodeclaim-uid"
    ]
    assert len(uids) == len(set(uids)) >= 1


class Quick(Active):
    """Active mode whose polls and waits pass ten times as fast. `order` says what came first: NodeClaims and nodes
    ("NAME usable") as they were initialized, "evict" for the first eviction, nodes as they went."""

    def __init__(self, *given: Any, **options: Any) -> None:
        self.order: list[str] = []
        self.evicted_at = 0.0
        super().__init__(*given, **options)

    def sink(self, event: events.Event) -> None:
        super().sink(event)
        what = _milestone(event)
        if what and what not in self.order:
            self.order.append(what)
            self.evicted_at = event.at if what == "evict" else self.evicted_at

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds / 10)


def _milestone(event: events.Event) -> str:
    if isinstance(event, events.Intended) and event.resource == "pods/eviction":
        return "evict"
    if isinstance(event, events.ObjectSeen) and event.resource == "nodes" and event.object is not None:
        if event.change is events.Change.DELETED:
            return event.object.key
        return f"{event.object.key} usable" if event.object.metadata.labels.get(INITIALIZED) == "true" else ""
    if isinstance(event, events.ObjectSeen) and event.resource == "nodeclaims" and event.object is not None:
        return event.object.key if is_true(event.object.conditions, "Initialized") else ""
    return ""


@asynccontextmanager
async def running(ec2: Ec2Plane, pool: dict[str, Any], **options: Any) -> AsyncIterator[Quick]:
    """A controller in this process, its NodePool ready."""
    await ec2.create(POOLS, pool)
    choice = Ec2Choice(
        region=REGION,
        cluster_name=manifests.CLUSTER,
        endpoint_url=ec2.aws.endpoint,
        queue=manifests.CLUSTER,
        ask_prices=False,
    )
    asked = Options(batch_idle_duration=1.0, **options)  # pods made on a busy machine are to be one batch
    run = Quick(ec2_provider(choice), Rules(lease_name="quick"), str(ec2.plane.kubeconfig()), options=asked)
    await run.start()
    try:
        await ec2.until(ec2.pools_ready, "the NodePool ready")
        yield run
    finally:
        await run.stop()


def by_age(run: Quick) -> list[NodeClaim]:
    return sorted(run.world.of("nodeclaims").values(), key=lambda claim: claim.metadata.created)


def initialized(run: Quick) -> list[NodeClaim]:
    return [claim for claim in by_age(run) if is_true(claim.conditions, "Initialized")]


def pods_on(run: Quick, claim: NodeClaim) -> list[str]:
    return [pod.key for pod in run.world.usage.on(claim.node_name).values() if pod.active]


async def settled(ec2: Ec2Plane, run: Quick, pods: int, app: str = "web") -> NodeClaim:
    """All pods bound and one initialized NodeClaim, which is given."""

    async def there() -> bool:
        return len(await ec2.bound(app)) == pods and len(initialized(run)) == len(by_age(run)) == 1

    await ec2.until(there, f"{pods} pods bound, one NodeClaim initialized")
    return initialized(run)[0]


async def replaced(ec2: Ec2Plane, run: Quick, old: NodeClaim, pods: int) -> NodeClaim:
    """Wait for the old NodeClaim's end; its node must have gone after another one was ready. Gives the new one."""
    await ec2.until(lambda: old.key not in run.world.of("nodeclaims") and old.node_name in run.order, "the old gone")
    new = await settled(ec2, run, pods)
    assert run.order.index(new.key) < run.order.index(old.node_name)
    assert old.provider_id.rpartition("/")[2] not in await ec2.running()
    return new


async def test_a_spot_interruption_brings_a_new_node_before_the_old_one_goes(ec2: Ec2Plane) -> None:
    pool = general()
    pool["spec"]["template"]["spec"]["requirements"][0] = manifests.requirement(
        "karpenter.sh/capacity-type", "In", "spot"
    )
    async with running(ec2, pool) as run:
        await ec2.deploy("web", 3)
        old = await settled(ec2, run, 3)
        detail = {"instance-id": old.provider_id.rpartition("/")[2], "instance-action": "terminate"}
        await ec2.tell_queue("EC2 Spot Instance Interruption Warning", detail)
        new = await replaced(ec2, run, old, 3)
        told = run.world.interruptions[old.provider_id.rpartition("/")[2]]
        # On a machine too slow for a node in that time the pods' own time to end counts.
        latest = told.at + NOTICE_SECONDS - EVICTION_SECONDS - GRACE_SECONDS
        assert run.order.index(f"{new.node_name} usable") < run.order.index("evict") or run.evicted_at >= latest
        assert (new.instance_type, new.zone) != (old.instance_type, old.zone)


async def test_an_edited_nodepool_is_rolled_out_by_drift(ec2: Ec2Plane) -> None:
    async with running(ec2, general()) as run:
        await ec2.deploy("web", 3)
        old = await settled(ec2, run, 3)
        await ec2.patch(f"{POOLS}/general", {"spec": {"template": {"metadata": {"labels": {"team": "blue"}}}}})
        new = await replaced(ec2, run, old, 3)
        assert new.metadata.labels["team"] == "blue"
        assert any(decision.cause == "Drifted" for decision in run.world.decisions.values())
        told = "DisruptionTerminating"
        assert await ec2.until(lambda: ec2.events(told, old.key), "told") == ["Disrupting NodeClaim: Drifted"]
        assert await ec2.events(told, old.node_name) == ["Disrupting Node: Drifted"]
        assert await ec2.events("DisruptionLaunching", new.key) == ["Launching NodeClaim: Drifted"]


async def test_what_is_too_large_after_scaling_down_is_consolidated_as_its_budget_allows(ec2: Ec2Plane) -> None:
    async with running(ec2, general()) as run:
        await ec2.deploy("web", 5)
        large = await settled(ec2, run, 5)
        budget = {
            "apiVersion": "policy/v1",
            "kind": "PodDisruptionBudget",
            "metadata": {"name": "web"},
            "spec": {"selector": {"matchLabels": {"app": "web"}}, "minAvailable": 1},
        }
        await ec2.create("/apis/policy/v1/namespaces/default/poddisruptionbudgets", budget)
        await ec2.scale("web", 1)

        await ec2.until(lambda: run.world.of("poddisruptionbudgets"), "the budget seen")

        def could_go() -> bool:
            return len(pods_on(run, large)) == 1 and is_true(by_age(run)[0].conditions, "Consolidatable")

        await ec2.until(could_go, "nothing but the budget holds the node")
        before = run.now()
        await ec2.until(lambda: run.now() - before > 4.0, "a few looks of the controller")
        assert not [entry for entry in run.world.decisions.values() if entry.cause == "Underutilized"]
        path = "/apis/policy/v1/namespaces/default/poddisruptionbudgets/web"
        await ec2.patch(path, {"spec": {"minAvailable": 0}})
        small = await replaced(ec2, run, large, 1)
        assert small.capacity["cpu"] < large.capacity["cpu"]


async def test_an_expired_node_goes_and_its_pods_get_another(ec2: Ec2Plane) -> None:
    async with running(ec2, general(expireAfter="12s")) as run:
        await ec2.deploy("web", 1)
        old = await settled(ec2, run, 1)
        await ec2.until(lambda: old.key not in run.world.of("nodeclaims"), "the expired claim gone")
        await ec2.until(lambda: bool(initialized(run)), "another node")
        assert initialized(run)[0].key != old.key


async def test_a_nodeclass_that_finds_nothing_is_told_in_a_sentence_and_in_events(ec2: Ec2Plane) -> None:
    lost = manifests.node_class()
    lost["metadata"]["name"] = "lost"
    lost["spec"]["subnetSelectorTerms"] = [{"tags": {"no": "such"}}]
    classes = "/apis/karpenter.k8s.aws/v1/ec2nodeclasses"
    await ec2.create(classes, lost)
    try:
        async with running(ec2, general()) as run:

            def told() -> list[str]:
                return [problem.message for problem in run.world.problems if "EC2NodeClass lost" in problem.where]

            await ec2.until(told, "a problem told")
            assert "SubnetsReady=False, SubnetsNotFound: no subnet matches" in told()[0]
            found = await ec2.until(lambda: ec2.events("SubnetsReady", "lost"), "an event")
            assert "Status: Unknown -> False, Reason: SubnetsNotFound" in found[0]
            conditions = (await ec2.get(f"{classes}/lost"))["status"]["conditions"]
            assert {entry["type"]: entry["status"] for entry in conditions}["Ready"] == "False"
    finally:
        await ec2.patch(f"{classes}/lost", {"metadata": {"finalizers": None}})
        await ec2.delete(f"{classes}/lost")


async def test_a_pool_of_fixed_size_is_kept_at_its_size(ec2: Ec2Plane) -> None:
    pool = general()
    pool["spec"]["replicas"] = 2
    async with running(ec2, pool, feature_gates={"StaticCapacity": True}) as run:
        await ec2.until(lambda: len(initialized(run)) == 2, "two nodes without a pod")
        assert len(await ec2.running()) == 2
        await ec2.patch(f"{POOLS}/general", {"spec": {"replicas": 1}})
        await ec2.until(lambda: len(by_age(run)) == 1, "one claim left")

        async def counted() -> bool:
            return (await ec2.get(f"{POOLS}/general"))["status"]["nodes"] == 1

        await ec2.until(counted, "status.nodes says so")


async def test_a_nodeclass_goes_with_its_profile_once_its_nodes_are_gone(ec2: Ec2Plane) -> None:
    short = manifests.node_class()
    short["metadata"]["name"] = "short"
    classes = "/apis/karpenter.k8s.aws/v1/ec2nodeclasses"
    await ec2.create(classes, short)
    iam = await ec2.clients.get("iam")
    pool = general(nodeClassRef={"group": "karpenter.k8s.aws", "kind": "EC2NodeClass", "name": "short"})
    async with running(ec2, pool) as run:
        await ec2.deploy("web", 1)
        await settled(ec2, run, 1)
        own = ["karpenter.k8s.aws/termination"]
        await ec2.until(
            lambda: run.world.of("nodeclasses")["EC2NodeClass/short"].metadata.finalizers == tuple(own), "the finalizer"
        )
        found = await ec2.get(f"{classes}/short")
        assert {"karpenter.k8s.aws/ec2nodeclass-hash", "karpenter.k8s.aws/ec2nodeclass-hash-version"} <= set(
            found["metadata"]["annotations"]
        )
        await ec2.delete(f"{classes}/short")
        await ec2.until(lambda: ec2.events("WaitingOnNodeClaimTermination", "short"), "it waits for its nodes")
        await ec2.scale("web", 0)
        await ec2.until(lambda: "EC2NodeClass/short" not in run.world.of("nodeclasses"), "the NodeClass gone")
        assert not by_age(run)
        profiles = [entry["InstanceProfileName"] for entry in (await iam.list_instance_profiles())["InstanceProfiles"]]
        assert found["status"]["instanceProfile"] not in profiles
