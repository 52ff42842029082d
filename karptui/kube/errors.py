"""What can go wrong between karptui and a cluster. The text of each is one sentence that can be shown as it is."""

import json
from typing import Any
from urllib.parse import unquote

from karptui.failure import Failure
from karptui.kube.clean import TEXT_LIMIT, clean

RESOURCE_FROM_PATH_MARKS = ("api", "apis")


class KubeError(Failure):
    """Anything below: `str()` is one sentence that says what, where and what to do."""


class ConnectError(KubeError):
    """No configuration, no credentials, no server, no TLS, no answer."""


class AnswerError(KubeError):
    """Something answered that is not a Kubernetes API server: a proxy's page, half a line."""


class DecodeError(KubeError):
    """One object cannot be read. `kind`, `name` (`namespace/name`) and `path` (`spec.containers`) say where."""

    def __init__(self, kind: str, name: str, path: str, problem: str, advice: str = "") -> None:
        self.kind = kind
        self.name = name
        self.path = path
        self.problem = problem
        where = f" at {path}" if path else ""
        advice = advice or "it is left out until it changes"
        super().__init__(clean(f"{kind} {name or '(no name)'} cannot be read{where}: {problem}; {advice}", TEXT_LIMIT))


class ApiError(KubeError):
    """The API server refused. `retry_after` in seconds is what it asked for, `path` what was asked of it."""

    def __init__(
        self, code: int, reason: str, message: str, *, path: str = "", verb: str = "", retry_after: float | None = None
    ) -> None:
        self.code = code
        self.reason = reason
        self.message = message
        self.path = path
        self.verb = verb
        self.retry_after = retry_after
        super().__init__(_sentence(self))


def _sentence(error: ApiError) -> str:
    asked = f"{error.verb or 'read'} {resource_of(error.path)}"
    said = clean(error.message, 500).rstrip(".")
    match error.code:
        case 401:
            return "The API server does not accept the credentials (401): log in again or choose another context."
        case 403:
            return f"Not allowed to {asked} (403: {said}): grant it in a ClusterRole (`{rule_for(error)}`)."
        case 404:
            return f"{error.path or asked} is not there (404: {said})."
        case 409:
            return f"Could not {asked}: the object changed meanwhile or exists already (409: {said})."
        case 410:
            return f"The API server no longer holds that version of {resource_of(error.path)} (410); listing it anew."
        case 429:
            wait = f"{error.retry_after:g} s" if error.retry_after else "a moment"
            return f"The API server is busy and asks to wait {wait} before the next {asked} (429)."
        case code if code >= 500:
            return f"The API server failed to {asked} ({code}: {said or error.reason}); it is tried again."
        case code:
            return f"The API server refused to {asked} ({code} {error.reason}: {said})."


def resource_of(path: str) -> str:
    """The resource of an API path: `nodepools` of `/apis/karpenter.sh/v1/nodepools/default`."""
    return _located(path)[0] or path


def rule_for(error: ApiError) -> str:
    """The RBAC rule that would allow what was refused, as one writes it in a role."""
    resource, group = _located(error.path)
    verbs = '"get", "list", "watch"' if error.verb in ("", "list", "watch", "get") else f'"{error.verb}"'
    return f'apiGroups: ["{group}"], resources: ["{resource}"], verbs: [{verbs}]'


def _located(path: str) -> tuple[str, str]:
    """(resource[/subresource], API group) of an API path."""
    parts = [unquote(part) for part in path.partition("?")[0].split("/") if part]
    if not parts or parts[0] not in RESOURCE_FROM_PATH_MARKS:
        return "", ""
    group, rest = ("", parts[2:]) if parts[0] == "api" else (parts[1] if len(parts) > 1 else "", parts[3:])
    if len(rest) > 2 and rest[0] == "namespaces":
        rest = rest[2:]
    if not rest:
        return "", group
    return (f"{rest[0]}/{rest[2]}" if len(rest) > 2 else rest[0]), group


def api_error(code: int, body: bytes, *, path: str, verb: str = "", retry_after: str | None = None) -> ApiError:
    """The ApiError of an answer: from its Status object, or from what else came (a proxy's page, nothing)."""
    status = _status(body)
    details = status.get("details")
    seconds = _seconds(retry_after)
    if seconds is None and isinstance(details, dict):
        seconds = _seconds(details.get("retryAfterSeconds"))
    message = status.get("message")
    if not isinstance(message, str):
        message = "" if status else _page_title(body)
    reason = status.get("reason")
    return ApiError(
        code,
        clean(reason) if isinstance(reason, str) else "",
        clean(message, TEXT_LIMIT),
        path=path,
        verb=verb,
        retry_after=seconds,
    )


def _status(body: bytes) -> dict[str, Any]:
    try:
        status = json.loads(body)
    except ValueError:
        return {}
    return status if isinstance(status, dict) else {}


def _seconds(value: object) -> float | None:
    try:
        seconds = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return None
    # A server that asks for a day, or for the past, is not obeyed to the letter.
    return min(seconds, 600.0) if 0 < seconds < float("inf") else None


def _page_title(body: bytes) -> str:
    text = body[:2000].decode("utf-8", "replace")
    start = text.lower().find("<title>")
    if start >= 0:
        return text[start + 7 :].split("<")[0].strip()
    return text.strip()[:200]
