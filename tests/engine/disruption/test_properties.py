"""What holds for every disruption pass, whatever the cluster."""

from random import Random
from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from karptui.engine.disruption import VALIDATION_SECONDS, disrupt, survey, validate
from karptui.engine.provisioning import plan
from karptui.engine.provisioning.simulation import Simulation
from karptui.model.affinity import PodAffinityTerm, TopologySpreadConstraint
from karptui.model.disruption import Command, Disruption
from karptui.model.labels import CAPACITY_TYPE, HOSTNAME, ON_DEMAND, SPOT, ZONE
from karptui.model.metadata import Metadata
from karptui.model.nodepool import Budget
from karptui.model.selectors import label_selector
from karptui.model.snapshot import Options, Snapshot
from karptui.model.workload import PodDisruptionBudget
from tests.engine.cluster import ZONES, asks, pod, requests
from tests.engine.disruption.disruption_checker import wrongs
from tests.engine.disruption.fleet import dynamic_pool, fleet, running
from tests.examples import examples

APPS = ("web", "db", "job")
TYPES = ("small", "medium", "large", "huge")
CONDITIONS = (("Consolidatable",), ("Consolidatable",), ("Consolidatable", "Drifted"), ())
POLICIES = ("WhenEmptyOrUnderutilized", "WhenEmptyOrUnderutilized", "WhenEmpty", "Balanced")


@st.composite
def _pods(draw: st.DrawFn, name: str) -> list[Any]:
    found: list[Any] = []
    for number in range(draw(st.integers(0, 4))):
        app = draw(st.sampled_from(APPS))
        selector = label_selector({"app": app})
        constraints: dict[str, Any] = {}
        kind = draw(st.sampled_from(("plain", "plain", "plain", "zones", "apart")))
        if kind == "zones":
            constraints["topology_spread"] = (TopologySpreadConstraint(ZONE, 5, "DoNotSchedule", selector),)
        elif kind == "apart" and not found:
            constraints["anti_affinity"] = (PodAffinityTerm(HOSTNAME, label_selector({"app": "nothing"})),)
        entry = pod(
            f"{name}-{number}",
            requests(draw(st.sampled_from(("100m", "400m"))), draw(st.sampled_from(("128Mi", "700Mi")))),
            {"app": app},
            node=name,
            **constraints,
        )
        if draw(st.integers(0, 11)) == 0:
            annotations = {"karpenter.sh/do-not-disrupt": "true"}
            entry = replace(entry, metadata=replace(entry.metadata, annotations=annotations))
        found.append(entry)
    return found


@st.composite
def fleets(draw: st.DrawFn) -> Snapshot:
    """Up to eight nodes of two pools with up to four pods each, PodDisruptionBudgets and disruption budgets."""
    objects: list[Any] = []
    for name in ("default", "other"):
        budgets = draw(st.lists(st.sampled_from(("0", "1", "2", "50%", "100%")), max_size=2))
        reasons = draw(st.sampled_from((None, None, ("Empty",), ("Underutilized", "Drifted"))))
        found = dynamic_pool(
            name,
            *(Budget(nodes, reasons) for nodes in budgets),
            consolidation_policy=draw(st.sampled_from(POLICIES)),
        )
        if draw(st.booleans()):
            kinds = asks(CAPACITY_TYPE, "In", ON_DEMAND)
            found = replace(found, template=replace(found.template, requirements=(kinds,)))
        objects.append(found)
    for number in range(draw(st.integers(1, 8))):
        name = f"node-{number}"
        objects.append(
            running(
                name,
                draw(st.sampled_from(TYPES)),
                draw(st.sampled_from(("default", "other"))),
                draw(st.sampled_from(ZONES)),
                draw(st.sampled_from((ON_DEMAND, ON_DEMAND, SPOT))),
                draw(st.sampled_from(CONDITIONS)),
            )
        )
        objects += draw(_pods(name))
    protected = [
        PodDisruptionBudget(Metadata(app, "default"), label_selector({"app": app}), disruptions_allowed=allowed)
        for app in APPS
        if (allowed := draw(st.sampled_from((0, 1, 5, 5)))) < 5
    ]
    spot = draw(st.booleans())
    return fleet(*objects, budgets=protected, options=Options(feature_gates={"SpotToSpotConsolidation": spot}))


many = examples(80)


def encoded(answer: Any) -> bytes:
    return msgspec.json.encode(answer, order="sorted")


@many
@given(fleets())
def test_no_pass_breaks_a_budget_or_leaves_a_pod_without_a_place_or_costs_more(cluster: Snapshot) -> None:
    assert wrongs(cluster, disrupt(cluster)) == []


@many
@given(fleets())
def test_no_node_of_the_survey_could_go_wrongly(cluster: Snapshot) -> None:
    looked_at = survey(cluster)
    assert looked_at.nodes.keys() == cluster.nodes.keys()
    for entry in looked_at.nodes.values():
        if isinstance(entry, Command):
            assert wrongs(cluster, Disruption((entry,))) == []


@many
@given(fleets(), st.integers())
def test_a_pass_on_an_unchanged_world_gives_the_same_answer(cluster: Snapshot, seed: int) -> None:
    random = Random(seed)

    def shuffled(entries: dict[str, Any]) -> dict[str, Any]:
        keys = list(entries)
        random.shuffle(keys)
        return {key: entries[key] for key in keys}

    kinds = ("pods", "nodes", "node_claims", "node_pools", "budgets")
    other = replace(cluster, **{kind: shuffled(getattr(cluster, kind)) for kind in kinds})
    assert encoded(disrupt(other)) == encoded(disrupt(cluster))


@many
@given(fleets())
def test_a_command_still_holds_after_the_wait_if_nothing_has_changed(cluster: Snapshot) -> None:
    later = replace(cluster, now=cluster.now + VALIDATION_SECONDS)
    for command in disrupt(cluster).commands:
        assert encoded(validate(later, command)) == encoded(command)


@many
@given(fleets(), st.integers())
def test_a_question_is_answered_the_same_whatever_was_asked_before(cluster: Snapshot, seed: int) -> None:
    random, shared = Random(seed), Simulation(cluster)
    names = list(cluster.nodes)
    for _ in range(6):
        gone = random.sample(names, random.randint(1, len(names)))
        alone = Simulation(cluster)
        ours, fresh = shared.without(gone, shield=True), alone.without(gone, shield=True)
        assert ours is not None
        assert fresh is not None
        assert ours.placements == fresh.placements
        assert ours.stranded.keys() == fresh.stranded.keys()
        written = [
            [encoded(simulation.ground.finishing.write(claim)) for claim in answer.claims]
            for simulation, answer in ((shared, ours), (alone, fresh))
        ]
        assert written[0] == written[1]


@many
@given(fleets(), st.integers())
def test_taking_nodes_away_is_what_deleting_them_would_be(cluster: Snapshot, seed: int) -> None:
    gone = Random(seed).sample(list(cluster.nodes), 1)
    simulation = Simulation(cluster)
    ours = simulation.without(gone, shield=False)
    theirs = plan(replace(cluster, marked_for_deletion=frozenset(gone)))
    assert ours is not None
    assert ours.placements == theirs.existing
    assert ours.stranded.keys() == theirs.errors.keys()
    claims = sorted((simulation.ground.finishing.write(claim) for claim in ours.claims), key=lambda claim: claim.pods)
    assert [encoded(claim) for claim in claims] == [encoded(claim) for claim in theirs.claims]
