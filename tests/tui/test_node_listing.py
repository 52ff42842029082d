"""GPUs and other extended resources have a column of their own as long as some node has any."""

from msgspec.structs import replace

from karptui.model.disruption import Held, Hold
from karptui.model.node import Node
from karptui.tui.live import Live
from karptui.tui.widgets.listing import Listing
from karptui.views.extended import extended_title, is_extended
from karptui.views.lists.open_savings import hold_text, holding
from karptui.views.lists.overview import KeptNodes, node_row
from karptui.world import events
from tests.tui.moment import shown_at, text_of, until, until_shown
from tests.world.recorded import STARTED

GPU = "nvidia.com/gpu"


def with_gpus(app: Live, name: str, count: int, resource: str = GPU) -> None:
    """The node has so many now."""
    world = app.run_shown.world
    node: Node = world.of("nodes")[name]
    offered = {**node.allocatable, resource: count * 10**9}
    world.apply(events.ObjectSeen(STARTED + 60, "nodes", events.Change.MODIFIED, replace(node, allocatable=offered)))


def test_what_counts_as_an_extended_resource() -> None:
    for name in (GPU, "aws.amazon.com/neuron", "example.com/dongle"):
        assert is_extended(name)
    for name in ("cpu", "memory", "hugepages-2Mi", "attachable-volumes-aws-ebs", "vpc.amazonaws.com/pod-eni"):
        assert not is_extended(name)
    assert extended_title([GPU, "amd.com/gpu"]) == "GPU"
    assert extended_title([GPU, "aws.amazon.com/neuron"]) == "DEVICES"


async def test_a_column_for_gpus_comes_with_the_first_node_that_has_some_and_goes_with_the_last() -> None:
    app = shown_at(60.0)
    async with app.run_test(size=(140, 36)) as pilot:
        await until(pilot, lambda: app.early_keys.done)
        await pilot.press("colon", *"nodes", "enter")
        await until_shown(pilot, "Nodes 4")
        listing = app.screen.query_one("#nodes", Listing)
        assert "GPU" not in text_of(app)
        name = next(iter(app.run_shown.world.of("nodes")))
        with_gpus(app, name, 4)
        await until_shown(pilot, "GPU")
        listing.move_to(name)
        await until_shown(pilot, "gpu 0%")
        for _ in range(len(listing._table.orders)):  # pyright: ignore[reportPrivateUsage]
            await pilot.press("s")
        await until_shown(pilot, "GPU▾")
        await until(pilot, lambda: listing.item is not None and listing.item.key == name)
        await pilot.press("s", "enter")
        await until_shown(pilot, "0 of 4, 4 free")
        await pilot.press("escape")
        with_gpus(app, name, 0)
        await until(pilot, lambda: "GPU" not in text_of(app))


async def test_it_is_the_first_to_go_where_there_is_no_room() -> None:
    app = shown_at(60.0)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: app.early_keys.done)
        with_gpus(app, next(iter(app.run_shown.world.of("nodes"))), 4)
        await pilot.press("colon", *"nodes", "enter")
        await until_shown(pilot, "Nodes 4")
        await until_shown(pilot, "MEM")
        assert "GPU" not in text_of(app)


async def test_a_node_that_has_started_since_the_survey_is_not_said_to_start() -> None:
    app = shown_at(60.0, surveyed=True)
    world = app.run_shown.world
    known = world.surveyed
    assert known is not None
    name = next(name for name, node in world.of("nodes").items() if node.provider_id in world.claim_of_provider_id)
    old = {**known.survey.nodes, name: Held(name, Hold.NOT_INITIALIZED)}
    survey = replace(known.survey, nodes=old)
    world.apply(replace(known, survey=survey))
    assert holding(world, name, survey) is None
    claim = world.of("nodeclaims")[world.claim_of_provider_id[world.of("nodes")[name].provider_id]]
    world.apply(events.ObjectSeen(STARTED + 60, "nodeclaims", events.Change.MODIFIED, replace(claim, conditions=())))
    assert holding(world, name, survey) is survey.nodes[name]
    told, _ = hold_text(world, name, survey.nodes[name], known.at + 5.0)
    assert told == "stays: it is not initialized yet"
    told, _ = hold_text(world, name, survey.nodes[name], known.at + 400.0)
    assert told == "stays: it is not initialized yet, as of 6m40s ago"


def test_a_share_is_of_what_pods_ask_for() -> None:
    app = shown_at(60.0)
    world = app.run_shown.world  # type: ignore[attr-defined]
    name = next(key for key in world.of("nodes") if world.usage.on(key))
    kept = KeptNodes()
    assert kept.read(world).extended == frozenset()
    with_gpus(app, name, 4)
    world.usage.requested[name][GPU] = 3 * 10**9
    kept.keys.add(name)
    assert kept.read(world).extended == {GPU}
    assert node_row(world, world.of("nodes")[name]).extended == ((GPU, 0.75),)
