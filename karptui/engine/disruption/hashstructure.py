"""The way in which Karpenter hashes Go values: mitchellh/hashstructure's FormatV2, 64-bit FNV-1, slices as sets.

Every nested part is hashed on its own; lists and maps go in any order, structs field by field.
"""

from collections.abc import Iterable

_OFFSET, _PRIME, _MASK = 0xCBF29CE484222325, 0x100000001B3, 2**64 - 1


def hash_of_bytes(data: bytes) -> int:
    """FNV-1, 64 bits: multiplied first, then mixed."""
    value = _OFFSET
    for byte in data:
        value = (value * _PRIME & _MASK) ^ byte
    return value


def hash_of_text(text: str) -> int:
    """A string."""
    return hash_of_bytes(text.encode())


def hash_of_number(value: int) -> int:
    """An integer of 64 bits, which is also how a sum of hashes is finished."""
    return hash_of_bytes((value & _MASK).to_bytes(8, "little"))


def hash_of_pair(first: int, second: int) -> int:
    """Two hashes in their order."""
    return hash_of_bytes(first.to_bytes(8, "little") + second.to_bytes(8, "little"))


def hash_of_set(hashes: Iterable[int]) -> int:
    """Hashes in any order."""
    mixed = 0
    for value in hashes:
        mixed ^= value
    return mixed


def hash_of_map(entries: Iterable[tuple[str, int]]) -> int:
    """Keys with the hashes of their values, in any order."""
    return hash_of_number(hash_of_set(hash_of_pair(hash_of_text(key), value) for key, value in entries))


def hash_of_struct(name: str, fields: Iterable[tuple[str, int | None]]) -> int:
    """The fields of a struct with their hashes, by their Go names; None for one that does not count."""
    mixed = hash_of_text(name)
    for field, value in fields:
        if value is not None:
            mixed = hash_of_number(mixed ^ hash_of_pair(hash_of_text(field), value))
    return mixed
