"""What every action of the table is expected to do, and the applications on which it is tried."""

from collections.abc import Awaitable, Callable
from typing import Any

from textual.pilot import Pilot

from karptui.control.by_hand import ByHand
from karptui.control.safety.brakes import Brakes
from karptui.model.decision import Decision, DecisionKind
from karptui.tui.actions import ACTIONS, PLACES, Action, textual_key
from karptui.tui.appearance.theme import load_themes, shipped_folder
from karptui.tui.lists.filter import NO_FILTER
from karptui.tui.live import Live
from karptui.tui.screens.frame import Frame
from karptui.tui.subject import Subject
from karptui.tui.widgets.listing import Listing
from karptui.world import events
from tests.tui.moment import Moment, decided, text_of, until, until_shown
from tests.tui.shadowed import shadow_at
from tests.tui.test_contexts import Known
from tests.tui.test_travel import told
from tests.world.recorded import STARTED

LISTS = ("overview", "pods", "map", "decisions", "shadow", "cost", "whatif", "log", "objects")
DETAILS = ("timeline", "decision", "detail")
ALL = (*LISTS, *DETAILS)
SEARCHED = ("overview", "pods", "decisions", "shadow", "cost", "whatif", "log", "objects", "decision")

Expectation = Callable[["Tried"], Awaitable[None]]
EXPECTED: dict[tuple[str, str, str], Expectation] = {}
"""By name of the action, screen, and scene."""


def expects(name: str, *screens: str, scene: str = "") -> Callable[[Expectation], Expectation]:
    """What pressing the action's key on these screens does; `scene` if not the one where everything else is tried."""

    def note(expectation: Expectation) -> Expectation:
        for screen in screens:
            case = (name, screen, scene or scene_of(name, screen))
            assert case not in EXPECTED, case
            EXPECTED[case] = expectation
        return expectation

    return note


def scene_of(name: str, screen: str) -> str:
    """Where an action without modes of its own is tried: a replay, but for what only a shadow has."""
    group = next(action.group for action in ACTIONS if action.name == name)
    return "SHADOW" if screen == "shadow" and group != "time" else "REPLAY"


def scenes_of(action: Action, screen: str) -> str:
    """Where an entry of the table is tried."""
    usual = scene_of(action.name, screen)
    return usual if not action.modes or usual in action.modes else min(action.modes)


def cases() -> dict[tuple[str, str, str], Action]:
    """Every entry of the table on every screen it is for."""
    return {
        (action.name, screen, scenes_of(action, screen)): action
        for action in ACTIONS
        for screen in action.screens or ALL
    }


class Told(Moment):
    """A story whose steps are counted, whose time can be stopped, and which has a kubeconfig."""

    kubeconfig = "a/kubeconfig"

    def __init__(self) -> None:
        super().__init__(decided(11.0), STARTED + 11.0, "DEMO")
        self._paused = False

    @property
    def paused(self) -> bool:
        return self._paused

    async def pause(self, paused: bool) -> None:
        self._paused = paused


def application(scene: str) -> Live:
    """The recorded cluster as the modes show it."""
    match scene:
        case "REPLAY":
            return told(60.0)
        case "SHADOW":
            return shadow_at(60.0)
        case "DEMO":
            return _live(Told(), scene)
        case "OBSERVE":
            run = Moment(decided(11.0), STARTED + 11.0, scene)
            return Live(run, load_themes([shipped_folder()]), mode=scene, contexts=Known)
    run = Moment(decided(40.0), STARTED + 40.0, scene)
    run.by_hand = ByHand(Brakes(), run.sink, run.now)
    run.sink(events.LeaseChanged(run.now(), "karptui-active", "host_1_ab", ours=True))
    node = next(iter(run.world.of("nodes")))
    gone = Decision("D-00090", run.now(), DecisionKind.DELETE, nodes=(node,), cause="Empty", price_change=-0.04)
    run.sink(events.DecisionMade(run.now(), gone))
    return _live(run, scene)


def _live(run: Moment, scene: str) -> Live:
    app = Live(run, load_themes([shipped_folder()]), mode=scene)
    app.run_shown = run
    return app


