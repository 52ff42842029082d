"""Fuzzy matching of what is typed in the palette."""

from collections.abc import Sequence


def score(query: str, text: str) -> float | None:
    """How well a query matches, higher is better; None when it does not.

    Every word of the query must occur: as a beginning of a word (3 points), inside one (2), or with its letters in
    order (1, less what lies between them). Shorter texts win between equals.
    """
    lowered = text.lower()
    total = 0.0
    for word in query.lower().split():
        at = lowered.find(word)
        starts = at == 0 or (at > 0 and not lowered[at - 1].isalnum())
        if at >= 0 and not starts:
            starts = any(not lowered[i - 1].isalnum() for i in _places(lowered, word) if i)
        if at >= 0:
            total += 3.0 if starts else 2.0
            continue
        spread = _spread(word, lowered)
        if spread is None:
            return None
        total += 1.0 - min(spread / 100, 0.9)
    return total - len(text) / 10_000


def _places(text: str, word: str) -> Sequence[int]:
    found, at = [], text.find(word)
    while at >= 0:
        found.append(at)
        at = text.find(word, at + 1)
    return found


def _spread(word: str, text: str) -> int | None:
    """Foreign letters between the first and the last of the word; None when out of order or too far apart."""
    first, at = -1, -1
    for letter in word:
        at = text.find(letter, at + 1)
        if at < 0:
            return None
        first = at if first < 0 else first
    spread = at - first + 1 - len(word)
    return spread if spread <= 3 * len(word) else None
