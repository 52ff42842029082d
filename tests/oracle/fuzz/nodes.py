"""Mutations of nodes, of pods that run on them, of DaemonSets and of volumes."""

import copy

from tests.oracle.fuzz.draft import ARCH, CAPACITY_TYPE, CUSTOM, NODEPOOL, ZONE, ZONES, Draft, Json, Mutation
from tests.oracle.fuzz.topology import selector

TAINTS = (
    "team",
    "node.kubernetes.io/not-ready",
    "node.kubernetes.io/unreachable",
    "node.kubernetes.io/unschedulable",
    "karpenter.sh/unregistered",
    "karpenter.sh/disrupted",
    "readiness.k8s.io/agent",
    "node.cloudprovider.kubernetes.io/uninitialized",
)


def _claim_of(draft: Draft, node: Json) -> Json | None:
    wanted = node["spec"].get("providerID")
    return next((claim for claim in draft.of("NodeClaim") if claim["status"].get("providerID") == wanted), None)


def _condition(entry: Json, type_: str, status: str) -> None:
    conditions: list[Json] = entry["status"].setdefault("conditions", [])
    conditions[:] = [condition for condition in conditions if condition["type"] != type_]
    made = {"type": type_, "status": status, "reason": type_, "message": ""}
    conditions.append({**made, "lastTransitionTime": "2026-01-01T11:50:00Z"})


def node_taint(draft: Draft) -> str | None:
    """A taint of a node."""
    node = draft.pick(draft.of("Node"))
    if node is None:
        return None
    made = {
        "key": draft.pick(TAINTS),
        "effect": draft.pick(("NoSchedule", "NoSchedule", "NoExecute", "PreferNoSchedule")),
    }
    node["spec"]["taints"] = [*(node["spec"].get("taints") or []), made]
    return f"{node['metadata']['name']}: taint {made}"


def node_label(draft: Draft) -> str | None:
    """Another label of a node, or one less."""
    node = draft.pick(draft.of("Node"))
    if node is None:
        return None
    labels: Json = node["metadata"]["labels"]
    if draft.often(0.3):
        gone = draft.pick((ZONE, ARCH, CAPACITY_TYPE, NODEPOOL, "kubernetes.io/hostname", "karpenter.sh/initialized"))
        labels.pop(gone, None)
        return f"{node['metadata']['name']}: no {gone}"
    key = draft.pick((*CUSTOM, "rack", ZONE, CAPACITY_TYPE))
    labels[key] = draft.values(key, 1)[0]
    return f"{node['metadata']['name']}: {key}={labels[key]}"


def node_state(draft: Draft) -> str | None:
    """A node that is not registered, not initialized, going away, alone, or short of something."""
    node = draft.pick(draft.of("Node"))
    if node is None:
        return None
    claim, labels = _claim_of(draft, node), node["metadata"]["labels"]
    kind = draft.pick(
        (
            "uninitialized",
            "unregistered",
            "launched",
            "deleting",
            "terminating",
            "gone",
            "unmanaged",
            "short",
            "zero",
            "room",
        )
    )
    if kind == "uninitialized":
        labels.pop("karpenter.sh/initialized", None)
        if claim:
            _condition(claim, "Initialized", "Unknown")
    elif kind == "unregistered":
        labels.pop("karpenter.sh/initialized", None)
        labels.pop("karpenter.sh/registered", None)
        node["spec"]["taints"] = [{"key": "karpenter.sh/unregistered", "effect": "NoExecute"}]
        if claim:
            _condition(claim, "Registered", "Unknown")
    elif kind == "launched":
        draft.objects.remove(node)
    elif kind == "deleting" and claim:
        claim["metadata"]["deletionTimestamp"] = "2026-01-01T11:59:00Z"
    elif kind == "terminating" and claim:
        _condition(claim, "InstanceTerminating", "True")
    elif kind == "gone" and claim:
        draft.objects.remove(claim)
    elif kind == "unmanaged":
        if claim:
            draft.objects.remove(claim)
        labels.pop(NODEPOOL, None)
        if draft.often(0.5):
            node["metadata"]["deletionTimestamp"] = "2026-01-01T11:59:00Z"
            node["metadata"]["finalizers"] = ["example.com/hold"]
        if draft.often(0.3):
            node["spec"].pop("providerID", None)
    elif kind == "short":
        name = draft.pick(("cpu", "memory", "pods"))
        node["status"]["allocatable"][name] = {"cpu": "100m", "memory": "200Mi", "pods": "2"}[name]
    elif kind == "zero":
        node["status"]["allocatable"][draft.pick(("cpu", "memory", "pods"))] = "0"
    elif kind == "room":
        node["status"]["allocatable"].update({"cpu": "7", "memory": "24Gi", "pods": "30"})
    else:
        return None
    return f"{node['metadata']['name']}: {kind}"


