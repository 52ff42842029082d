"""The market of an account over time: from disk at first, asked for again twice a day while others go on."""

import asyncio
import zlib
from collections.abc import Callable, Mapping
from hashlib import blake2b
from pathlib import Path

import msgspec

from karptui.cloud.aside import aside
from karptui.cloud.ec2.api.client import Account, AwsClients
from karptui.cloud.ec2.pricing.market import Market, Quotes, account_quotes, market_of, with_overrides
from karptui.cloud.provider import CloudError

REFRESH_SECONDS = 12 * 3600.0
"""How old the answers of EC2 may grow; Karpenter's own figure."""

FIRST_PAUSE, LONGEST_PAUSE = 5.0, 900.0
"""Seconds after a failure until EC2 is asked again."""


def quotes_file(region: str, profile: str | None) -> Path:
    """Where the answers of an account lie between two runs."""
    import platformdirs

    digest = blake2b((profile or "").encode(), digest_size=4).hexdigest()
    return platformdirs.user_cache_path("karptui") / "markets" / f"{region}-{digest}.z"


class KeptMarket:
    """Types and prices as an account tells them. `now` gives epoch seconds, `overrides` are a person's own prices;
    `file` is where answers are kept, None for nowhere."""

    def __init__(
        self,
        account: Account,
        now: Callable[[], float],
        overrides: Mapping[str, float],
        file: Path | None = None,
    ) -> None:
        self._account = account
        self._now = now
        self._overrides = overrides
        self._file = file
        self._quotes: Quotes | None = None
        self._market: Market | None = None
        self._asking: asyncio.Task[None] | None = None
        self._again = 0.0
        self._pause = FIRST_PAUSE
        self._problem: CloudError | None = None

    async def get(self) -> Market:
        """What is known; only the first time somebody waits for EC2. Raises CloudError where nothing is known."""
        if self._market is None and self._file is not None:
            kept = await asyncio.to_thread(_read, self._file, self._account.region)
            if kept is not None and self._market is None:
                self._take(kept)
        if self._asking is None and self._now() >= self._again:
            self._asking = asyncio.ensure_future(self._ask())
        if self._market is None and self._asking is not None:
            await asyncio.shield(self._asking)
        if self._market is None:
            raise self._problem or CloudError("the types and prices of the account are not known yet")
        return self._market

    async def stop(self) -> None:
        """Ask nothing more."""
        if self._asking is not None:
            self._asking.cancel()
            await asyncio.gather(self._asking, return_exceptions=True)

    async def _ask(self) -> None:
        account, before, now = self._account, self._quotes, self._now()

        async def ask() -> Quotes:
            clients = AwsClients(account)
            try:
                found = await account_quotes(clients, account.region, now, before)
            finally:
                await clients.close()
            if self._file is not None:
                _write(self._file, found)
            return found

        try:
            self._take(await aside(ask))
            self._again, self._pause, self._problem = now + REFRESH_SECONDS, FIRST_PAUSE, None
        except CloudError as problem:
            self._again, self._problem = self._now() + self._pause, problem
            self._pause = min(self._pause * 2, LONGEST_PAUSE)
        finally:
            self._asking = None

    def _take(self, quotes: Quotes) -> None:
        self._quotes = quotes
        self._market = with_overrides(market_of(quotes), self._overrides)


def _read(file: Path, region: str) -> Quotes | None:
    """What is there, if it can be read and is of this region."""
    try:
        found = msgspec.msgpack.decode(zlib.decompress(file.read_bytes()), type=Quotes)
    except (OSError, zlib.error, msgspec.DecodeError):
        return None
    return found if found.region == region else None


def _write(file: Path, quotes: Quotes) -> None:
    packed = zlib.compress(msgspec.msgpack.encode(quotes))
    beside = file.with_suffix(".new")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        beside.write_bytes(packed)
        beside.replace(file)
    except OSError:
        return  # it is asked for again next time
