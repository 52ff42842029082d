"""One catalogue for NodePools whose NodeClasses make different things of the types."""

from collections.abc import Mapping

from msgspec.structs import replace

from karptui.model.instance_type import Catalogue, InstanceType


def for_all(by_class: Mapping[str, Catalogue], of_pool: Mapping[str, str]) -> Catalogue:
    """What the NodePools see together: the catalogue of the NodeClass that most of them have, and for each of the
    others what its own NodeClass makes of a type. `of_pool` gives the key of a pool's NodeClass."""
    chosen = list(of_pool.values())
    first = by_class[max(sorted(by_class), key=chosen.count)]
    types = {type_.name: type_ for type_ in first.types}
    by_pool: dict[str, tuple[str, ...]] = {}
    variants: dict[str, dict[str, InstanceType]] = {}
    for pool, key in sorted(of_pool.items()):
        own = by_class.get(key, first)
        if own is first:
            continue
        variants[pool] = {type_.name: type_ for type_ in own.types if types.get(type_.name) is not type_}
        for type_ in own.types:
            types.setdefault(type_.name, type_)
        by_pool[pool] = tuple(type_.name for type_ in own.types)
    if len(types) == len(first.types) and all(len(names) == len(types) for names in by_pool.values()):
        by_pool = {}
    else:
        by_pool |= {pool: tuple(type_.name for type_ in first.types) for pool in of_pool.keys() - by_pool.keys()}
    variants = {pool: own for pool, own in variants.items() if own}
    if not variants and not by_pool:
        return first
    return replace(first, types=tuple(types.values()), by_pool=by_pool, variants=variants)
