"""Passes, surveys and validations of small fleets."""

from msgspec.structs import replace

from karptui.engine.disruption import blocked_savings, disrupt, survey, validate
from karptui.engine.explain.held import held_sentence
from karptui.model.affinity import NodeSelectorTerm
from karptui.model.disruption import Command, Disruption, Held, Hold
from karptui.model.labels import CAPACITY_TYPE, INSTANCE_TYPE, ON_DEMAND, SPOT
from karptui.model.metadata import Condition, Metadata, OwnerReference
from karptui.model.nodepool import Budget
from karptui.model.pod import Pod
from karptui.model.selectors import label_selector
from karptui.model.snapshot import Options, Snapshot
from karptui.model.workload import PodDisruptionBudget
from tests.engine.cluster import asks, pod, requests
from tests.engine.disruption.disruption_checker import wrongs
from tests.engine.disruption.fleet import NOW, dynamic_pool, fleet, running

SMALL = requests("200m", "256Mi")


def held(answer: Disruption, name: str) -> Held:
    return answer.held[name]


def annotated(entry: Pod, value: str) -> Pod:
    return replace(entry, metadata=replace(entry.metadata, annotations={"karpenter.sh/do-not-disrupt": value}))


def on_demand_pool(*budgets: Budget, **fields: object) -> object:
    found = dynamic_pool("default", *budgets, **fields)
    kinds = asks(CAPACITY_TYPE, "In", ON_DEMAND)
    return replace(found, template=replace(found.template, requirements=(kinds,)))


def only(answer: Disruption) -> Command:
    assert len(answer.commands) == 1
    return answer.commands[0]


def test_empty_nodes_go_together_as_far_as_the_budget_lets_them_and_the_dearest_first() -> None:
    cluster = fleet(
        dynamic_pool("default", Budget("2")), running("a", "small"), running("b", "huge"), running("c", "large")
    )
    answer = disrupt(cluster)
    command = only(answer)
    assert (command.method, command.nodes, command.replacements) == ("emptiness", ("b", "c"), ())
    assert held(answer, "a").code is Hold.BUDGET


def test_a_node_whose_pods_fit_on_the_others_is_deleted() -> None:
    cluster = fleet(
        on_demand_pool(), running("a", "large"), running("b", "medium", conditions=()), pod("p", SMALL, node="a")
    )
    command = only(disrupt(cluster))
    assert (command.method, command.decision, command.nodes) == ("single-node", "delete", ("a",))
    assert command.placements == {"b": ("default/p",)}
    assert (command.price_before, command.price_after) == (0.42, 0.0)


def test_a_node_too_large_for_its_pods_is_replaced_by_the_cheapest_that_holds_them() -> None:
    cluster = fleet(on_demand_pool(), running("a", "huge"), pod("p", requests("3"), node="a"))
    command = only(disrupt(cluster))
    assert command.decision == "replace"
    assert command.replacements[0].instance_types[0] == "arm-medium"
    assert "huge" not in command.replacements[0].instance_types


def test_two_nodes_become_one_and_never_one_of_their_own_two_types() -> None:
    both = [running(name, "medium") for name in ("a", "b")]
    pods = [pod(f"p-{name}", requests("1500m", "1Gi"), node=name) for name in ("a", "b")]
    command = only(disrupt(fleet(on_demand_pool(), *both, *pods)))
    assert (command.method, command.decision, len(command.nodes)) == ("multi-node", "replace", 2)
    assert "medium" not in command.replacements[0].instance_types


def test_a_spot_node_is_left_alone_unless_spot_for_spot_is_enabled() -> None:
    cluster = fleet(dynamic_pool(), running("a", "huge", capacity_type=SPOT), pod("p", SMALL, node="a"))
    assert held(disrupt(cluster), "a").code is Hold.SPOT_TO_SPOT
    enabled = replace(cluster, options=Options(feature_gates={"SpotToSpotConsolidation": True}))
    assert held(disrupt(enabled), "a") == Held("a", Hold.TOO_FEW_TYPES, wanted=15, found=4)


def test_an_on_demand_node_goes_to_spot_where_the_pool_allows_both() -> None:
    command = only(disrupt(fleet(dynamic_pool(), running("a", "small"), pod("p", SMALL, node="a"))))
    kinds = next(spec.values for spec in command.replacements[0].requirements if spec.key == CAPACITY_TYPE)
    assert kinds == (SPOT,)


def test_cheaper_types_must_still_meet_min_values() -> None:
    asked = asks(INSTANCE_TYPE, "Exists", min_values=5)
    pool = dynamic_pool()
    pool = replace(pool, template=replace(pool.template, requirements=(asked, asks(CAPACITY_TYPE, "In", ON_DEMAND))))
    answer = disrupt(fleet(pool, running("a", "large"), pod("p", SMALL, node="a")))
    assert held(answer, "a") == Held("a", Hold.MIN_VALUES, detail=INSTANCE_TYPE, wanted=5, found=3)