def bind(draft: Draft) -> str | None:
    """Pods that run on a node now, and some that have ended there."""
    node, pods = draft.pick(draft.of("Node")), draft.some_pods()
    if node is None or not pods:
        return None
    some = draft.chance.sample(pods, draft.chance.randint(1, min(3, len(pods))))
    kind = draft.pick(("running", "running", "running", "ended", "terminating", "protected"))
    for pod in some:
        pod["spec"]["nodeName"] = node["metadata"]["name"]
        pod["status"]["phase"] = "Succeeded" if kind == "ended" else "Running"
        pod["status"]["conditions"] = [{"type": "PodScheduled", "status": "True"}]
        if kind == "terminating":
            pod["metadata"]["deletionTimestamp"] = "2026-01-01T12:00:30Z"
            pod["metadata"]["deletionGracePeriodSeconds"] = 30
        if kind == "protected":
            value = draft.pick(("true", "10m", "never"))
            pod["metadata"].setdefault("annotations", {})["karpenter.sh/do-not-disrupt"] = value
    return f"{len(some)} pods {kind} on {node['metadata']['name']}"


def budget(draft: Draft) -> str | None:
    """A PodDisruptionBudget."""
    pod = draft.pick(draft.bound()) or draft.pick(draft.pending())
    if pod is None:
        return None
    spec: Json = draft.pick(
        (
            {"maxUnavailable": 0},
            {"maxUnavailable": "0%"},
            {"minAvailable": "100%"},
            {"minAvailable": 1},
            {"maxUnavailable": 1},
        )
    )
    spec = {**spec, "selector": selector(draft, pod["metadata"].get("labels"))}
    if draft.often(0.2):
        spec["unhealthyPodEvictionPolicy"] = "AlwaysAllow"
    name = draft.name("pdb")
    metadata = {"name": name, "namespace": pod["metadata"]["namespace"], "uid": draft.uid()}
    draft.objects.append(
        {"apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": metadata, "spec": spec, "status": {}}
    )
    return f"budget {spec}"


