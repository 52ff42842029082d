"""Shadow mode on a real API server with a right less each time."""

import asyncio
from collections.abc import Sequence

import pytest

from karptui.control.permissions import Rule, cluster_role, observe_rules
from karptui.modes.shadow import Shadow
from karptui.world.events import StreamState
from tests.control_plane.plane import ControlPlane
from tests.control_plane.polling import until

AT_ONCE = 4


async def _grant(plane: ControlPlane, user: str, rules: Sequence[Rule]) -> None:
    await plane.grant(user, cluster_role(user, list(rules))["rules"])


@pytest.mark.parametrize("verbs", [(), ("get", "list"), ("get", "watch")], ids=["no right", "no watch", "no list"])
async def test_without_a_single_right_it_runs_and_says_what_it_cannot_know(
    control_plane: ControlPlane, verbs: tuple[str, ...]
) -> None:
    every = observe_rules()
    chosen = [rule for rule in every if not verbs or rule.resource in ("pods", "nodeclaims")]
    one_more = asyncio.Semaphore(AT_ONCE)

    async def tried(missing: Rule) -> None:
        user = f"without-{missing.resource}-{len(verbs)}-{''.join(verbs)}"
        kept = [Rule(missing.group, missing.resource, verbs)] if verbs else []
        await _grant(control_plane, user, [rule for rule in every if rule is not missing] + kept)
        async with one_more:
            run = Shadow(str(control_plane.kubeconfig(user)))
            await run.start()
            try:
                await until(run.world.synced, f"the first lists without {missing.resource}", limit=120.0)
                stream = run.world.streams.get(missing.resource)
                if stream is not None and stream.state is not StreamState.ABSENT:
                    await until(lambda: bool(_told(run, missing.resource)), f"{missing.resource} named", limit=120.0)
                assert not run.failure
            finally:
                await run.stop()

    await asyncio.gather(*map(tried, chosen))


def _told(run: Shadow, resource: str) -> list[str]:
    assert run.watch is not None
    return [sentence for sentence in run.watch.inputs.banners(run.world) if resource in sentence]
