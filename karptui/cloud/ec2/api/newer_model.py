"""Members of EC2's API that the installed botocore does not know yet: it would refuse requests that have them.

Each is as in botocore 1.44; one that botocore knows by itself is left alone.
"""

from typing import Any

Member = dict[str, str]

SHAPES: dict[str, dict[str, Any]] = {
    "ReservedCapacityOptionsRequest": {
        "type": "structure",
        "members": {"ReservationTypes": {"shape": "ReservationTypeListRequest", "locationName": "ReservationType"}},
    },
    "ReservationTypeListRequest": {"type": "list", "member": {"shape": "String"}},
}

MEMBERS: dict[str, dict[str, Member]] = {
    "LaunchTemplateCpuOptionsRequest": {"NestedVirtualization": {"shape": "String"}},
    "CreateFleetRequest": {"ReservedCapacityOptions": {"shape": "ReservedCapacityOptionsRequest"}},
    "CapacityReservation": {"Interruptible": {"shape": "Boolean", "locationName": "interruptible"}},
}
"""Structure → member → how it is written."""


def complete(model: dict[str, Any]) -> None:
    """Add what is missing to EC2's model as botocore loaded it."""
    shapes: dict[str, Any] = model["shapes"]
    for name, shape in SHAPES.items():
        shapes.setdefault(name, shape)
    for structure, members in MEMBERS.items():
        for name, member in members.items():
            shapes[structure]["members"].setdefault(name, member)
