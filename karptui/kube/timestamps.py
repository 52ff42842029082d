"""Times as the Kubernetes API writes them, from and to epoch seconds."""

from datetime import UTC, datetime


def rfc3339(at: float) -> str:
    """metav1.Time: whole seconds, UTC."""
    return datetime.fromtimestamp(int(at), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def rfc3339_micro(at: float) -> str:
    """metav1.MicroTime."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def epoch(text: str | None) -> float:
    """Epoch seconds of either form; 0 if there is none. Raises ValueError."""
    return datetime.fromisoformat(text).timestamp() if text else 0.0
