"""Times as the Kubernetes API writes them, from and to epoch seconds."""

from __future__ import annotations

from datetime import UTC, datetime


def rfc3339(at: float) -> str:
    """metav1.Time: whole seconds, UTC."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def micro(at: float) -> str:
    """metav1.MicroTime."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def epoch(text: str | None) -> float:
    """Epoch seconds of either form; 0 if there is none."""
    return datetime.fromisoformat(text).timestamp() if text else 0.0
