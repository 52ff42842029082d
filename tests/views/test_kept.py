"""Views that are kept up to date change by change read the same as those made anew of the whole World."""

from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from karptui.cloud.kwok.catalogue import built_in
from karptui.engine.provisioning import plan
from karptui.model.decision import Decision, DecisionKind, Plan, PodFailure
from karptui.modes.run import Run
from karptui.tui.picture import Picture
from karptui.views.head import head
from karptui.views.lists.decisions import decision_row
from karptui.views.lists.overview import in_flight, node_row, nodes, pools
from karptui.views.lists.pods import pod_rows
from karptui.views.timelines.progress import waiting
from karptui.world import events
from tests.world.recorded import STARTED, decode, node, pod, recorded_events

WORDS = (
    "bind", "wait", "unschedulable", "pod gone", "daemon", "ended", "node", "node gone", "claim", "ready claim",
    "claim going", "claim gone", "pool", "decide", "carried out", "preview", "no preview", "prices", "look",
)  # fmt: skip
ANY = st.integers(0, 5)
CHANGES = st.lists(
    st.tuples(
        st.sampled_from(WORDS),
        ANY,
        ANY,
    ),
    max_size=60,
)  # fmt: skip


class Told(Run):
    """A run that a test tells what happens."""

    def __init__(self) -> None:
        super().__init__()
        self.at = STARTED

    def now(self) -> float:
        """Goes on with each event."""
        return self.at


@dataclass
class Story:
    """Events of a small cluster, one word each."""

    run: Told = field(default_factory=Told)

    def tell(self, what: str, one: int, other: int) -> None:
        """Something happens to the pod, node or claim `one`; `other` is what it has to do with."""
        self.run.at += 0.7
        at, world = self.run.at, self.run.world
        modified, deleted = events.Change.MODIFIED, events.Change.DELETED
        name, claim = f"web-{one}", f"default-{one}"
        match what:
            case "bind":
                self._see("pods", pod(name, node=f"n{other}", phase="Running"), modified)
            case "wait":
                self._see("pods", pod(name), modified)
            case "unschedulable":
                self._see("pods", pod(name, unschedulable=True, cpu=str(1 + 90 * other)), modified)
            case "daemon":
                self._see("pods", pod(name, node=f"n{other}", daemon=True, phase="Running"), modified)
            case "ended":
                self._see("pods", pod(name, node=f"n{other}", phase="Succeeded"), modified)
            case "pod gone":
                self._see("pods", pod(name), deleted)
            case "node" | "node gone":
                made = node(f"n{one}", pool=("default", "other", "")[other % 3])
                self._see("nodes", made, modified if what == "node" else deleted)
            case "claim" | "ready claim" | "claim going" | "claim gone":
                made = node_claim(claim, f"n{other}", what == "ready claim", what == "claim going")
                self._see("nodeclaims", made, deleted if what == "claim gone" else modified)
            case "pool":
                self._see("nodepools", node_pool(("default", "other")[one % 2], other), modified)
            case "decide":
                pods = (f"default/{name}", f"default/web-{other}")
                kind = DecisionKind.NOMINATE if other % 2 else DecisionKind.DELETE
                decision = Decision(f"D-{one:05d}", at, kind, pods=pods, nodes=(f"n{other}",))
                self.run.sink(events.DecisionMade(at, decision))
            case "carried out":
                self.run.sink(events.DecisionCarriedOut(at, f"D-{one:05d}", f"default-{other}"))
            case "preview":
                found = plan(world.snapshot(at))
                errors = {f"default/{name}": PodFailure(reasons=())}
                existing = {f"n{other}": (f"default/web-{other}",)}
                self.run.sink(events.PlanPreviewed(at, replace(found, errors=errors, existing=existing), world.number))
            case "no preview":
                self.run.sink(events.PlanPreviewed(at, Plan(), world.number))
            case "prices":
                self.run.sink(events.CatalogueSeen(at, built_in()))

    def _see(self, resource: str, found: Any, change: events.Change) -> None:
        self.run.sink(events.ObjectSeen(self.run.at, resource, change, found))


