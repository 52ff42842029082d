"""The domains that NodePools could ever make, by key (spec/scheduling.md 7.1)."""

from collections.abc import Iterable, Sequence

from karptui.engine.provisioning.catalogue import PreparedCatalogue
from karptui.engine.provisioning.pools import pool_labels
from karptui.model.nodepool import NodePool
from karptui.model.requirements import Requirement, from_specs
from karptui.model.taints import Taint, Toleration, tolerates_all

Taints = tuple[Taint, ...]


class Universe:
    """Domain → the taint sets of the pools that could make it, found per key when first asked for."""

    def __init__(self, pools: Sequence[NodePool], catalogue: PreparedCatalogue) -> None:
        self._catalogue = catalogue
        self._pools = [
            (from_specs(pool.template.requirements).merge(pool_labels(pool)), pool.template.taints, visible)
            for pool in pools
            if (visible := catalogue.visible(pool.key))
        ]
        self._domains: dict[str, dict[str, list[Taints]]] = {}

    def domains(self, key: str, tolerations: tuple[Toleration, ...] | None) -> Iterable[str]:
        """The domains of a key; with tolerations, those of which some pool's taints are tolerated."""
        known = self._domains.get(key)
        if known is None:
            known = self._domains[key] = self._find(key)
        if tolerations is None:
            return known
        return [
            domain
            for domain, taint_sets in known.items()
            if any(tolerates_all(tolerations, taints) for taints in taint_sets)
        ]

    def _find(self, key: str) -> dict[str, list[Taints]]:
        found: dict[str, list[Taints]] = {}
        for requirements, taints, visible in self._pools:
            own = requirements.get(key)
            values: set[str] = set()
            for stated, types in self._catalogue.stated(key):
                if types & visible:
                    values |= (stated if own is None else own.intersection(stated)).values
            # A complement holds what it excludes; Karpenter registers those values too.
            if own is not None and (visible & ~self._catalogue.stating(key) or _concrete(own)):
                values |= own.values
            for value in sorted(values):
                _insert(found, value, taints)
        return found


def _concrete(requirement: Requirement) -> bool:
    return not requirement.complement and bool(requirement.values)


def _insert(found: dict[str, list[Taints]], domain: str, taints: Taints) -> None:
    known = found.get(domain)
    if known is None or not taints:
        found[domain] = [taints]
    elif known[0]:
        known.append(taints)
