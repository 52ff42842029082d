"""Works out beside the screen what would help pods that fit nowhere: a keystroke must not wait for an engine."""

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from karptui.views.answers.remedies import Question, RemedyBook
    from karptui.world.world import World


class Helping:
    """One question at a time; the others are asked again when the screen is drawn. `told` redraws it."""

    def __init__(self, told: Callable[[], None]) -> None:
        self._told = told
        self.running = False
        """Whether something is worked out now."""

    def attend(self, world: "World") -> None:
        """Take what is asked about this World from now on."""
        from karptui.views.answers.remedies import remedy_book  # not before the first frame

        book = remedy_book(world)
        if book.later is None:
            book.later = lambda question: self._take(book, question)

    def _take(self, book: "RemedyBook", question: "Question") -> None:
        if not self.running:
            self.running = True
            asyncio.get_running_loop().create_task(self._answer(book, question))

    async def _answer(self, book: "RemedyBook", question: "Question") -> None:
        try:
            book.note(question, await asyncio.to_thread(question.answered))
        except Exception:  # a fault of the engine must not end the screen: then nothing is known to help
            book.note(question, ())
        finally:
            self.running = False
            self._told()
