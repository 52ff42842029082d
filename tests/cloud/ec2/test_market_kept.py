"""Types and prices of an account over time: nobody waits for them but the first time, and nothing known is lost."""

import asyncio
import time
from pathlib import Path

import pytest

from karptui.cloud.aside import aside
from karptui.cloud.ec2.api.client import Account
from karptui.cloud.ec2.pricing.market import Market
from karptui.cloud.ec2.pricing.market_kept import FIRST_PAUSE, REFRESH_SECONDS, KeptMarket, quotes_file
from karptui.cloud.provider import CloudError
from karptui.lab.ec2 import Ec2Lab
from karptui.model.labels import SPOT
from tests.cloud.ec2.cluster import Clock
from tests.control.faulty_aws import FaultyAws

pytestmark = pytest.mark.asyncio(loop_scope="session")


def account(url: str) -> Account:
    return Account("us-east-1", url, access_key_id="lab", secret_access_key="lab")


def spot_price(market: Market, name: str = "m5.large") -> float | None:
    return market.price(SPOT, next(entry for entry in market.facts if entry.name == name), "us-east-1a")


async def settled(kept: KeptMarket, market: Market) -> Market:
    """The next market, which is asked for beside us."""
    async with asyncio.timeout(60):
        while (found := await kept.get()) is market:
            await asyncio.sleep(0.05)
    return found


async def test_the_next_run_begins_with_what_the_last_one_knew(lab: Ec2Lab, tmp_path: Path) -> None:
    clock, file = Clock(), tmp_path / "markets" / "us-east-1.z"
    first = KeptMarket(lab.account(), clock, {}, file)
    known = await first.get()
    await first.stop()
    clock.at += 3600
    own = {"m5.large/spot": 0.5}
    later = KeptMarket(account("http://127.0.0.1:9"), clock, own, file)
    found = await later.get()
    assert (found.facts, found.priced, found.zones) == (known.facts, Clock().at, known.zones)
    assert spot_price(found) == 0.5 and spot_price(found, "c6a.large") == spot_price(known, "c6a.large")
    await later.stop()


@pytest.mark.parametrize("content", [b"", b"no such thing"])
async def test_a_file_that_cannot_be_read_is_as_none(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "us-east-1.z"
    file.write_bytes(content)
    with pytest.raises(CloudError, match="does not answer"):
        await KeptMarket(account("http://127.0.0.1:9"), Clock(), {}, file).get()


async def test_what_is_old_is_used_while_it_is_asked_for_anew(lab: Ec2Lab) -> None:
    clock = Clock()
    async with FaultyAws(lab.endpoint).serve() as aws:
        kept = KeptMarket(account(aws.url), clock, {})
        known = await kept.get()
        clock.at += REFRESH_SECONDS - 1
        asked = aws.calls["DescribeInstanceTypes"]
        assert await kept.get() is known
        clock.at += 2
        began = time.monotonic()
        assert await kept.get() is known and time.monotonic() - began < 0.5
        assert (await settled(kept, known)).priced == clock.at
        assert aws.calls["DescribeInstanceTypes"] > asked
        await kept.stop()


async def test_after_a_failure_the_old_is_kept_and_ec2_is_left_alone_for_a_while(lab: Ec2Lab) -> None:
    clock = Clock()
    async with FaultyAws(lab.endpoint).serve() as aws:
        kept = KeptMarket(account(aws.url), clock, {})
        known = await kept.get()
        clock.at += REFRESH_SECONDS + 1
        asked = aws.calls["DescribeInstanceTypeOfferings"]
        aws.refuse("DescribeInstanceTypeOfferings", "UnauthorizedOperation", times=1, status=403)
        async with asyncio.timeout(60):
            while aws.calls["DescribeInstanceTypeOfferings"] == asked:
                assert await kept.get() is known
                await asyncio.sleep(0.05)
        await asyncio.sleep(0.5)  # until the refusal has come back
        asked = aws.calls["DescribeInstanceTypeOfferings"]
        for _ in range(20):
            assert await kept.get() is known
            await asyncio.sleep(0.01)
        assert aws.calls["DescribeInstanceTypeOfferings"] == asked
        clock.at += FIRST_PAUSE + 1
        assert (await settled(kept, known)).priced == clock.at
        await kept.stop()


async def test_the_loop_goes_on_while_an_account_is_read() -> None:
    async def busy() -> int:
        time.sleep(1.0)  # noqa: ASYNC251  as reading a large answer does
        return 7

    began, turns = time.monotonic(), 0
    task = asyncio.ensure_future(aside(busy))
    while not task.done():
        await asyncio.sleep(0.01)
        turns += 1
    assert await task == 7 and turns > 20, f"{turns} turns in {time.monotonic() - began:.1f} s"


async def test_work_aside_is_cancelled_with_who_waits_for_it() -> None:
    ended: list[str] = []

    async def slow() -> None:
        try:
            await asyncio.sleep(60)
        finally:
            ended.append("ended")

    task = asyncio.ensure_future(aside(slow))
    await asyncio.sleep(0.2)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    async with asyncio.timeout(10):
        while not ended:
            await asyncio.sleep(0.01)


async def test_the_answers_of_two_regions_and_profiles_lie_apart() -> None:
    asked = [("us-east-1", None), ("us-east-1", "test"), ("eu-west-1", None)]
    assert len({quotes_file(*entry) for entry in asked}) == 3
