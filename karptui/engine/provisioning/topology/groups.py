"""Groups: pods that are spread, attracted or kept apart by one term, and how many are in each domain (7.2, 7.6)."""

from collections.abc import Mapping
from enum import StrEnum

from karptui.engine.provisioning.topology.node_filter import NodeFilter
from karptui.model.labels import HOSTNAME
from karptui.model.requirements import Requirement
from karptui.model.selectors import LabelSelector

Host = str | int
"""A hostname: that of an existing node, or the number of a claim of this plan."""

UNLIMITED = 2**31 - 1

_NOWHERE: frozenset[str] = frozenset()


class Kind(StrEnum):
    """What a group does, in the words of Karpenter's messages."""

    SPREAD = "topology spread"
    AFFINITY = "pod affinity"
    ANTI_AFFINITY = "pod anti-affinity"


class Group:
    """`counts` has an entry for every known domain, `hosts` (for kubernetes.io/hostname) for those with pods."""

    __slots__ = (
        "alone",
        "chance",
        "counts",
        "hosts",
        "key",
        "kind",
        "known",
        "max_skew",
        "min_domains",
        "namespaces",
        "node_filter",
        "occupied",
        "per_host",
        "selector",
    )

    def __init__(
        self,
        kind: Kind,
        key: str,
        namespaces: frozenset[str],
        selector: LabelSelector | None,
        max_skew: int = UNLIMITED,
        min_domains: int | None = None,
        node_filter: NodeFilter | None = None,
    ) -> None:
        self.kind = kind
        self.key = key
        self.namespaces = namespaces
        self.selector = selector
        self.max_skew = max_skew
        self.min_domains = min_domains
        self.node_filter = node_filter
        self.per_host = key == HOSTNAME
        self.chance: Mapping[str, int] = {}
        """Domains that win where Karpenter leaves it to chance, by their place; empty: the smallest name does."""
        self.counts: dict[str, int] = {}
        self.alone: dict[str, frozenset[str]] = {}
        self.hosts: dict[Host, int] = {}
        self.occupied = 0
        self.known: dict[tuple[bool, Requirement, Requirement, int], frozenset[str]] = {}
        """What attraction and repulsion came to: that depends on which domains are occupied, not on how many pods."""

    @property
    def identity(self) -> tuple[object, ...]:
        """Groups with equal identities are one (7.2)."""
        filtered = self.node_filter.identity if self.node_filter is not None else None
        return (self.kind, self.key, self.namespaces, self.selector, self.max_skew, filtered)

    def selects(self, namespace: str, labels: Mapping[str, str]) -> bool:
        """Whether pods like this count."""
        return namespace in self.namespaces and self.selector is not None and self.selector.matches(labels)

    def count(self, domain: Host, pods: int = 1) -> None:
        """Pods have come to a domain."""
        if self.per_host:
            self.hosts[domain] = self.hosts.get(domain, 0) + pods
        elif isinstance(domain, str):
            counts = self.counts
            known = counts.get(domain, 0)
            if not known:
                self.occupied += 1
            counts[domain] = known + pods

    def take(self, pods: Mapping[str, int], less: Mapping[str, int]) -> None:
        """Many pods at once: those by domain, without some of them."""
        if self.per_host and not self.hosts:
            self.hosts.update(pods)
            for domain, number in less.items():
                self.hosts[domain] -= number
                if not self.hosts[domain]:
                    del self.hosts[domain]
            return
        for domain, number in pods.items():
            left = number - less.get(domain, 0)
            if left:
                self.count(domain, left)

    def register(self, domain: str) -> None:
        """A domain exists."""
        if not self.per_host:
            self.counts.setdefault(domain, 0)
            self.known.clear()

    # --- choosing -------------------------------------------------------------------------------------------------

    def admits_host(self, host: Host, selected: bool, pod_domains: Requirement | None) -> bool:
        """Whether a pod may go to a host, for a group on kubernetes.io/hostname; `selected`: the group counts it."""
        count = self.hosts.get(host, 0)
        if self.kind is Kind.SPREAD:
            return count + selected <= self.max_skew
        if self.kind is Kind.ANTI_AFFINITY:
            return count == 0
        if pod_domains is not None and not (isinstance(host, str) and pod_domains.has(host)):
            return False
        if count > 0:
            return True
        return selected and not any(
            amount > 0 and (pod_domains is None or (isinstance(known, str) and pod_domains.has(known)))
            for known, amount in self.hosts.items()
        )

    def domains(self, selected: bool, pod: Requirement, node: Requirement) -> frozenset[str]:
        """The domains among which a pod may be, for any other key; empty: none (7.6).

        `pod` is what the pod itself strictly asks of the key, `node` what the node or claim still allows.
        """
        if self.kind is Kind.SPREAD:
            return self._spread(selected, pod, node)
        key = (selected, pod, node, self.occupied)
        found = self.known.get(key)
        if found is None:
            repels = self.kind is Kind.ANTI_AFFINITY
            found = self.known[key] = self._empty(pod, node) if repels else self._attracted(selected, pod, node)
        return found

    def _empty(self, pod: Requirement, node: Requirement) -> frozenset[str]:
        return frozenset(
            domain for domain, count in self.counts.items() if not count and node.has(domain) and pod.has(domain)
        )

    def _spread(self, selected: bool, pod: Requirement, node: Requirement) -> frozenset[str]:
        counts = self.counts
        allowed = counts.values()
        if not pod.is_open:
            allowed = [count for domain, count in counts.items() if pod.has(domain)]
        least = min(allowed, default=UNLIMITED)
        if self.min_domains is not None and len(allowed) < self.min_domains:
            least = 0
        if self.chance:
            return self._by_chance(selected, least, node)
        most = self.max_skew + least - selected
        best: str | None = None
        if node.complement or len(node.values) != 1:
            fewest = most
            for domain, count in counts.items():
                if count <= fewest and node.has(domain) and (best is None or count < fewest or domain < best):
                    best, fewest = domain, count
        else:
            (only,) = node.values
            if counts.get(only, most + 1) <= most:
                best = only
        if best is None:
            return _NOWHERE
        alone = self.alone.get(best)
        if alone is None:
            alone = self.alone[best] = frozenset((best,))
        return alone

    def _by_chance(self, selected: bool, least: int, node: Requirement) -> frozenset[str]:
        fitting = [
            (count, self.chance.get(domain, len(self.chance)), domain)
            for domain, count in self.counts.items()
            if count + selected - least <= self.max_skew and node.has(domain)
        ]
        return frozenset((min(fitting)[2],)) if fitting else frozenset()

    def _attracted(self, selected: bool, pod: Requirement, node: Requirement) -> frozenset[str]:
        found = frozenset(
            domain for domain, count in self.counts.items() if count > 0 and pod.has(domain) and node.has(domain)
        )
        if found or not selected:
            return found
        if any(count > 0 and pod.has(domain) for domain, count in self.counts.items()):
            return found
        anywhere = [domain for domain in self.counts if pod.has(domain)]
        here = [domain for domain in anywhere if node.has(domain)]
        # Karpenter takes any; the smallest name keeps the answer repeatable.
        last = len(self.chance)
        chosen = (min((self.chance.get(name, last), name) for name in names)[1] for names in (here, anywhere) if names)
        return frozenset(chosen)
