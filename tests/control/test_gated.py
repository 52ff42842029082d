"""What a dry run says of a cloud."""

from typing import Any, cast

import pytest

from karptui.cloud.kwok.provider import KwokProvider
from karptui.cloud.provider import CloudProvider
from karptui.control.safety.gate import Gate, Withheld
from karptui.control.safety.gated import GatedProvider
from karptui.model.metadata import Metadata
from karptui.model.node import NodeClaim
from karptui.model.nodepool import NodeClass
from karptui.world import events


class Makes:
    node_class = "EC2NodeClass"


async def test_a_dry_run_tells_of_leftovers_only_where_a_cloud_leaves_some() -> None:
    told: list[events.Event] = []
    gate = Gate(told.append, lambda: 0.0, dry_run=True)
    await GatedProvider(KwokProvider(cast(Any, None), "us-east-1"), gate).tidy((), ())
    assert not told
    with pytest.raises(Withheld):
        await GatedProvider(cast(CloudProvider, Makes()), gate).tidy((), ())
    assert len(told) == 1


@pytest.mark.parametrize(("provider_id", "verb"), [("", "launch"), ("aws:///us-east-1a/i-1", "tag")])
async def test_a_dry_run_says_whether_it_would_launch_an_instance_or_tag_the_one_there_is(
    provider_id: str, verb: str
) -> None:
    gate = Gate(lambda _: None, lambda: 0.0, dry_run=True)
    provider = GatedProvider(cast(CloudProvider, Makes()), gate)
    with pytest.raises(Withheld):
        await provider.create(
            NodeClaim(Metadata("general-1"), provider_id=provider_id), NodeClass(Metadata("default"), "EC2NodeClass")
        )
    assert [(act.verb, act.resource, act.name) for act in gate.would] == [(verb, "instances", "general-1")]
