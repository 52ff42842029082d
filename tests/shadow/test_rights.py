"""Shadow mode on a real API server: with exactly its rights, with a right less each time; it never writes."""

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web

from karptui.control.safety.permissions import Rule, cluster_role, shadow_rules
from karptui.modes.shadow import Shadow
from karptui.world.events import StreamState
from tests.control_plane.fixtures import run_apart
from tests.control_plane.plane import ControlPlane
from tests.control_plane.polling import until
from tests.shadow.beside import audited, audited_verbs

AT_ONCE = 4
READS = {"get", "list", "watch"}
PROXY = "services/proxy"
METRICS = """\
karpenter_build_info{version="1.14.1"} 1
karpenter_cloudprovider_instance_type_offering_price_estimate{capacity_type="spot",instance_type="c-1x-amd64-linux",\
zone="test-zone-a"} 0.5
"""


class Watched(ControlPlane):
    """A control plane that writes down every request but its administrator's; `verbs` is what was asked of it."""

    def __init__(self, folder: Path) -> None:
        super().__init__((), apiserver_flags=audited(folder, everybody=True))
        self._audit = folder

    @property
    def verbs(self) -> set[str]:
        return audited_verbs(self._audit)


@pytest.fixture(scope="module")
def own_plane(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watched]:
    plane = Watched(tmp_path_factory.mktemp("audit"))
    run_apart(plane.start())
    run_apart(_install_karpenter(plane))
    yield plane
    run_apart(plane.stop())


def _address() -> str:
    """An address of this machine to which the API server passes requests on; it refuses loopback ones."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # nothing is sent
        except OSError:
            pytest.skip("this machine has no address but loopback")
        return str(probe.getsockname()[0])


async def _install_karpenter(plane: ControlPlane) -> None:
    """Its Deployment, as Helm names it; no program runs."""
    labels = {"app.kubernetes.io/name": "karpenter"}
    container = {"name": "controller", "image": "karpenter/controller:1.14.1"}
    template = {"metadata": {"labels": labels}, "spec": {"containers": [container]}}
    spec = {"selector": {"matchLabels": labels}, "template": template}
    path = "/apis/apps/v1/namespaces/default/deployments"
    async with plane.client() as api:
        await api.create(path, {"metadata": {"name": "karpenter", "labels": labels}, "spec": spec})


@asynccontextmanager
async def _metrics_served(plane: ControlPlane) -> AsyncIterator[None]:
    """Karpenter's metrics behind its Service, until the end."""
    address = _address()
    serving = web.Application()

    async def answer(_: web.Request) -> web.Response:
        return web.Response(text=METRICS)

    serving.router.add_get("/metrics", answer)
    runner = web.AppRunner(serving)
    await runner.setup()
    try:
        site = web.TCPSite(runner, address, 0)
        await site.start()
        number = runner.addresses[0][1]
        port = {"name": "http-metrics", "port": number}
        core, name = "/api/v1/namespaces/default", "karpenter"
        # The API server passes on to addresses of pods alone, which it looks up.
        target = {"kind": "Pod", "namespace": "default", "name": name}
        subset = {"addresses": [{"ip": address, "targetRef": target}], "ports": [port]}
        pod = {"containers": [{"name": "controller", "image": "karpenter"}], "automountServiceAccountToken": False}
        async with plane.client() as api:
            await api.create(f"{core}/pods", {"metadata": {"name": name}, "spec": pod})
            await api.patch(f"{core}/pods/{name}/status", {"status": {"podIP": address, "podIPs": [{"ip": address}]}})
            await api.create(f"{core}/services", {"metadata": {"name": name}, "spec": {"ports": [port]}})
            await api.create(f"{core}/endpoints", {"metadata": {"name": name}, "subsets": [subset]})
        yield
    finally:
        await runner.cleanup()


@asynccontextmanager
async def _shadowing(plane: ControlPlane, user: str, rules: Sequence[Rule]) -> AsyncIterator[Shadow]:
    """Shadow mode as somebody with these rights, once it has what they let it see."""
    await plane.grant(user, cluster_role(user, list(rules))["rules"])
    run = Shadow(str(plane.kubeconfig(user)))
    await run.start()
    try:
        await until(run.world.synced, f"the first lists of {user}", limit=120.0)
        yield run
        assert not run.failure
    finally:
        await run.stop()


async def test_with_the_rights_of_the_manifest_there_is_no_banner(own_plane: Watched) -> None:
    async with _metrics_served(own_plane):
        for verbs in (READS, {"list", "watch"}):  # nobody needs get but for the metrics
            rules = [
                rule if rule.resource == PROXY else Rule(rule.group, rule.resource, tuple(sorted(verbs)))
                for rule in shadow_rules()
            ]
            async with _shadowing(own_plane, f"manifest-{len(verbs)}", rules) as run:
                assert run.watch is not None
                await until(lambda: run.observer.karpenters or run.blind, "Karpenter's own prices", limit=120.0)

                assert run.watch.inputs.banners(run.world) == []
                assumed = [entry.name for entry in run.watch.inputs.all(run.world) if not entry.known]
                assert set(assumed) <= {"prices", "availability"}  # nobody named types for this provider
    assert own_plane.verbs <= READS


async def test_without_the_right_to_its_metrics_the_banner_names_it(own_plane: Watched) -> None:
    rules = [rule for rule in shadow_rules() if rule.resource != PROXY]
    async with _shadowing(own_plane, "no-metrics", rules) as run:
        sentence = await until(lambda: run.blind.get("metrics"), "the banner about metrics", limit=120.0)

        assert PROXY in sentence
        assert "403" in sentence
        assert list(run.blind) == ["metrics"]
    assert own_plane.verbs <= READS


@pytest.mark.parametrize("verbs", [(), ("get", "list"), ("get", "watch")], ids=["no right", "no watch", "no list"])
async def test_without_a_single_right_it_runs_and_says_what_it_cannot_know(
    own_plane: Watched, verbs: tuple[str, ...]
) -> None:
    every = shadow_rules()
    reads = [rule for rule in every if rule.resource != PROXY]
    chosen = [rule for rule in reads if not verbs or rule.resource in ("pods", "nodeclaims")]
    one_more = asyncio.Semaphore(AT_ONCE)

    async def tried(missing: Rule) -> None:
        user = f"without-{missing.resource}-{len(verbs)}-{''.join(verbs)}"
        kept = [Rule(missing.group, missing.resource, verbs)] if verbs else []
        async with one_more:
            rules = [rule for rule in every if rule is not missing] + kept
            async with _shadowing(own_plane, user, rules) as run:
                stream = run.world.streams.get(missing.resource)
                if stream is not None and stream.state is not StreamState.ABSENT:
                    await until(lambda: bool(_told(run, missing.resource)), f"{missing.resource} named", limit=120.0)

    await asyncio.gather(*map(tried, chosen))
    assert own_plane.verbs <= READS


def _told(run: Shadow, resource: str) -> list[str]:
    assert run.watch is not None
    return [sentence for sentence in run.watch.inputs.banners(run.world) if resource in sentence]
