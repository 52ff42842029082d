"""What can be written behind `/`: parsing and matching, without a screen.

`text` keeps rows that contain it, `!text` rows that do not, `key=value` and `key!=value` look at labels and columns
(`*` stands for anything), `>$0.2` and `<$1` compare the price per hour, `cpu>4` a number, `pending>1m` and `age<2h` a
time, of which a plain number is seconds. Words are joined by and;
quotes hold a text with spaces together. Upper and lower case are the same.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Protocol, TypeAlias


class Filterable(Protocol):
    """What a row must tell to be filtered."""

    @property
    def text(self) -> str:
        """Everything a person would search for, in lower case."""
        ...

    @property
    def fields(self) -> Mapping[str, str]:
        """Labels and columns by name; names in lower case."""
        ...

    @property
    def numbers(self) -> Mapping[str, float]:
        """What can be compared, by name; the price in $/h is `price`. Unknown ones are left out."""
        ...


_Test: TypeAlias = Callable[[Filterable], bool]
_WORD = re.compile(r'!?(?:[^\s"]*"[^"]*"?|\S+)')
_COMPARISON = re.compile(r"^([\w./-]*)(>=|<=|>|<)(\$?)(.*)$")
_NUMBER = re.compile(r"(\d+(?:\.\d*)?|\.\d+)([smhd%]?)")
_UNITS = {"": 1.0, "%": 1.0, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}


class FilterFault(ValueError):
    """A filter that cannot be understood; the message is one sentence."""


@dataclass(frozen=True)
class Filter:
    """A parsed filter; an empty one keeps everything."""

    source: str
    tests: tuple[_Test, ...]

    def keeps(self, row: Filterable) -> bool:
        """Whether the row passes all parts."""
        return all(test(row) for test in self.tests)

    def narrows(self, other: "Filter") -> bool:
        """Whether it surely keeps nothing that the other does not: words were added, or the last text went on."""
        before, now = _words(other.source), _words(self.source)
        if not before or len(now) < len(before) or now[: len(before) - 1] != before[:-1]:
            return False
        last, grown = before[-1].lower(), now[len(before) - 1].lower()
        return last == grown or (_is_text(last) and _is_text(grown) and grown.startswith(last))

    def __bool__(self) -> bool:
        return bool(self.tests)


NO_FILTER = Filter("", ())


def parse_filter(source: str) -> Filter:
    """Read what was typed behind `/`. Raises FilterFault."""
    return Filter(source, tuple(map(_test, _words(source))))


def _words(source: str) -> list[str]:
    return [word for word in _WORD.findall(source) if word.strip('!"')]


def _is_text(word: str) -> bool:
    return not word.startswith("!") and '"' not in word and "=" not in word and not _COMPARISON.match(word)


def _test(word: str) -> _Test:
    if word.startswith("!"):
        inner = _test(word[1:])
        return lambda row: not inner(row)
    if word.startswith('"'):
        return _contains(word.strip('"'))
    if comparison := _COMPARISON.match(word):
        return _compares(*comparison.groups(), word=word)
    key, separator, value = word.partition("=")
    if separator and key.rstrip("!"):
        return _has_value(key.rstrip("!").lower(), value.strip('"').lower(), wanted=not key.endswith("!"))
    return _contains(word.replace('"', ""))


def _contains(text: str) -> _Test:
    wanted = text.lower()
    return lambda row: wanted in row.text


def _has_value(key: str, pattern: str, wanted: bool) -> _Test:
    # Only * is special; [ and ? occur in no label but must not be read as patterns.
    escaped = pattern.replace("[", "[[]").replace("?", "[?]")

    def has(row: Filterable) -> bool:
        value = row.fields.get(key)
        return (value is not None and fnmatchcase(value.lower(), escaped)) is wanted

    return has


def _compares(name: str, sign: str, dollar: str, digits: str, word: str) -> _Test:
    number_text = _NUMBER.fullmatch(digits)
    if number_text is None:
        example = "price>0.2 or >$0.2" if dollar or not name else f"{name}>4"
        raise FilterFault(f"{word!r} compares with {digits or 'nothing'!r}, which is no number; write {example}.")
    key, limit = name.lower() or "price", float(number_text[1]) * _UNITS[number_text[2]]

    def compares(row: Filterable) -> bool:
        number = row.numbers.get(key)
        if number is None:
            return False
        return {">": number > limit, "<": number < limit, ">=": number >= limit, "<=": number <= limit}[sign]

    return compares
