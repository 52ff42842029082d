"""Sorting and filtering piece by piece ends where sorting and filtering at once ends."""

from hypothesis import given, settings
from hypothesis import strategies as st

from karptui.tui.lists.arrangement import Arrangement
from karptui.tui.lists.filter import NO_FILTER, parse_filter
from karptui.tui.lists.table import arranged
from karptui.tui.lists.tables import PODS
from karptui.views.kept.ranks import Ranks, index_in
from karptui.views.lists.pods import KeptPods
from karptui.views.timelines.progress import waiting
from karptui.world import events
from karptui.world.world import World
from tests.world.recorded import STARTED, pod

FILTERS = ("", "web", "!web", "node=n1", "age>1", "state=running")


def changed(world: World, kept: KeptPods, number: int, node: int) -> None:
    """One pod is on a node, or waits, or has gone."""
    found = pod(f"{'web' if number % 2 else 'job'}-{number}", node=f"n{node}" if node else "", phase="Running")
    change = events.Change.DELETED if node == 3 else events.Change.MODIFIED
    world.apply(events.ObjectSeen(STARTED, "pods", change, found))
    kept.keys.add(found.key)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.lists(st.tuples(st.integers(0, 400), st.integers(0, 3)), max_size=40), max_size=4),
    st.sampled_from(FILTERS),
    st.sampled_from([None, *PODS.orders]),
    st.booleans(),
)
def test_an_arrangement_equals_the_items_filtered_and_sorted_at_once(rounds, words, order, falling) -> None:  # type: ignore[no-untyped-def]
    world, kept = World(), KeptPods()
    for number in range(300):
        changed(world, kept, number, number % 3)
    chosen = parse_filter(words) if words else NO_FILTER
    arrangement = Arrangement(PODS, chosen, order, falling)
    for changes in [[], *rounds]:
        for number, node in changes:
            changed(world, kept, number, node)
        items = kept.read(world, STARTED + 5, waiting(world, STARTED + 5))
        arrangement.take(items)
        found = arrangement.work(items, 0.0)
        while arrangement.behind:
            found = arrangement.work(items, 0.0)
        whole = [row.key for row in arranged(PODS, items, chosen, order, falling if order else False).items]
        keys = [row.key for row in found]
        assert keys == (whole[::-1] if falling and order is None else whole)
        assert [found.index_of(key) for key in keys] == list(range(len(keys)))


@given(
    st.lists(st.tuples(st.integers(0, 400), st.integers(0, 3)), max_size=40),
    st.lists(st.tuples(st.integers(0, 400), st.integers(0, 3)), max_size=40),
    st.integers(0, 8),
)
@settings(max_examples=40, deadline=None)
def test_a_text_that_goes_on_while_things_change_ends_where_it_ends_at_once(first, second, pieces) -> None:  # type: ignore[no-untyped-def]
    world, kept = World(), KeptPods()
    for number in range(300):
        changed(world, kept, number, number % 3)
    arrangement = Arrangement(PODS, parse_filter("web"), None, False)
    items = kept.read(world, STARTED + 5, waiting(world, STARTED + 5))
    arrangement.take(items)
    for _ in range(pieces):  # it may not have looked at everything yet
        arrangement.work(items, 0.0)
    for moves in (first, second):
        for number, node in moves:
            changed(world, kept, number, node)
        items = kept.read(world, STARTED + 5, waiting(world, STARTED + 5))
        chosen = parse_filter("web-1") if moves is first else parse_filter("web-1 node=n1")
        arrangement = arrangement.narrowed(chosen)
        arrangement.take(items)
        found = arrangement.work(items, 0.0)
    while arrangement.behind:
        found = arrangement.work(items, 0.0)
    assert [row.key for row in found] == [row.key for row in arranged(PODS, items, chosen).items]


def test_only_what_waits_is_arranged_when_only_that_is_shown() -> None:
    world, kept = World(), KeptPods()
    for number in range(50):
        changed(world, kept, number, number % 3)
    rows = kept.read(world, STARTED, waiting(world, STARTED))
    arrangement = Arrangement(PODS, parse_filter("web"), None, False)
    arrangement.take(rows)
    everything = len(arrangement.work(rows, 1.0))
    arrangement.take(rows.pending())
    only = arrangement.work(rows.pending(), 1.0)
    assert 0 < len(only) < everything
    assert not any(row.node for row in only)


@given(st.lists(st.dictionaries(st.text("abc", max_size=3), st.none() | st.integers(0, 9), max_size=30), max_size=6))
def test_ranks_stay_sorted_whatever_moves(rounds: list[dict[str, int | None]]) -> None:
    ranks, known = Ranks(), dict[str, int]()
    for moves in rounds:
        ranks.update(moves)
        for key, rank in moves.items():
            known.pop(key, None)
            if rank is not None:
                known[key] = rank
        assert list(ranks) == sorted(known, key=lambda key: (known[key], key))
        entries = ranks.entries()
        assert [index_in(entries, known[key], key) for key in ranks] == list(range(len(known)))
        assert index_in(entries, 99, "zzzz") is None


def test_many_moves_at_once_sort_like_few() -> None:
    many, few = Ranks(), Ranks()
    moves = {f"k{number}": number * 7919 % 1000 for number in range(2000)}
    many.update(moves)
    for key, rank in moves.items():
        few.update({key: rank})
    assert list(many) == list(few)
