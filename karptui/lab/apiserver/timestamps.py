"""Ages as kubectl shows them."""

from __future__ import annotations

from karptui.kube.timestamps import epoch


def age(since: str | None, now: float) -> str:
    """How long ago `since` was, as kubectl shows it."""
    if not since:
        return "<unknown>"
    try:
        return human_duration(now - epoch(since))
    except ValueError:
        return "<unknown>"


def human_duration(seconds: float) -> str:
    """A duration in the steps of apimachinery's HumanDuration: 95s, 4m5s, 63m, 5h10m, 2d3h, 9d, 2y5d."""
    whole = int(seconds)
    if whole < -1:
        return "<invalid>"
    whole = max(whole, 0)
    minutes, hours, days = whole // 60, whole // 3600, whole // 86400
    if whole < 120:
        return f"{whole}s"
    if minutes < 10:
        return _two(minutes, "m", whole % 60, "s")
    if minutes < 180:
        return f"{minutes}m"
    if hours < 8:
        return _two(hours, "h", minutes % 60, "m")
    if hours < 48:
        return f"{hours}h"
    if hours < 192:
        return _two(days, "d", hours % 24, "h")
    if days < 730:
        return f"{days}d"
    if days < 8 * 365:
        return _two(days // 365, "y", days % 365, "d")
    return f"{days // 365}y"


def _two(major: int, unit: str, minor: int, minor_unit: str) -> str:
    return f"{major}{unit}{minor}{minor_unit}" if minor else f"{major}{unit}"
