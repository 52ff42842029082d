"""What changed since somebody looked last, for any number of lookers."""

from collections.abc import Iterable


class Changes:
    """Keys in the order in which they changed last."""

    def __init__(self) -> None:
        self.number = 0
        """Of the latest change."""
        self._numbers: dict[str, int] = {}

    def note(self, keys: Iterable[str]) -> None:
        """These changed just now."""
        self.number += 1
        for key in keys:
            self._numbers.pop(key, None)
            self._numbers[key] = self.number

    def since(self, number: int) -> list[str]:
        """The keys that changed after that change."""
        found: list[str] = []
        for key, at in reversed(self._numbers.items()):
            if at <= number:
                break
            found.append(key)
        return found
