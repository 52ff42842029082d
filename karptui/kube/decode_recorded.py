"""Objects as recordings hold them: nothing beside them says of which version they are."""

from typing import Any

import msgspec

from karptui.kube.decode import RESOURCES, decoded, node_class_resource


class _Identity(msgspec.Struct):
    apiVersion: str = ""
    kind: str = ""


_identity = msgspec.json.Decoder(_Identity)


def decode_recorded(resource: str, raw: bytes) -> Any:
    """The model object of a recorded one, or None for a resource that karptui does not read. Raises DecodeError."""
    known = RESOURCES.get(resource)
    if known is not None and not known.custom:
        return decoded(known, raw, known.versions[0])
    # Custom resources change with their version, which each object states.
    identity = _identity.decode(raw)
    group, _, version = identity.apiVersion.rpartition("/")
    if known is not None:
        return decoded(known, raw, version or known.versions[0])
    if resource.endswith("nodeclasses"):
        return decoded(node_class_resource(resource, identity.kind, group, (version,)), raw, version)
    return None
