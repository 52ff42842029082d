"""How durations, money, times and counts are worded, once for every screen and report."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache

HOURS_A_MONTH = 730.0  # what AWS' own calculator takes for a month
# Karpenter's KWOK provider: kwok, the NodeClaim, and then only what makes the name unique once more.
_KWOK_NODE = re.compile(r"(kwok-.+)-[a-z]+-\d+-[a-z0-9]+-\d+")


def duration(seconds: float) -> str:
    """`0.4s`, `41s`, `1m34s`, `3h12m`, `4d2h`: two units at most."""
    if seconds < 0:
        return "0s"
    if seconds < 9.95:
        return f"{seconds:.1f}s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole}s"
    if whole < 3600:
        return f"{whole // 60}m{whole % 60:02d}s"
    if whole < 86400:
        return f"{whole // 3600}h{whole % 3600 // 60:02d}m"
    return f"{whole // 86400}d{whole % 86400 // 3600}h"


def clock(at: float) -> str:
    """`12:04:31`, UTC."""
    return datetime.fromtimestamp(at, UTC).strftime("%H:%M:%S")


def clock_at(at: float, now: float) -> str:
    """`12:04:31`, and with its day what was more than a day ago: `2026-01-05 10:00`."""
    return clock(at) if abs(now - at) < 86400 else datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M")


def hourly(price: float) -> str:
    """`$9.41/h`; below a dollar with as many digits as tell prices apart."""
    return f"${amount(price)}/h"


def amount(price: float) -> str:
    """A price in USD without its unit: `9.41`, `0.221`, `0.0612`."""
    size = abs(price)
    if size >= 1 or size == 0:
        return f"{price:,.2f}"
    return f"{price:.3f}" if round(size, 4) >= 0.1 else f"{price:.4f}"


def monthly(price: float) -> str:
    """An hourly price as a month of 730 hours: `$6,871/mo`."""
    return f"${price * HOURS_A_MONTH:,.0f}/mo"


def short_zone(zone: str) -> str:
    """`us-west-2c` as `2c`; other zones as they are."""
    head, _, tail = zone.rpartition("-")
    return tail if head and len(tail) <= 3 and tail[:1].isdigit() else zone


@lru_cache(maxsize=8192)
def short_node(name: str) -> str:
    """A node's name without what tells nobody anything: `ip-10-0-3-7` without the domain that all nodes of a VPC share,
    `kwok-general-x7k2p` without the random words behind the NodeClaim's name."""
    if name.startswith(("ip-", "i-")):
        return name.partition(".")[0]
    found = _KWOK_NODE.fullmatch(name)
    return found[1] if found is not None else name


def short_capacity_type(capacity_type: str) -> str:
    """`od` for on-demand, `farg` for fargate, the others as they are."""
    return {"on-demand": "od", "fargate": "farg"}.get(capacity_type, capacity_type)


def plural(count: int, noun: str) -> str:
    """`1 pod`, `12 pods`."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def percent(share: float) -> str:
    """`83%`."""
    return f"{share * 100:.0f}%"


def signed_hourly(price: float) -> str:
    """`+$0.06/h` or `−$0.03/h`, with a true minus sign."""
    return f"{'−' if price < 0 else '+'}${amount(abs(price))}/h"


def overlay_lines(standing: Mapping[str, str]) -> list[str]:
    """A sentence for every NodeOverlay that counts for nothing; the others show where they count."""
    return [f"NodeOverlay {name} is not applied: {why}" for name, why in standing.items() if why]
