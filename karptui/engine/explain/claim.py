"""A planned claim, explained type by type: which test left how many types, and why each of the others lost."""

from collections.abc import Iterable, Mapping
from math import inf

from msgspec import Struct

from karptui.engine.explain.sentences import wish
from karptui.engine.provisioning.catalogue import PreparedCatalogue, bits, prepare
from karptui.engine.provisioning.daemons import DaemonGroup, daemon_groups, daemons
from karptui.engine.provisioning.min_values import MinValues
from karptui.engine.provisioning.overlays import overlaid
from karptui.engine.provisioning.pools import template_requirements, templates
from karptui.engine.provisioning.reasons import allowed
from karptui.engine.provisioning.requirement_sets import RequirementSet, RequirementSpace
from karptui.model.decision import FunnelStep, PlannedClaim, Reason, Refusal, TypeVerdict
from karptui.model.labels import ARCH, CAPACITY_TYPE, INSTANCE_TYPE, OS, ZONE
from karptui.model.pod_requests import PODS
from karptui.model.quantity import human
from karptui.model.requirements import NO_REQUIREMENTS, Requirement, Requirements, from_specs
from karptui.model.resources import Resources, merge, subtract
from karptui.model.snapshot import Snapshot

_PLATFORM = (ARCH, OS)
_OFFERED = (ZONE, CAPACITY_TYPE)


class Explanation(Struct, frozen=True, gc=False):
    """The funnel from all types to those of the claim, and one verdict for every type, cheapest first."""

    funnel: tuple[FunnelStep, ...] = ()
    verdicts: tuple[TypeVerdict, ...] = ()


class _Step(Struct, frozen=True, gc=False):
    """One test: the mask of types that were left after it."""

    code: Refusal | None
    key: str
    detail: str
    mask: int


def explain_claim(snapshot: Snapshot, claim: PlannedClaim) -> Explanation:
    """Works a claim out anew from the catalogue and NodePool of a Snapshot.

    What only the moment of the decision knew, how much of a limit was left, is taken from the claim's own types.
    """
    catalogue = prepare(overlaid(snapshot).catalogue)
    space = RequirementSpace(catalogue)
    # Adding up what offerings allow narrows the capacity type; no type or offering that was left is lost by it.
    requirements = space.intern(from_specs(claim.requirements))
    work = _Explaining(snapshot, claim, catalogue, space, requirements)
    steps = work.steps()
    funnel = tuple(FunnelStep(step.code, step.key, step.detail, step.mask.bit_count()) for step in steps)
    verdicts = [work.verdict(bit, steps) for bit in bits(steps[0].mask)]
    verdicts.sort(key=lambda verdict: (verdict.price, verdict.instance_type))
    return Explanation(funnel, tuple(verdicts))


