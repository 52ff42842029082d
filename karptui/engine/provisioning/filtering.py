"""Which instance types of a claim still hold its pods and one more (spec/scheduling.md 8.2)."""

from bisect import bisect_right
from collections.abc import Mapping

from karptui.engine.provisioning.catalogue import PreparedCatalogue
from karptui.engine.provisioning.claims import Claim
from karptui.engine.provisioning.classes import PodClass
from karptui.engine.provisioning.daemons import DaemonGroup
from karptui.engine.provisioning.host_ports import clash
from karptui.engine.provisioning.requirement_sets import RequirementSet


class TypeFilter:
    """Masks of types by requirements, offerings and resources together."""

    def __init__(self, catalogue: PreparedCatalogue) -> None:
        self._catalogue = catalogue
        self._tables = catalogue.allocatable.tables
        self._opened: dict[tuple[object, ...], int] = {}
        self._plain = not catalogue.extra_rows

    def joining(self, claim: Claim, class_: PodClass, requirements: RequirementSet) -> int:
        """The types of an open claim that hold one more pod of a class, under these requirements."""
        if not self._plain or class_.spec.host_ports:
            totals = dict(claim.requests)
            for name, amount in class_.amounts:
                totals[name] = totals.get(name, 0) + amount
            return self._by_group(claim.groups, claim.types, class_, claim, requirements, totals)
        eligible = claim.types & requirements.types & requirements.rows
        if not eligible:
            return 0
        used, kept = claim.requests, 0
        tables = self._tables
        for group in claim.groups:
            mask = eligible & group.types
            overhead = group.overhead
            # What the pod does not ask for has not changed since the types were filtered for the claim's last pod.
            for name, amount in class_.amounts:
                if name in used:
                    amount += used[name]
                if overhead:
                    amount += overhead.get(name, 0)
                table = tables.get(name)
                if table is not None:
                    mask &= table[1][bisect_right(table[0], -amount)]
                elif amount > 0:
                    mask = 0
                    break
            kept |= mask
        return kept

    def opening(self, groups: list[DaemonGroup], eligible: int, class_: PodClass, requirements: RequirementSet) -> int:
        """The types that hold the first pod of a claim."""
        if class_.spec.host_ports:
            return self._by_group(groups, eligible, class_, None, requirements, dict(class_.amounts))
        # Requirements name their NodePool, and so the groups.
        key = (requirements, class_.amounts, eligible)
        types = self._opened.get(key)
        if types is None:
            types = self._by_group(groups, eligible, class_, None, requirements, dict(class_.amounts))
            self._opened[key] = types
        return types

    def _by_group(
        self,
        groups: list[DaemonGroup],
        eligible: int,
        class_: PodClass,
        claim: Claim | None,
        requirements: RequirementSet,
        totals: Mapping[str, int],
    ) -> int:
        catalogue, kept = self._catalogue, 0
        wanted = class_.spec.host_ports
        for group in groups:
            types = eligible & group.types & requirements.types
            if not types:
                continue
            if wanted and (clash(wanted, group.ports) or (claim is not None and clash(wanted, claim.ports))):
                continue
            amounts = dict(totals)
            for name, amount in group.amounts:
                amounts[name] = amounts.get(name, 0) + amount
            rows = catalogue.expand(types) & requirements.rows & catalogue.allocatable.fits(amounts.items())
            kept |= catalogue.collapse(rows)
        return kept
