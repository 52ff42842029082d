"""A NodeClass is found from what is built from it, and tells who uses it."""

from karptui.model.metadata import Metadata
from karptui.model.nodepool import NodeClass
from karptui.views.answers.object_events import event_lines
from karptui.views.answers.relations import relations
from karptui.views.answers.why import find, why
from karptui.views.line import plain
from karptui.world import events
from karptui.world.world import World
from tests.world.recorded import STARTED, world_until

KEY = "KWOKNodeClass/default"
NOW = STARTED + 11.0


def with_class() -> World:
    world = world_until(11.0)
    found = NodeClass(Metadata(name="default", uid="class"), "KWOKNodeClass")
    world.apply(events.ObjectSeen(NOW, "kwoknodeclasses", events.Change.ADDED, found))
    return world


def test_pools_claims_and_nodes_lead_to_their_class_and_it_leads_back() -> None:
    world = with_class()
    node = next(iter(world.of("nodes")))
    for kind, key in (("pool", "default"), ("claim", "default-cjbhf"), ("node", node)):
        assert ("class", KEY) in [(entry.kind, entry.name) for entry in relations(world, kind, key, NOW)], kind
    assert [(entry.kind, entry.name) for entry in relations(world, "class", KEY, NOW)] == [("pool", "default")]


def test_a_class_is_found_by_its_name_and_says_who_uses_it() -> None:
    world = with_class()
    assert find(world, KEY) == ("class", KEY)
    told = why(world, "class", KEY, NOW)
    assert told.title == "KWOKNodeClass default"
    assert plain(told.lines[0]) == "used by default"


def test_a_class_is_told_in_the_words_of_its_manifest() -> None:
    world = world_until(11.0)
    spec = {"amiSelectorTerms": [{"alias": "al2023@latest"}], "subnetSelectorTerms": [{"tags": {"team": "web"}}]}
    found = NodeClass(Metadata(name="own", uid="own"), "EC2NodeClass", spec, {"amis": [{"id": "ami-1"}]})
    world.apply(events.ObjectSeen(NOW, "ec2nodeclasses", events.Change.ADDED, found))
    told = [plain(line) for line in why(world, "class", found.key, NOW).lines]
    for words in ("amiSelectorTerms alias=al2023@latest", "subnetSelectorTerms tags (team=web)", "amis found 1  ami-1"):
        assert words in told


def test_events_about_a_class_are_those_of_its_kind() -> None:
    world = with_class()
    assert "No Event" in plain(event_lines(world, "class", KEY)[0])
