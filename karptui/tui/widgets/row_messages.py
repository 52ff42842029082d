"""What a list tells: messages in the past tense."""

from textual.message import Message
from textual.widget import Widget


class _FromRows(Message):
    def __init__(self, rows: Widget) -> None:
        super().__init__()
        self.rows = rows

    @property
    def control(self) -> Widget:
        """The list, for `@on(…, "#id")`."""
        return self.rows


class RowHighlighted(_FromRows):
    """The cursor came to another row; `key` names it."""

    def __init__(self, rows: Widget, key: str) -> None:
        super().__init__(rows)
        self.key = key


class RowChosen(_FromRows):
    """Enter or a second click on a row; `key` names it."""

    def __init__(self, rows: Widget, key: str) -> None:
        super().__init__(rows)
        self.key = key


class Rearranged(_FromRows):
    """A list has found all that passes its filter, in its order; how many that is was not known before."""


class HeaderChosen(_FromRows):
    """A click on a column title; `column` is its index."""

    def __init__(self, rows: Widget, column: int) -> None:
        super().__init__(rows)
        self.column = column
