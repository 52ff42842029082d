"""NodePools, NodeClaims and NodeClasses of v1 and of v1beta1 mean what they meant."""

from karptui.kube.decode import decode_manifest
from karptui.model.node import NodeClassReference
from karptui.model.nodepool import Budget, NodeClass, NodePool
from karptui.model.quantity import NANO, parse

BETA_POOL = {
    "apiVersion": "karpenter.sh/v1beta1",
    "kind": "NodePool",
    "metadata": {"name": "old"},
    "spec": {
        "template": {
            "metadata": {"labels": {"team": "a"}},
            "spec": {
                "nodeClassRef": {"apiVersion": "karpenter.k8s.aws/v1beta1", "kind": "EC2NodeClass", "name": "default"},
                "requirements": [{"key": "karpenter.sh/capacity-type", "operator": "In", "values": ["spot"]}],
                "kubelet": {"maxPods": 20},
            },
        },
        "disruption": {
            "consolidationPolicy": "WhenUnderutilized",
            "expireAfter": "720h",
            "budgets": [{"nodes": "20%"}],
        },
        "limits": {"cpu": 100},
        "weight": 3,
    },
}


def test_a_v1beta1_pool_means_what_it_meant() -> None:
    resource, found = decode_manifest(BETA_POOL)
    assert resource == "nodepools"
    assert isinstance(found, NodePool)
    assert found.consolidation_policy == "WhenEmptyOrUnderutilized"
    assert found.consolidate_after == 0.0
    assert found.template.expire_after == 720 * 3600
    assert found.template.node_class == NodeClassReference("karpenter.k8s.aws", "EC2NodeClass", "default")
    assert found.limits == {"cpu": 100 * NANO}
    assert found.budgets == (Budget("20%"),)
    assert found.weight == 3


def test_a_v1beta1_pool_may_name_its_node_class_alone() -> None:
    template = {"spec": {"nodeClassRef": {"name": "default"}, "requirements": []}}
    _, found = decode_manifest({**BETA_POOL, "spec": {**BETA_POOL["spec"], "template": template}})
    assert isinstance(found, NodePool)
    assert found.template.node_class == NodeClassReference("karpenter.k8s.aws", "EC2NodeClass", "default")


def test_a_v1beta1_pool_that_never_consolidates_or_expires() -> None:
    disruption = {"consolidationPolicy": "WhenEmpty", "consolidateAfter": "Never", "expireAfter": "Never"}
    _, found = decode_manifest({**BETA_POOL, "spec": {**BETA_POOL["spec"], "disruption": disruption}})
    assert found.consolidate_after is None
    assert found.template.expire_after is None
    assert found.budgets == (Budget("10%"),)


def test_a_v1beta1_claim_is_read() -> None:
    _, found = decode_manifest(
        {
            "apiVersion": "karpenter.sh/v1beta1",
            "kind": "NodeClaim",
            "metadata": {"name": "old-1", "labels": {"karpenter.sh/nodepool": "old"}},
            "spec": {
                "nodeClassRef": {"apiVersion": "karpenter.k8s.aws/v1beta1", "kind": "EC2NodeClass", "name": "default"},
                "resources": {"requests": {"cpu": "1500m"}},
                "requirements": [{"key": "a", "operator": "Exists", "minValues": 2}],
            },
            "status": {"providerID": "aws:///us-east-1a/i-1", "conditions": [{"type": "Launched", "status": "True"}]},
        }
    )
    assert found.node_class.group == "karpenter.k8s.aws"
    assert found.requests == {"cpu": parse("1500m")}
    assert found.requirements[0].min_values == 2
    assert found.expire_after is None
    assert found.node_pool == "old"


def test_a_v1_pool_keeps_durations_budgets_and_limits() -> None:
    spec = {
        "template": {"spec": {"expireAfter": "1h30m", "terminationGracePeriod": "45s"}},
        "disruption": {
            "consolidateAfter": "Never",
            "consolidationPolicy": "WhenEmpty",
            "budgets": [{"nodes": 3, "reasons": ["Drifted"], "schedule": "0 9 * * *", "duration": "8h"}],
        },
        "limits": {"memory": "10Gi"},
        "replicas": 2,
    }
    _, found = decode_manifest(
        {"apiVersion": "karpenter.sh/v1", "kind": "NodePool", "metadata": {"name": "p"}, "spec": spec}
    )
    assert (found.template.expire_after, found.template.termination_grace_period) == (5400.0, 45.0)
    assert found.consolidate_after is None
    assert found.budgets == (Budget("3", ("Drifted",), "0 9 * * *", 28800.0),)
    assert found.limits == {"memory": parse("10Gi")}
    assert found.replicas == 2


def test_node_classes_of_any_provider_are_read() -> None:
    _, found = decode_manifest(
        {"apiVersion": "karpenter.azure.com/v1beta1", "kind": "AKSNodeClass", "metadata": {"name": "default"}}
    )
    assert isinstance(found, NodeClass)
    assert found.kind == "AKSNodeClass"
