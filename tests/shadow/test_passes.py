"""Passes where karptui and Karpenter may not know the same: looks at another moment, nominations and pods in doubt."""

from copy import copy

import pytest

from karptui.model.decision import Plan
from karptui.model.disruption import Held, Hold
from karptui.shadow import disruptions
from karptui.shadow.causes import waiting_doubts
from karptui.shadow.disruptions import Carried
from karptui.shadow.observer import Observer
from karptui.shadow.passes import Passes
from karptui.shadow.sight import Sight
from karptui.shadow.verdict import Verdict
from karptui.world.world import World
from tests.shadow.perturbed import judged, read
from tests.shadow.test_perturbed import SMALL


@pytest.fixture(scope="module")
def watched() -> Observer:
    return judged(read(SMALL))


def test_a_look_that_saw_what_came_of_a_command_does_not_hide_what_the_look_before_it_said(watched: Observer) -> None:
    move = next(entry for entry in watched.moves if entry.predicted is not None and entry.predicted.validated)
    assert move.supposed is not None
    assert move.actual is not None
    entry = copy(move.supposed)
    entry.again = copy(entry)
    entry.again.outcome, entry.again.at_once = Held(move.actual.nodes[0], Hold.CHANGED), True
    passes = Passes(watched.sight)
    passes.supposed.append(entry)

    near = passes.near(entry.began + entry.wait)

    assert near == [entry, entry.again]
    carried = Carried(move.at, move.actual.reason, move.actual.taken, near, move.actual.replacements)
    assert disruptions.judged(carried).verdict is Verdict.SAME


def test_a_nomination_in_doubt_is_one_with_and_one_without_until_a_round_makes_it_certain() -> None:
    sight = Sight(World())
    answer = Plan(existing={"node-a": ("default/a",)})
    sight.nominate(100.0, answer, doubtful=True)

    assert sight.doubtful(110.0)
    assert "node-a" in sight.snapshot(110.0).nominated
    assert "node-a" not in sight.snapshot(110.0, trusting=False).nominated

    sight.nominate(111.0, answer)
    assert not sight.doubtful(112.0)
    assert "node-a" in sight.snapshot(112.0, trusting=False).nominated


def test_what_eyes_would_look_at_is_not_kept_where_there_are_none(watched: Observer) -> None:
    assert watched.world.of("nodeclaims") or watched.pairs
    assert watched.world.dirty == set()


def test_pods_that_wait_are_doubted_all_together_and_each_alone(watched: Observer) -> None:
    snapshot = next(pair.round.snapshot for pair in watched.pairs if pair.round is not None)
    waiting = {key for key, pod in snapshot.pods.items() if pod.provisionable}

    doubts = waiting_doubts(snapshot)

    hidden = [snapshot.pods.keys() - doubt.swap(snapshot).pods.keys() for doubt in doubts]
    assert hidden[0] == waiting
    assert all(len(keys) == 1 and keys <= waiting for keys in hidden[1:])
    assert len(waiting) > 1