class Tried:
    """An application with one of its screens before one, on a row where there are rows, and a key to press."""

    def __init__(self, app: Live, pilot: Pilot[None], screen: str) -> None:
        self.app, self.pilot, self.name = app, pilot, screen
        self.key = ""
        self.group = ""
        """Of the action."""

    @property
    def screen(self) -> Frame:
        """What is seen."""
        assert isinstance(self.app.screen, Frame)
        return self.app.screen

    @property
    def place(self) -> str:
        """Which screen is seen; empty for an overlay."""
        return getattr(self.app.screen, "place", "")

    @property
    def subject(self) -> Subject:
        """What the cursor is on."""
        found = self.screen.subject
        assert found is not None
        return found

    @property
    def listing(self) -> "Listing[Any]":
        """The list with the focus."""
        found = self.screen.listing
        assert found is not None
        return found

    @property
    def items(self) -> list[Any]:
        """What the list with the focus shows, in its order."""
        return list(self.listing._rows.items)  # type: ignore[attr-defined]  # pyright: ignore

    @property
    def text(self) -> str:
        """What is on the screen."""
        return text_of(self.app)

    async def press(self, *keys: str) -> None:
        """The action's key, or others."""
        await self.pilot.press(*(textual_key(key) for key in keys or (self.key,)))
        await self.pilot.pause()

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait for it."""
        await until(self.pilot, condition)

    async def shown(self, words: str) -> None:
        """Wait for words."""
        await until_shown(self.pilot, words)

    async def opens(self, place: str) -> None:
        """The key leads there."""
        await self.press()
        await self.until(lambda: self.place == place)

    async def focus(self, which: str) -> "Listing[Any]":
        """Give a list of this screen the focus, once it has a row."""
        listing = self.screen.query_one(which, Listing)
        await self.until(lambda: listing.counts[0] > 0)
        listing.focus()
        await self.pilot.pause()
        return listing

    async def begin(self) -> None:
        """Back on the screen as it is when one comes to it, with the cursor on a row."""
        app = self.app
        while len(app.screen_stack) > 1 and app.screen.is_modal:
            await self.press("esc")
        app.travel.home()
        app.picture.thaw()
        app.marked.clear()
        if self.place != self.name or (self.name in DETAILS and self.screen.subject != self._about):
            await self._go()
        app._notice = None  # pyright: ignore[reportPrivateUsage]
        for listing in self.screen.query(Listing):
            listing.set_filter(NO_FILTER)
        if self.name == "whatif":
            await self.press("R")
        elif self.name == "map":
            await self.until(lambda: self.screen.subject is not None)
        elif self.name in _ROWS and self.group != "time" and app.run_shown.mode not in self._rowless:
            await self.focus(_ROWS[self.name])
        await self.pilot.pause()

    @property
    def _rowless(self) -> tuple[str, ...]:
        """Modes in which the screen has no rows, or none yet."""
        return ("DEMO", "OBSERVE", "REPLAY") if self.name == "shadow" else ("DEMO", "OBSERVE")

    @property
    def _about(self) -> Subject:
        """What a screen about one thing is about: a decision with others before and after, or one that launched."""
        world = self.app.picture.world
        if self.name == "decision":
            decisions = list(world.decisions)
            return Subject("decision", decisions[len(decisions) // 2 if self.group == "time" else 0])
        ways = world.pod_timelines
        return Subject("pod", max(ways, key=lambda key: (bool(ways[key].decision), bool(ways[key].node), key)))

    async def _go(self) -> None:
        await self.press("1")
        if self.name == "objects":
            self.app.show(self.name, Subject("nodes", ""))
        elif self.name in DETAILS:
            self.app.show(self.name, self._about)
        else:
            await self.press(next(place.key for place in PLACES if place.screen == self.name))
        await self.until(lambda: self.place == self.name and self.app.screen.focused is not None)
        await self.pilot.pause()


_ROWS = {"overview": "#nodes", "pods": "#pods", "decisions": "#decisions", "cost": "#open", "log": "#log",
         "decision": "#types", "objects": "#nodes",
         "shadow": "#cases"}  # fmt: skip
