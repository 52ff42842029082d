"""Which instance types of a claim still hold its pods and one more (spec/scheduling.md 8.2)."""

from bisect import bisect_right
from collections.abc import Mapping

from karptui.engine.provisioning.catalogue import PreparedCatalogue
from karptui.engine.provisioning.claims import Claim
from karptui.engine.provisioning.classes import PodClass
from karptui.engine.provisioning.daemons import DaemonGroup
from karptui.engine.provisioning.host_ports import clash
from karptui.engine.provisioning.requirement_sets import RequirementSet

_Tests = tuple[int, list[tuple[str, int, list[int], list[int]]]]
"""The types of one group, and by resource: name, negated amount, and the table of FitIndex."""


class TypeFilter:
    """Masks of types by requirements, offerings and resources together."""

    def __init__(self, catalogue: PreparedCatalogue) -> None:
        self._catalogue = catalogue
        self._opened: dict[tuple[RequirementSet, int, int], int] = {}
        self._tests: dict[tuple[int, int], list[_Tests]] = {}
        self._plain = not catalogue.extra_rows

    def joining(self, claim: Claim, class_: PodClass, requirements: RequirementSet) -> int:
        """The types of an open claim that hold one more pod of a class, under these requirements."""
        if not self._plain or class_.spec.host_ports:
            totals = dict(claim.requests)
            for name, amount in class_.amounts:
                totals[name] = totals.get(name, 0) + amount
            return self._by_group(claim.groups, claim.types, class_, claim, requirements, totals)
        eligible = claim.types & requirements.eligible
        if not eligible:
            return 0
        tests = self._tests.get((class_.size, claim.template.index))
        if tests is None:
            tests = self._tests[class_.size, claim.template.index] = self._tests_of(claim.groups, class_)
        used, kept = claim.requests, 0
        for types, amounts in tests:
            mask = eligible & types
            for name, less, negated, prefixes in amounts:
                mask &= prefixes[bisect_right(negated, less - used.get(name, 0))]
            kept |= mask
        return kept

    def _tests_of(self, groups: list[DaemonGroup], class_: PodClass) -> "list[_Tests]":
        """What a pod of a class asks of every group's types, as far as the pod asks.

        The rest has not changed since the types were filtered for the claim's last pod.
        """
        tables = self._catalogue.allocatable.tables
        found: list[_Tests] = []
        for group in groups:
            amounts = [(name, amount + group.overhead.get(name, 0)) for name, amount in class_.amounts]
            if all(name in tables or amount <= 0 for name, amount in amounts):
                known = [(name, -amount, *tables[name]) for name, amount in amounts if name in tables]
                found.append((group.types, known))
        return found

    def opening(self, groups: list[DaemonGroup], eligible: int, class_: PodClass, requirements: RequirementSet) -> int:
        """The types that hold the first pod of a claim."""
        if class_.spec.host_ports:
            return self._by_group(groups, eligible, class_, None, requirements, dict(class_.amounts))
        # Requirements name their NodePool, and so the groups.
        key = (requirements, class_.size, eligible)
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
