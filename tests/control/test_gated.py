"""What a dry run says of a cloud."""

from typing import Any, cast

import pytest

from karptui.cloud.kwok.provider import KwokProvider
from karptui.cloud.provider import CloudProvider
from karptui.control.gate import Gate, Withheld
from karptui.control.gated import GatedProvider
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
