"""Shadow mode over a recording, as a screen plays it."""

import asyncio
from pathlib import Path

from karptui.modes.shadow import judging
from karptui.modes.shadow_replay import ShadowReplay

RECORDING = Path(__file__).parents[2] / "recordings" / "karpenter-kwok.jsonl.zst"


async def test_an_earlier_moment_has_its_prices() -> None:
    run = ShadowReplay(RECORDING)
    run.keep_history()
    assert run.watch is not None
    beside = asyncio.create_task(judging(run.watch.observer))
    await run.feed()
    beside.cancel()
    assert run.history is not None
    middle = (run.history.begins + run.history.ends) / 2
    then = run.history.recall(middle)()
    assert then.of("nodes")
    assert then.catalogue.types == run.world.catalogue.types
    assert not then.ledger.unpriced