def test_what_holds_a_node_is_named() -> None:
    selector = label_selector({"app": "web"})
    budget = PodDisruptionBudget(Metadata("web", "default"), selector, disruptions_allowed=0)
    web = pod("web", SMALL, {"app": "web"}, node="a")
    answer = disrupt(
        fleet(
            on_demand_pool(),
            running("a", "huge"),
            running("b", "huge"),
            running("c", "huge"),
            web,
            annotated(pod("job", SMALL, node="b"), "1h"),
            annotated(pod("old", SMALL, node="c"), "soon"),
            budgets=(budget,),
        )
    )
    assert held(answer, "a") == Held("a", Hold.PDB, ("default/web",), "default/web")
    assert held(answer, "b") == Held("b", Hold.POD_DO_NOT_DISRUPT, ("default/job",))
    assert only(answer).nodes == ("c",)


def test_a_second_pod_disruption_budget_blocks_whatever_it_allows() -> None:
    selector = label_selector({"app": "web"})
    both = [PodDisruptionBudget(Metadata(name, "default"), selector, disruptions_allowed=9) for name in ("x", "y")]
    web = pod("web", SMALL, {"app": "web"}, node="a")
    answer = disrupt(fleet(on_demand_pool(), running("a", "huge"), web, budgets=both))
    assert held(answer, "a").code is Hold.SEVERAL_PDBS
    assert "default/x, default/y" in held_sentence(held(answer, "a"))


def test_drift_comes_first_and_minds_no_pod_where_the_claim_has_a_grace_period() -> None:
    stubborn = annotated(pod("p", SMALL, node="a"), "true")
    drifted = running("a", "medium", conditions=("Consolidatable", "Drifted"), termination_grace_period=600.0)
    answer = disrupt(fleet(on_demand_pool(), drifted, running("b", "huge"), pod("q", SMALL, node="b"), stubborn))
    command = only(answer)
    assert (command.method, command.nodes, command.pods) == ("drift", ("a",), ())
    assert answer.drift_only == ("a",)


def test_the_node_that_drifted_first_goes_first() -> None:
    def drifted(name: str, at: float) -> object:
        node, claim = running(name, "medium")
        return node, replace(claim, conditions=(*claim.conditions, Condition("Drifted", "True", "X", changed=at)))

    pods = [pod(f"p-{name}", SMALL, node=name) for name in ("a", "b")]
    answer = disrupt(fleet(on_demand_pool(), drifted("a", NOW - 10), drifted("b", NOW - 20), *pods))
    assert only(answer).nodes == ("b",)


def test_pods_are_not_moved_to_a_node_that_pods_have_just_come_to() -> None:
    shielded = running("b", "medium", conditions=(), last_pod_event=NOW - 40)
    waiting = on_demand_pool(consolidate_after=60.0)
    cluster = fleet(waiting, running("a", "medium"), shielded, pod("p", SMALL, node="a"))
    assert only(disrupt(cluster)).decision == "replace"
    # Its window ends while the decision waits, so that the replacement no longer holds.
    nearly = fleet(
        waiting,
        running("a", "medium"),
        running("b", "medium", conditions=(), last_pod_event=NOW - 50),
        pod("p", SMALL, node="a"),
    )
    given_up = disrupt(nearly)
    assert given_up.commands == ()
    assert held(given_up, "a") == Held("a", Hold.CHANGED, detail="scheduling")


def test_nothing_is_decided_while_a_claim_has_no_instance() -> None:
    node, claim = running("b")
    answer = disrupt(fleet(dynamic_pool(), running("a"), node, replace(claim, provider_id="")))
    assert answer.commands == ()
    assert answer.deferred == "the cluster state is not synced"


def test_a_command_is_dropped_when_its_node_has_got_a_pod_since() -> None:
    cluster = fleet(on_demand_pool(), running("a", "small"))
    command = only(disrupt(cluster))
    busy = fleet(on_demand_pool(), running("a", "small"), pod("p", SMALL, node="a"))
    dropped = validate(replace(busy, now=NOW + 15), command)
    assert dropped == Held("a", Hold.CHANGED, detail="churn")
    assert isinstance(dropped, Held)
    assert "given up" in held_sentence(dropped)


def test_of_several_empty_nodes_those_that_still_are_empty_go() -> None:
    cluster = fleet(on_demand_pool(), running("a", "small"), running("b", "small"))
    command = only(disrupt(cluster))
    busy = fleet(on_demand_pool(), running("a", "small"), running("b", "small"), pod("p", SMALL, node="a"))
    still = validate(replace(busy, now=NOW + 15), command)
    assert isinstance(still, Command)
    assert still.nodes == ("b",)


def test_balanced_refuses_a_move_that_saves_little_for_what_it_disturbs() -> None:
    pool = on_demand_pool(consolidation_policy="Balanced")
    many = [pod(f"p-{number}", requests("150m", "64Mi"), node="a") for number in range(12)]
    answer = disrupt(fleet(pool, running("a", "small"), running("b", "huge", conditions=()), *many))
    refusal = held(answer, "a")
    assert refusal.code is Hold.SCORE
    assert refusal.found < 0.5


