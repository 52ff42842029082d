"""What an account pays for in advance: reserved instances, savings plans, capacity reservations and capacity blocks."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

DEAREST = 1e6
"""USD an hour: what costs more is a mistake, and infinity is no price."""

Dollars = Annotated[float, Meta(ge=0, le=DEAREST)]
Kind = Literal["reserved-instance", "savings-plan", "capacity-reservation", "capacity-block"]


class Commitment(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One of them. `hourly` is USD an hour: of one instance, whatever was paid when, or of a whole savings plan.

    `instance_type` and `count` say what a reservation is of, `zone` where ("": the whole region; then a reserved
    instance also covers other sizes of its family). A savings plan is for a `family` ("": any) and has the prices
    `rates` by instance type, or takes the share `discount` off the list price. A capacity reservation has no price of
    its own: what runs in it and what does not costs the list price. `ends` is epoch seconds.
    """

    kind: Kind
    id: str = ""
    hourly: Dollars = 0.0
    instance_type: str = ""
    family: str = ""
    zone: str = ""
    count: Annotated[int, Meta(ge=1)] = 1
    rates: dict[str, Dollars] = {}
    discount: Annotated[float, Meta(ge=0, lt=1)] | None = None
    ends: float | None = None

    def rate(self, instance_type: str, list_price: float) -> float | None:
        """What a savings plan asks for an hour of this type; None where it does not cover it."""
        if self.family and instance_type.partition(".")[0] != self.family:
            return None
        known = self.rates.get(instance_type)
        if known is None and self.discount is not None:
            known = list_price * (1 - self.discount)
        return known
