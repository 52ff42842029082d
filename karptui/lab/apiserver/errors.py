"""What the API server says when it refuses: `Status` objects, worded as Kubernetes words them."""

from __future__ import annotations

from typing import Any

from karptui.lab.apiserver.registry import Resource


class ApiError(Exception):
    """A refusal: HTTP code, machine-readable reason, sentence, and `details` as in metav1.Status."""

    def __init__(self, code: int, reason: str, message: str, details: dict[str, Any] | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.reason = reason
        self.message = message
        self.details = details

    def status(self) -> dict[str, Any]:
        """The metav1.Status body."""
        body: dict[str, Any] = {
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": {},
            "status": "Failure",
            "message": self.message,
        }
        if self.reason:
            body["reason"] = self.reason
        if self.details:
            body["details"] = self.details
        body["code"] = self.code
        return body


def success(resource: Resource, name: str, uid: str) -> dict[str, Any]:
    """The Status that answers a deletion."""
    details = {"name": name, "group": resource.group, "kind": resource.plural, "uid": uid}
    if not resource.group:
        del details["group"]
    return {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "details": details}


def _details(resource: Resource, name: str, **more: Any) -> dict[str, Any]:
    details: dict[str, Any] = {"name": name, "group": resource.group, "kind": resource.plural, **more}
    if not resource.group:
        del details["group"]
    return details


def not_found(resource: Resource, name: str) -> ApiError:
    """404: there is no object of this name."""
    return ApiError(404, "NotFound", f'{resource.qualified} "{name}" not found', _details(resource, name))


def no_such_path() -> ApiError:
    """404: there is no such resource."""
    return ApiError(404, "NotFound", "the server could not find the requested resource")


def already_exists(resource: Resource, name: str) -> ApiError:
    """409: the name is taken."""
    return ApiError(409, "AlreadyExists", f'{resource.qualified} "{name}" already exists', _details(resource, name))


def conflict(resource: Resource, name: str, why: str) -> ApiError:
    """409, with what stands against it."""
    message = f'Operation cannot be fulfilled on {resource.qualified} "{name}": {why}'
    return ApiError(409, "Conflict", message, _details(resource, name))


def stale(resource: Resource, name: str) -> ApiError:
    """409: the writer saw an older version."""
    return conflict(
        resource, name, "the object has been modified; please apply your changes to the latest version and try again"
    )


def forbidden(resource: Resource, name: str, why: str, causes: list[dict[str, str]] | None = None) -> ApiError:
    """403, with what forbids it; an empty name is for the whole resource."""
    details = _details(resource, name, **({"causes": causes} if causes else {}))
    subject = f'{resource.qualified} "{name}" is forbidden' if name else f"{resource.qualified} is forbidden"
    return ApiError(403, "Forbidden", f"{subject}: {why}", details)


def bad_request(message: str) -> ApiError:
    """400."""
    return ApiError(400, "BadRequest", message)


def unauthorized() -> ApiError:
    """401."""
    return ApiError(401, "Unauthorized", "Unauthorized")


def method_not_allowed() -> ApiError:
    """405."""
    return ApiError(405, "MethodNotAllowed", "the server does not allow this method on the requested resource")


def unsupported_media_type(accepted: tuple[str, ...]) -> ApiError:
    """415, with the types that would do."""
    accepted_types = ", ".join(accepted)
    message = f"the body of the request was in an unknown format - accepted media types include: {accepted_types}"
    return ApiError(415, "UnsupportedMediaType", message)


def expired(message: str) -> ApiError:
    """410: a version or token that has been forgotten."""
    return ApiError(410, "Expired", message)


def version_too_old(version: int, oldest: int) -> ApiError:
    """410 for a watch from a forgotten version."""
    return expired(f"too old resource version: {version} ({oldest})")


def version_too_large(version: int, current: int) -> ApiError:
    """504 for a version that does not exist yet."""
    message = f"Timeout: Too large resource version: {version}, current: {current}"
    causes = [{"reason": "ResourceVersionTooLarge", "message": "Too large resource version"}]
    return ApiError(504, "Timeout", message, {"causes": causes, "retryAfterSeconds": 1})


def too_many_requests(message: str, retry_after: int, causes: list[dict[str, str]] | None = None) -> ApiError:
    """429; `retry_after` is in seconds, 0 says nothing."""
    details: dict[str, Any] = {}
    if causes:
        details["causes"] = causes
    if retry_after:
        details["retryAfterSeconds"] = retry_after
    return ApiError(429, "TooManyRequests", message, details)


class FieldErrors:
    """Collects what is wrong with an object's fields, in the wording of apimachinery's field.Error."""

    def __init__(self) -> None:
        self.causes: list[dict[str, str]] = []

    def required(self, field: str, detail: str = "") -> None:
        """The field must be set."""
        self.add("FieldValueRequired", field, "Required value" + (f": {detail}" if detail else ""))

    def invalid(self, field: str, value: object, detail: str) -> None:
        """The value is not allowed, for the given reason."""
        shown = f'"{value}"' if isinstance(value, str) else str(value)
        self.add("FieldValueInvalid", field, f"Invalid value: {shown}: {detail}")

    def forbidden(self, field: str, detail: str) -> None:
        """The field may not be set or changed."""
        self.add("FieldValueForbidden", field, f"Forbidden: {detail}")

    def not_supported(self, field: str, value: object, allowed: tuple[str, ...]) -> None:
        """The value is not one of a few."""
        names = ", ".join(f'"{item}"' for item in allowed)
        self.add("FieldValueNotSupported", field, f'Unsupported value: "{value}": supported values: {names}')

    def add(self, reason: str, field: str, message: str) -> None:
        """Add a cause as metav1.StatusCause has it."""
        self.causes.append({"reason": reason, "message": message, "field": field})

    def raise_if_any(self, resource: Resource, name: str) -> None:
        """Raise 422 Invalid with every cause collected."""
        if not self.causes:
            return
        sentences = [f"{cause['field']}: {cause['message']}" for cause in self.causes]
        listed = sentences[0] if len(sentences) == 1 else f"[{', '.join(sentences)}]"
        kind = f"{resource.kind}.{resource.group}" if resource.group else resource.kind
        details: dict[str, Any] = {"name": name, "group": resource.group, "kind": resource.kind, "causes": self.causes}
        if not resource.group:
            del details["group"]
        raise ApiError(422, "Invalid", f'{kind} "{name}" is invalid: {listed}', details)
