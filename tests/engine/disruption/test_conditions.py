"""Conditions, as the controller that maintains them sets them."""

from msgspec.structs import replace

from karptui.engine.disruption import with_conditions
from karptui.model.labels import ARCH, CAPACITY_TYPE, INSTANCE_TYPE, ON_DEMAND
from karptui.model.metadata import condition
from karptui.model.node import NodeClaim
from karptui.model.nodepool import NodePool
from karptui.model.snapshot import Snapshot
from tests.engine.cluster import asks
from tests.engine.disruption.fleet import NOW, SINCE, dynamic_pool, fleet, running

HASH, VERSION = "karpenter.sh/nodepool-hash", "karpenter.sh/nodepool-hash-version"


def told(cluster: Snapshot) -> tuple[bool, str | None]:
    """Consolidatable, and the reason of Drifted, of the one claim."""
    (claim,) = with_conditions(cluster).node_claims.values()
    drifted = condition(claim.conditions, "Drifted")
    return condition(claim.conditions, "Consolidatable") is not None, drifted.reason if drifted else None


def hashed(entry: NodePool | NodeClaim, text: str, version: str = "v3") -> NodePool | NodeClaim:
    annotations = {HASH: text, VERSION: version}
    return replace(entry, metadata=replace(entry.metadata, annotations=annotations))


def test_a_node_is_consolidatable_once_pods_have_left_it_alone_long_enough() -> None:
    pool = dynamic_pool(consolidate_after=60.0)
    assert told(fleet(pool, running("a", last_pod_event=NOW - 60))) == (True, None)
    assert told(fleet(pool, running("a", last_pod_event=NOW - 59))) == (False, None)
    # Without any pod event the time since it is initialized counts.
    assert told(fleet(pool, running("a"))) == (True, None)
    assert told(fleet(dynamic_pool(consolidate_after=NOW - SINCE + 1), running("a"))) == (False, None)


def test_zero_ignores_pods_and_never_means_never() -> None:
    assert told(fleet(dynamic_pool(consolidate_after=0.0), running("a", last_pod_event=NOW))) == (True, None)
    assert told(fleet(dynamic_pool(consolidate_after=None), running("a"))) == (False, None)


def test_another_template_hash_of_the_same_version_is_drift() -> None:
    node, claim = running("a")
    pool = dynamic_pool()
    assert told(fleet(hashed(pool, "1"), node, hashed(claim, "2"))) == (True, "NodePoolDrifted")
    assert told(fleet(hashed(pool, "1"), node, hashed(claim, "2", "v2"))) == (True, None)
    assert told(fleet(hashed(pool, "1"), node, claim)) == (True, None)


def test_labels_that_the_requirements_no_longer_allow_are_drift() -> None:
    def asking(*specs: object) -> NodePool:
        pool = dynamic_pool()
        return replace(pool, template=replace(pool.template, requirements=specs))

    assert told(fleet(asking(asks(ARCH, "In", "arm64")), running("a"))) == (True, "RequirementsDrifted")
    assert told(fleet(asking(asks("team", "In", "x")), running("a"))) == (True, "RequirementsDrifted")
    assert told(fleet(asking(asks("team", "NotIn", "x")), running("a"))) == (True, None)
    assert told(fleet(asking(asks(CAPACITY_TYPE, "In", ON_DEMAND)), running("a"))) == (True, None)


def test_a_type_that_is_no_longer_offered_is_drift_after_an_hour() -> None:
    node, claim = running("a")
    metadata = replace(claim.metadata, labels={**claim.metadata.labels, INSTANCE_TYPE: "gone"})
    old = replace(claim, metadata=replace(metadata, created=NOW - 3601))
    young = replace(claim, metadata=replace(metadata, created=NOW - 3600))
    assert told(fleet(dynamic_pool(), node, old)) == (True, "InstanceTypeNotFound")
    assert told(fleet(dynamic_pool(), node, young)) == (True, None)


def test_the_provider_is_asked_last() -> None:
    drift = {"claim-a": "AMIDrift"}
    assert told(fleet(dynamic_pool(), running("a"), provider_drift=drift)) == (True, "AMIDrift")
    node, claim = running("a")
    hashes = fleet(hashed(dynamic_pool(), "1"), node, hashed(claim, "2"), provider_drift=drift)
    assert told(hashes) == (True, "NodePoolDrifted")


def test_drift_that_is_over_is_cleared_and_what_stays_keeps_its_time() -> None:
    assert told(fleet(dynamic_pool(), running("a", conditions=("Drifted",)))) == (True, None)
    (claim,) = with_conditions(fleet(dynamic_pool(), running("a"))).node_claims.values()
    kept = condition(claim.conditions, "Consolidatable")
    assert kept is not None
    assert kept.changed == SINCE
