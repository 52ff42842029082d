"""Zones that ARC shifts the cluster's traffic away from (spec/aws.md 1.8): nothing is launched or ended there."""

import asyncio
from collections.abc import Callable

from karptui.cloud.ec2.api.client import AwsClients
from karptui.cloud.ec2.api.errors import calling
from karptui.cloud.provider import CloudError, Launched, NotFound
from karptui.model.labels import ZONE_ID

LOOK_SECONDS = 30.0
"""How old the answer may grow; Karpenter's own figure."""
PATIENCE_SECONDS = 1.0
"""How long the answer is waited for (real seconds); a later one counts when it comes."""


class ZonalShift:
    """The shifts of one cluster, by its ARN; with "" there are none. `now` gives epoch seconds."""

    def __init__(self, clients: AwsClients, arn: str, now: Callable[[], float]) -> None:
        self._clients = clients
        self._arn = arn
        self._now = now
        self._until: dict[str, float] = {}
        self._asked = float("-inf")
        self._asking: asyncio.Task[None] | None = None
        self.trouble = ""
        """Why the last question was not answered."""

    @property
    def zones(self) -> frozenset[str]:
        """Ids of the zones that are shifted away from now."""
        now = self._now()
        return frozenset(zone for zone, until in self._until.items() if until > now)

    def covers(self, instance: Launched | None) -> bool:
        """Whether an instance is in such a zone; one of which nothing is known is not."""
        return instance is not None and instance.labels.get(ZONE_ID, "") in self.zones

    async def look(self) -> None:
        """Ask, unless that was done a moment ago; without an answer what is known goes on being so.

        Launches must not stand still for a service that only says where they should not go.
        """
        now = self._now()
        if not self._arn or self._asking is not None or now - self._asked < LOOK_SECONDS:
            return
        self._asked = now
        self._asking = asyncio.ensure_future(self._ask())
        await asyncio.wait((self._asking,), timeout=PATIENCE_SECONDS)

    async def stop(self) -> None:
        """Ask nothing more."""
        if self._asking is not None:
            self._asking.cancel()
            await asyncio.gather(self._asking, return_exceptions=True)

    async def _ask(self) -> None:
        try:
            self._until = await self._shifts()
            self.trouble = ""
        except CloudError as error:
            self.trouble = self.trouble or str(error)  # one text for as long as it lasts
        finally:
            self._asking = None

    async def check(self) -> None:
        """Raises CloudError where the cluster's shifts cannot be known: somebody relies on their being honoured."""
        if not self._arn:
            return
        try:
            self._until = await self._shifts()
        except NotFound as error:
            message = (
                f"{self._arn} is not registered for zonal shift: enable it in EKS, or leave out --enable-zonal-shift"
            )
            raise NotFound(message) from error

    async def _shifts(self) -> dict[str, float]:
        """When the shift that is applied ends, by zone id."""
        client = await self._clients.get("arc-zonal-shift")
        with calling("arc-zonal-shift", "GetManagedResource"):
            found = await client.get_managed_resource(resourceIdentifier=self._arn)
        return {
            shift["awayFrom"]: shift["expiryTime"].timestamp()
            for shift in found.get("zonalShifts") or ()
            if shift.get("appliedStatus") == "APPLIED"
        }