def daemon_set(draft: Draft) -> str | None:
    """A DaemonSet, or another template of one that is there."""
    known = draft.pick(draft.of("DaemonSet"))
    if known is not None and draft.often(0.5):
        spec: Json = known["spec"]["template"]["spec"]
    else:
        name = draft.name("agent")
        spec = {"containers": [{"name": "agent", "image": "registry.k8s.io/pause:3.9", "resources": {}}]}
        known = {
            "apiVersion": "apps/v1",
            "kind": "DaemonSet",
            "metadata": {"name": name, "namespace": "default", "uid": draft.uid(), "labels": {"app": name}},
            "spec": {
                "selector": {"matchLabels": {"app": name}},
                "template": {"metadata": {"labels": {"app": name}}, "spec": spec},
            },
        }
        draft.objects.append(known)
    kind = draft.pick(
        ("requests", "requests", "limits", "selector", "terms", "terms", "tolerations", "port", "init", "extended")
    )
    container = spec["containers"][0]
    if kind == "requests":
        container["resources"] = {"requests": {"cpu": draft.amount("cpu"), "memory": draft.amount("memory")}}
    elif kind == "limits":
        container["resources"] = {"limits": {"cpu": "300m", "memory": draft.amount("memory")}}
    elif kind == "selector":
        key = draft.key()
        spec["nodeSelector"] = {key: draft.values(key, 1)[0]}
    elif kind == "terms":
        terms = [
            {"matchExpressions": [draft.expression() for _ in range(draft.chance.randint(1, 2))]}
            for _ in range(draft.chance.randint(1, 3))
        ]
        required = {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": terms}}
        spec["affinity"] = {"nodeAffinity": required}
    elif kind == "tolerations":
        spec["tolerations"] = draft.pick(([], [{"operator": "Exists"}], [{"key": "team", "operator": "Exists"}]))
    elif kind == "port":
        container["ports"] = [{"containerPort": 80, "hostPort": 8080, "protocol": "TCP"}]
    elif kind == "init":
        spec["initContainers"] = [
            {"name": "first", "image": "registry.k8s.io/pause:3.9", "resources": {"requests": {"cpu": "1"}}}
        ]
    else:
        container.setdefault("resources", {}).setdefault("requests", {})["nvidia.com/gpu"] = "1"
        container["resources"].setdefault("limits", {})["nvidia.com/gpu"] = "1"
    return f"daemon {known['metadata']['name']}: {kind}"


def daemon_pod(draft: Draft) -> str | None:
    """A pod of a DaemonSet on a node, perhaps of an older template."""
    known, node = draft.pick(draft.of("DaemonSet")), draft.pick(draft.of("Node"))
    if known is None or node is None:
        return None
    spec = copy.deepcopy(known["spec"]["template"]["spec"])
    if draft.often(0.5):
        requests = {"cpu": draft.amount("cpu"), "memory": draft.amount("memory")}
        spec["containers"][0]["resources"] = {"requests": requests}
    spec["nodeName"] = node["metadata"]["name"]
    field = {"key": "metadata.name", "operator": "In", "values": [node["metadata"]["name"]]}
    required = {"nodeSelectorTerms": [{"matchFields": [field]}]}
    spec["affinity"] = {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": required}}
    owner = {"apiVersion": "apps/v1", "kind": "DaemonSet", "controller": True}
    owner |= {"name": known["metadata"]["name"], "uid": known["metadata"]["uid"]}
    metadata = {
        "name": draft.name(known["metadata"]["name"]),
        "namespace": known["metadata"]["namespace"],
        "uid": draft.uid(),
        "labels": dict(known["spec"]["template"]["metadata"].get("labels") or {}),
        "ownerReferences": [owner],
        "creationTimestamp": f"2026-01-01T11:{draft.chance.randint(10, 59)}:00Z",
    }
    status = {"phase": "Running", "conditions": [{"type": "PodScheduled", "status": "True"}]}
    draft.objects.append({"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec, "status": status})
    return f"daemon pod {metadata['name']}"


def volume(draft: Draft) -> str | None:
    """A volume: bound to a zone, waiting, of a class with topologies, lost, local, or in-tree."""
    pods = draft.some_pods()[: draft.chance.randint(1, 3)]
    return volume_for(draft, pods) if pods else None


def volume_for(draft: Draft, pods: list[Json]) -> str:
    """One volume that these pods share."""
    kind = draft.pick(
        ("bound", "bound", "waiting", "topologies", "missing", "immediate", "unannotated", "local", "ephemeral")
    )
    class_name, volume_name = draft.name("class"), draft.name("pv")
    claim: Json = {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": draft.name("data"), "namespace": pods[0]["metadata"]["namespace"], "uid": draft.uid()},
        "spec": {"accessModes": ["ReadWriteOnce"], "storageClassName": class_name},
        "status": {"phase": "Pending"},
    }
    storage: Json = {
        "apiVersion": "storage.k8s.io/v1",
        "kind": "StorageClass",
        "metadata": {"name": class_name, "uid": draft.uid()},
        "provisioner": draft.pick(("ebs.csi.aws.com", "efs.csi.aws.com", "kubernetes.io/aws-ebs")),
        "volumeBindingMode": "Immediate" if kind == "immediate" else "WaitForFirstConsumer",
    }
    zone_key = draft.pick((ZONE, "topology.ebs.csi.aws.com/zone", "topology.kubernetes.io/zone"))
    if kind == "topologies":
        terms = [{"key": zone_key, "values": draft.chance.sample(ZONES, draft.chance.randint(1, 2))}]
        storage["allowedTopologies"] = [{"matchLabelExpressions": copy.deepcopy(terms)}]
        if draft.often(0.5):
            other = {"key": zone_key, "values": [draft.pick(ZONES)]}
            storage["allowedTopologies"].append({"matchLabelExpressions": [other]})
    made: list[Json] = [storage] if kind != "missing" else []
    if kind in ("bound", "unannotated", "local"):
        claim["spec"]["volumeName"] = volume_name
        claim["status"]["phase"] = "Bound"
        if kind != "unannotated":
            claim["metadata"]["annotations"] = {"pv.kubernetes.io/bind-completed": "yes"}
        expressions = [{"key": zone_key, "operator": "In", "values": draft.chance.sample(ZONES, draft.pick((1, 1, 2)))}]
        source: Json = {"csi": {"driver": "ebs.csi.aws.com", "volumeHandle": "vol-1"}}
        if kind == "local":
            source = {"local": {"path": "/data"}}
            expressions = [{"key": "kubernetes.io/hostname", "operator": "In", "values": ["some-node"]}]
        terms = [{"matchExpressions": expressions}]
        if draft.often(0.2):
            terms.append({"matchExpressions": [{"key": zone_key, "operator": "In", "values": [draft.pick(ZONES)]}]})
        made.append(
            {
                "apiVersion": "v1",
                "kind": "PersistentVolume",
                "metadata": {"name": volume_name, "uid": draft.uid()},
                "spec": {
                    **source,
                    "accessModes": ["ReadWriteOnce"],
                    "nodeAffinity": {"required": {"nodeSelectorTerms": terms}},
                },
            }
        )
    scratch = draft.name("scratch")
    if kind == "ephemeral":
        claim["metadata"]["name"] = f"{pods[0]['metadata']['name']}-{scratch}"
    draft.objects.extend([claim, *made])
    for pod in pods:
        entry: Json = {"name": draft.name("v"), "persistentVolumeClaim": {"claimName": claim["metadata"]["name"]}}
        if kind == "ephemeral":
            entry = {
                "name": scratch,
                "ephemeral": {"volumeClaimTemplate": {"spec": {"storageClassName": class_name}}},
            }
        pod["spec"].setdefault("volumes", []).append(entry)
    return f"volume {kind} for {len(pods)}"


def volume_limit(draft: Draft) -> str | None:
    """How many volumes of a driver a node takes."""
    node = draft.pick(draft.of("Node"))
    if node is None or any(entry["metadata"]["name"] == node["metadata"]["name"] for entry in draft.of("CSINode")):
        return None
    drivers = [
        {
            "name": "ebs.csi.aws.com",
            "nodeID": "i-1",
            "topologyKeys": [],
            "allocatable": {"count": draft.chance.randint(0, 2)},
        }
    ]
    metadata = {"name": node["metadata"]["name"], "uid": draft.uid()}
    draft.objects.append(
        {"apiVersion": "storage.k8s.io/v1", "kind": "CSINode", "metadata": metadata, "spec": {"drivers": drivers}}
    )
    return f"{node['metadata']['name']}: {drivers}"


MUTATIONS: tuple[Mutation, ...] = (
    node_taint,
    node_label,
    node_state,
    node_state,
    bind,
    bind,
    budget,
    daemon_set,
    daemon_set,
    daemon_pod,
    volume,
    volume,
    volume_limit,
)