def node_claim(name: str, node_name: str, ready: bool, going: bool) -> Any:
    """A NodeClaim of the pool `default`, with a node when it is ready."""
    at = "2026-11-21T12:29:03Z"
    states = {"Launched": "True", "Registered": str(ready), "Initialized": str(ready)}
    metadata: dict[str, Any] = {"name": name, "creationTimestamp": at, "labels": {"karpenter.sh/nodepool": "default"}}
    if going:
        metadata |= {"deletionTimestamp": at, "finalizers": ["karpenter.sh/termination"]}
    return decode(
        "nodeclaims",
        {
            "apiVersion": "karpenter.sh/v1",
            "metadata": metadata,
            "spec": {"nodeClassRef": {"group": "g", "kind": "K", "name": "n"}, "requirements": []},
            "status": {
                "providerID": f"kwok://{node_name}",
                "nodeName": node_name if ready else "",
                "conditions": [
                    {"type": kind, "status": state, "lastTransitionTime": "2026-11-21T12:29:09Z"}
                    for kind, state in states.items()
                ],
            },
        },
    )


def node_pool(name: str, weight: int) -> Any:
    """A NodePool with a limit."""
    reference = {"group": "g", "kind": "K", "name": "n"}
    template = {"spec": {"nodeClassRef": reference, "requirements": []}}
    spec = {"weight": weight + 1, "limits": {"cpu": "20"}, "template": template}
    manifest = {"apiVersion": "karpenter.sh/v1", "metadata": {"name": name}, "spec": spec}
    return decode("nodepools", manifest)


def look(picture: Picture, run: Run) -> None:
    """One turn of the clock, and everything compared."""
    picture.turn()
    picture.changed(run.world.dirty)
    run.world.dirty.clear()
    world, now = run.world, run.now()
    pending = waiting(world, now)
    assert picture.waiting() == pending
    for kept, fresh in zip(picture.pools(), pools(world), strict=True):
        assert replace(kept, hourly=0.0) == replace(fresh, hourly=0.0)
        assert kept.hourly == pytest.approx(fresh.hourly)
    assert list(picture.nodes()) == nodes(world)
    assert list(picture.nodes()) == [node_row(world, world.of("nodes")[row.key]) for row in nodes(world)]
    assert picture.in_flight() == in_flight(world, pending, now)
    assert picture.head("OBSERVE") == head(world, "OBSERVE", now)
    assert list(picture.pods()) == list(pod_rows(world, now))
    made = [decision_row(world, decision) for decision in world.decisions.values()]
    assert list(picture.decisions(100)) == made[::-1]


@settings(max_examples=60, deadline=None)
@given(CHANGES)
def test_views_kept_up_to_date_read_as_those_made_anew(changes: list[tuple[str, int, int]]) -> None:
    story = Story()
    picture = Picture(story.run)
    look(picture, story.run)
    for what, one, other in changes:
        if what == "look":
            look(picture, story.run)
        else:
            story.tell(what, one, other)
    look(picture, story.run)


@settings(max_examples=20, deadline=None)
@given(CHANGES, CHANGES)
def test_a_picture_that_was_frozen_goes_on_with_what_happened_meanwhile(
    before: list[tuple[str, int, int]], meanwhile: list[tuple[str, int, int]]
) -> None:
    story = Story()
    picture = Picture(story.run)
    for what, one, other in before:
        story.tell(what, one, other)
    picture.freeze()
    frozen = [list(picture.nodes()), list(picture.pods()), picture.waiting(), picture.pools(), picture.in_flight()]
    for what, one, other in meanwhile:
        story.tell(what, one, other)
        picture.turn()
        picture.changed(story.run.world.dirty)
        story.run.world.dirty.clear()
    assert frozen == [
        list(picture.nodes()), list(picture.pods()), picture.waiting(), picture.pools(), picture.in_flight(),
    ]  # fmt: skip
    picture.thaw()
    look(picture, story.run)


def test_the_recorded_cluster_reads_the_same_at_every_moment() -> None:
    run = Told()
    picture = Picture(run)
    run.sink(events.CatalogueSeen(STARTED, built_in()))
    for number, event in enumerate(recorded_events()):
        run.at = max(run.at, event.at)
        run.sink(event)
        if number % 40 == 0:
            look(picture, run)
    look(picture, run)
