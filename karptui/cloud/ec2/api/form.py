"""EC2's requests as forms: each written out once, and what a batch of launches asks alike once for all of them."""

from collections import OrderedDict
from functools import lru_cache
from typing import Any
from urllib.parse import quote_plus

LONG_PART = "LaunchTemplateConfigs"
"""Of a CreateFleet: up to 60 types in every zone, a thousand fields; two launches differ in a name and a token."""

KEPT = 8
"""Long parts that are remembered: one a kind of pending pods."""

_CONTEXT = "karptui-long-part"


class Forms:
    """Writes out what one client sends. A long part is known again as the same object, which must not be changed."""

    def __init__(self) -> None:
        self._written: OrderedDict[int, tuple[Any, bytes]] = OrderedDict()

    def register(self, events: Any) -> None:
        """Have a client's events ask here."""
        events.register("before-parameter-build.ec2.CreateFleet", self._take_out)
        events.register("before-call.ec2", self._write)

    def _take_out(self, params: dict[str, Any], context: dict[str, Any], **_: Any) -> None:
        """Keep the long part from being written, if that was done before; else remember what it is."""
        part = params.get(LONG_PART)
        if part is None:
            return
        known = self._written.get(id(part))
        context[_CONTEXT] = known or (part, b"")
        if known is not None:
            self._written.move_to_end(id(part))
            del params[LONG_PART]

    def _write(self, params: dict[str, Any], context: dict[str, Any], **_: Any) -> None:
        """Write a query out once: botocore does it for the signature and again for the request."""
        fields = params["body"]
        if not isinstance(fields, dict):
            return
        part, written = context.get(_CONTEXT, (None, b""))
        if part is not None and not written:
            long = {name: fields.pop(name) for name in list(fields) if name.startswith(LONG_PART)}
            written = _encoded(long)
            self._written[id(part)] = (part, written)
            if len(self._written) > KEPT:
                self._written.popitem(last=False)
        params["body"] = b"&".join(filter(None, (_encoded(fields), written)))


def _encoded(fields: dict[str, Any]) -> bytes:
    return "&".join(f"{_quoted_name(name)}={_quoted(value)}" for name, value in fields.items()).encode()


@lru_cache(maxsize=8192)
def _quoted_name(text: str) -> str:
    # As botocore's HTTP layer quotes the fields of a form.
    return quote_plus(text)


def _quoted(value: object) -> str:
    text = value if isinstance(value, str | bytes) else str(value)
    # User data is long and each its own; types, zones and subnets come again and again.
    return _quoted_name(text) if isinstance(text, str) and len(text) < 64 else quote_plus(text)