def test_older_versions_rank_by_disruption_cost() -> None:
    def cluster(version: str) -> Snapshot:
        few, many = running("dear", "huge"), running("cheap", "small")
        pods = [pod(f"d-{number}", requests("4"), node="dear") for number in range(3)]
        more = [running("c", "huge", conditions=()), pod("x", SMALL, node="cheap")]
        limited = on_demand_pool(Budget("1"))
        return fleet(limited, few, many, *pods, *more, options=Options(karpenter_version=version))

    assert only(disrupt(cluster("1.14.1"))).nodes == ("dear",)
    assert only(disrupt(cluster("1.13.0"))).nodes == ("cheap",)


def test_time_runs_out_after_so_many_nodes() -> None:
    nodes = [running(name, "small", conditions=("Consolidatable",)) for name in ("a", "b")]
    pods = [pod(f"p-{name}", requests("1800m", "3Gi"), node=name) for name in ("a", "b")]
    answer = disrupt(fleet(on_demand_pool(Budget("1")), *nodes, *pods), single_tries=1)
    assert [held(answer, name).code for name in ("a", "b")] == [Hold.NOT_CHEAPER, Hold.NOT_REACHED]


def test_the_survey_tells_what_a_blocked_node_would_save_and_whose_object_blocks_it() -> None:
    owner = (OwnerReference("apps/v1", "ReplicaSet", "batch", "u", True),)
    job = annotated(pod("job", SMALL, node="b"), "true")
    job = replace(job, metadata=replace(job.metadata, owners=owner))
    cluster = fleet(on_demand_pool(), running("a", "huge"), pod("p", SMALL, node="a"), running("b", "large"), job)
    looked_at = survey(cluster)
    blocked = looked_at.nodes["b"]
    assert isinstance(blocked, Held)
    assert blocked.code is Hold.POD_DO_NOT_DISRUPT
    assert blocked.saves == 0.42
    assert blocked_savings(cluster, looked_at) == {"ReplicaSet default/batch": 0.42}
    assert isinstance(looked_at.nodes["a"], Command)


def test_the_survey_tells_when_a_wait_ends_by_itself() -> None:
    recent = running("a", "small", conditions=(), last_pod_event=NOW - 20)
    looked_at = survey(fleet(on_demand_pool(consolidate_after=60.0), recent, pod("p", SMALL, node="a")))
    waiting = looked_at.nodes["a"]
    assert isinstance(waiting, Held)
    assert (waiting.code, waiting.until) == (Hold.NOT_CONSOLIDATABLE, NOW + 40)


def test_the_checker_of_these_tests_finds_what_is_wrong() -> None:
    budget = PodDisruptionBudget(Metadata("web", "default"), label_selector({"app": "web"}), disruptions_allowed=0)
    web = pod("web", SMALL, {"app": "web"}, node="a")
    full = pod("full", requests("1800m", "3Gi"), node="b")
    pool = on_demand_pool(Budget("0"))
    cluster = fleet(pool, running("a", "large"), running("b", "small"), web, full, budgets=(budget,))
    bad = Command("single-node", "Underutilized", ("a",), ("default/web",), (), 0.40, 0.0, {"b": ("default/web",)})
    found = " ".join(wrongs(cluster, Disruption((bad,))))
    for part in ("forbids to evict", "its budgets allow 0", "cost 0.42, not 0.4", "too little cpu"):
        assert part in found
    lost = replace(bad, placements={})
    assert any("is not told of" in entry for entry in wrongs(cluster, Disruption((lost,))))


def test_before_1_14_only_a_node_without_pods_is_empty_and_no_node_is_shielded() -> None:
    worthless = pod("p", SMALL, node="a")
    annotations = {"controller.kubernetes.io/pod-deletion-cost": str(-(2**31) + 1)}
    worthless = replace(worthless, metadata=replace(worthless.metadata, annotations=annotations))
    recent = running("b", "medium", conditions=(), last_pod_event=NOW - 10)
    pool = on_demand_pool(consolidate_after=60.0)

    def command(version: str, *objects: object) -> Command:
        return only(disrupt(fleet(pool, running("a", "medium"), *objects, options=Options(karpenter_version=version))))

    assert command("1.14.1", worthless).method == "emptiness"
    assert command("v1.13.2", worthless).method == "single-node"
    assert command("1.14.1", pod("p", SMALL, node="a"), recent).decision == "replace"
    assert command("1.13.2", pod("p", SMALL, node="a"), recent).decision == "delete"


def test_a_pod_that_cannot_be_read_holds_its_node() -> None:
    term = NodeSelectorTerm((("zone", "Gt", ()),))
    odd = pod("odd", SMALL, node="a", required_node_terms=(term,))
    answer = disrupt(fleet(on_demand_pool(), running("a", "huge"), odd))
    assert held(answer, "a").code is Hold.PODS_FIT_NOWHERE
    assert "means nothing" in held_sentence(held(answer, "a"))


def test_every_reason_has_a_sentence() -> None:
    for code in Hold:
        held_entry = Held("a", code, ("default/x",), "detail", wanted=2.0, found=1.0)
        assert held_sentence(held_entry).strip()
