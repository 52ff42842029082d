"""Which objects of one resource are still to be looked at."""

from collections.abc import Iterable


class Keys:
    """Keys that changed; at first, and after `all`, every key there is."""

    def __init__(self) -> None:
        self._changed: set[str] = set()
        self._all = True

    def __bool__(self) -> bool:
        return self._all or bool(self._changed)

    def add(self, key: str) -> None:
        """This one changed."""
        if not self._all:
            self._changed.add(key)

    def add_all(self) -> None:
        """Every one may have changed."""
        self._all = True
        self._changed.clear()

    def taken(self, held: Iterable[str], known: Iterable[str]) -> set[str]:
        """What is to be looked at, from now on nothing: `held` are those there are, `known` those there were."""
        if self._all:
            self._all = False
            return {*held, *known}
        changed, self._changed = self._changed, set()
        return changed