class _Explaining:
    """What all types of one claim share."""

    def __init__(
        self,
        snapshot: Snapshot,
        claim: PlannedClaim,
        catalogue: PreparedCatalogue,
        space: RequirementSpace,
        requirements: RequirementSet,
    ) -> None:
        self._claim = claim
        self._catalogue = catalogue
        self._requirements = requirements
        self._max_types = snapshot.options.max_instance_types
        self._kept = sum(1 << bit for bit in self._places(claim.instance_types))
        pool = snapshot.node_pools.get(claim.node_pool)
        self._pool = template_requirements(pool) if pool is not None else NO_REQUIREMENTS
        self._limited = pool is not None and bool(pool.limits)
        self._groups: list[DaemonGroup] = []
        if pool is not None:
            min_values = MinValues(catalogue, space, snapshot.options.min_values_policy)
            for template in templates([pool], space, catalogue, min_values):
                self._groups = daemon_groups(template, daemons(snapshot), catalogue, space)
        self._pods = subtract(claim.requests, claim.daemon_requests)

    def _places(self, names: Iterable[str]) -> list[int]:
        """The bits of types as the claim's NodePool sees them; names that are unknown by now are left out."""
        places = (self._catalogue.place(self._claim.node_pool, name) for name in names)
        return [bit for bit in places if bit is not None]

    # --- the funnel -----------------------------------------------------------------------------------------------

    def steps(self) -> list[_Step]:
        """The tests in the order of the funnel, with what each left."""
        catalogue = self._catalogue
        visible = catalogue.visible(self._claim.node_pool) | self._kept
        found = [_Step(None, "", "instance types on offer", visible)]
        left = visible
        for origin, entry in self._in_order():
            left &= catalogue.matching(entry)
            if left != found[-1].mask or entry.key in _PLATFORM:
                found.append(
                    _Step(Refusal.REQUIREMENT, entry.key, f"{origin}: {wish(entry.key, allowed(entry))}", left)
                )
        found += self._offered(left)
        self._last(found)
        return found

    def _in_order(self) -> list[tuple[str, Requirement]]:
        """Platform, then what the NodePool asks, then what its pods add, each by key."""
        final = self._requirements.requirements
        skipped = {*_PLATFORM, *_OFFERED, INSTANCE_TYPE}
        platform = [("platform", final.of(key)) for key in _PLATFORM if key in final]
        pool = [("pool", self._pool.of(key)) for key in sorted(self._pool.keys()) if key not in skipped]
        own = Requirements(entry for _, entry in pool)
        pods = [
            ("pods", final.of(key))
            for key in sorted(final.keys())
            if key not in skipped and own.get(key) != final.get(key)
        ]
        return platform + pool + pods

    def _offered(self, left: int) -> list[_Step]:
        """Zone × capacity type, then resources, then what can be had now."""
        requirements, catalogue = self._requirements, self._catalogue
        offered = 0
        for kind in requirements.kinds:
            offered |= kind.types
        left &= offered
        final = requirements.requirements
        zones, kinds = (_listed(final.get(key)) for key in _OFFERED)
        where = f"offered{f' as {kinds}' if kinds else ''}{f' in {zones}' if zones else ''}"
        found = [_Step(Refusal.NO_OFFERING, ZONE, where, left)]
        fitting = left & self._fitting()
        asked = sorted(self._claim.requests.items())
        amounts = ", ".join(f"{name} {human(amount, name)}" for name, amount in asked if name != PODS)
        found.append(_Step(Refusal.RESOURCES, "", f"large enough for {amounts or 'its pods'}", fitting))
        available = fitting & catalogue.collapse(requirements.rows)
        found.append(_Step(Refusal.NO_CAPACITY, "", "available now", available))
        return found

    def _fitting(self) -> int:
        """The types that hold the pods and what DaemonSets take there."""
        catalogue, mask = self._catalogue, 0
        known = 0
        for group in self._groups:
            known |= group.types
            rows = catalogue.expand(group.types) & catalogue.allocatable.fits(merge(self._pods, group.overhead).items())
            mask |= catalogue.collapse(rows)
        others = catalogue.expand(catalogue.all & ~known)
        return mask | catalogue.collapse(others & catalogue.allocatable.fits(self._claim.requests.items()))

    def _last(self, found: list[_Step]) -> None:
        """What the limit and the cut took, which is what is not in the claim."""
        left = found[-1].mask
        lost = left & ~self._kept
        cut = len(self._claim.instance_types) >= self._max_types
        if not lost:
            return
        if cut:
            order, prices = self._catalogue.price_order(self._requirements.kinds)
            dearest = prices[self._places(self._claim.instance_types[-1:])[0]]
            dear = sum(1 << bit for bit in order if lost >> bit & 1 and prices[bit] >= dearest)
        else:
            dear = 0
        if lost & ~dear:
            code = Refusal.LIMIT if self._limited else Refusal.REQUIREMENT
            detail = "within the limits of the pool" if self._limited else "left by the claim's other pods"
            left &= ~(lost & ~dear)
            found.append(_Step(code, "", detail, left))
        if dear:
            found.append(_Step(Refusal.TRUNCATED, "", f"the cheapest {self._max_types}", left & ~dear))

    # --- verdicts -------------------------------------------------------------------------------------------------

    def verdict(self, bit: int, steps: list[_Step]) -> TypeVerdict:
        """Why one type is in, or the first test that it failed."""
        type_ = self._catalogue.types[bit]
        price, zone, capacity_type, overlay = self._cheapest(bit)
        total = merge(self._pods, self._overhead(bit))
        use = {name: total[name] / amount for name, amount in type_.allocatable.items() if amount > 0 and name in total}
        reason = self._reason(bit, steps, total, price)
        return TypeVerdict(type_.name, reason, price, capacity_type, zone, use, overlay, type_.capacity_overlays)

    def _reason(self, bit: int, steps: list[_Step], total: Resources, price: float) -> Reason:
        failed = next((step for step in steps if not step.mask >> bit & 1), None)
        if failed is None or failed.code is None:
            names = self._claim.instance_types
            if names and self._catalogue.types[bit].name == names[0]:
                return Reason(Refusal.CHOSEN)
            return Reason(Refusal.DEARER, wanted=names[0] if names else "", found=f"{price - self._claim.price:.6f}")
        own = self._catalogue.types[bit].requirements
        if failed.code is Refusal.REQUIREMENT and failed.key:
            wanted = self._requirements.requirements.get(failed.key) or self._pool.get(failed.key)
            return Reason(failed.code, "", failed.key, allowed(own.get(failed.key)), allowed(wanted))
        if failed.code is Refusal.RESOURCES:
            return self._shortage(bit, total)
        if failed.code in (Refusal.NO_OFFERING, Refusal.NO_CAPACITY):
            final = self._requirements.requirements
            return Reason(failed.code, "", ZONE, allowed(final.get(ZONE)), allowed(final.get(CAPACITY_TYPE)))
        return Reason(failed.code)

    def _shortage(self, bit: int, total: Mapping[str, int]) -> Reason:
        """The resource that is short by the largest factor."""
        has = self._catalogue.types[bit].allocatable
        short = {name: amount for name, amount in total.items() if amount > has.get(name, 0)}
        worst = max(sorted(short), key=lambda name: short[name] / max(1, has.get(name, 0)), default="")
        return Reason(Refusal.RESOURCES, "", worst, str(total.get(worst, 0)), str(has.get(worst, 0)))

    def _overhead(self, bit: int) -> Mapping[str, int]:
        for group in self._groups:
            if group.types >> bit & 1:
                return group.overhead
        return self._claim.daemon_requests

    def _cheapest(self, bit: int) -> tuple[float, str, str, str]:
        """Price, zone, capacity type and overlay of the cheapest offering: one that the claim admits, else any."""
        type_ = self._catalogue.types[bit]
        admitted = {kind.requirements for kind in self._requirements.kinds}
        best: tuple[int, float, str, str, str] = (3, inf, "", "", "")
        for offering in type_.offerings:
            standing = (0 if offering.requirements in admitted else 1) if offering.available else 2
            mine = (standing, offering.price, offering.zone, offering.capacity_type, offering.price_overlay)
            best = min(best, mine)
        return best[1:]


def _listed(entry: Requirement | None) -> str:
    """The values of an In, joined by "or"; "" for anything else."""
    return " or ".join(sorted(entry.values)) if entry is not None and not entry.complement else ""
