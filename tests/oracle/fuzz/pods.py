"""Mutations of pods: what they ask for, where they may go, and who they are."""

import copy

from tests.oracle.fuzz.draft import (
    ARCH,
    CAPACITY_TYPE,
    CUSTOM,
    HOSTNAME,
    INSTANCE_TYPE,
    NODEPOOL,
    ZONE,
    Draft,
    Json,
    Mutation,
)


def _container(draft: Draft, name: str) -> Json:
    requests: Json = {}
    for resource in ("cpu", "memory"):
        if draft.often(0.8):
            requests[resource] = draft.amount(resource)
    if draft.often(0.1):
        requests["ephemeral-storage"] = draft.pick(("1Gi", "5Gi", "15Gi", "40Gi"))
    return {"name": name, "image": "registry.k8s.io/pause:3.9", "resources": {"requests": requests}}


def requests(draft: Draft) -> str | None:
    """Other amounts in the first container."""
    pods = draft.some_pods()
    made = _container(draft, "app")["resources"]
    for pod in pods:
        pod["spec"]["containers"][0]["resources"] = copy.deepcopy(made)
    return f"requests {made}" if pods else None


def containers(draft: Draft) -> str | None:
    """More containers: ordinary, init, sidecar; overhead and resources of the pod as a whole."""
    pods = draft.some_pods()
    kind = draft.pick(("container", "init", "sidecar", "overhead", "pod", "limits", "resized"))
    made = _container(draft, draft.name("c"))
    whole = {name: draft.amount(name) for name in ("cpu", "memory") if draft.often(0.8)}
    for pod in pods:
        spec = pod["spec"]
        if kind == "container":
            spec["containers"].append(copy.deepcopy(made))
        elif kind in ("init", "sidecar"):
            always = {"restartPolicy": "Always"} if kind == "sidecar" else {}
            spec.setdefault("initContainers", []).append({**copy.deepcopy(made), **always})
        elif kind == "overhead":
            spec["overhead"] = dict(whole)
        elif kind == "pod":
            spec["resources"] = {"requests": dict(whole)}
        elif kind == "limits":
            spec["containers"][0]["resources"]["limits"] = {"cpu": "20", "memory": "64Gi"}
        else:
            first = spec["containers"][0]
            pod["status"]["containerStatuses"] = [
                {"name": first["name"], "resources": {"requests": dict(whole)}, "allocatedResources": dict(whole)}
            ]
            if draft.often(0.4):
                pod["status"].setdefault("conditions", []).append(
                    {"type": "PodResizePending", "status": "True", "reason": draft.pick(("Infeasible", "Deferred"))}
                )
    return f"{kind} {made['resources']} {whole}" if pods else None


def extended(draft: Draft) -> str | None:
    """A resource of its own kind."""
    pods = draft.some_pods()
    resource = draft.pick(
        ("nvidia.com/gpu", "vpc.amazonaws.com/pod-eni", "hugepages-2Mi", "example.com/dongle", "aws.amazon.com/neuron")
    )
    amount = draft.pick(("0", "1", "2")) if resource != "hugepages-2Mi" else draft.pick(("0", "100Mi", "1Gi"))
    for pod in pods:
        resources = pod["spec"]["containers"][0].setdefault("resources", {})
        resources.setdefault("requests", {})[resource] = amount
        resources.setdefault("limits", {})[resource] = amount
    return f"{resource} {amount}" if pods else None


def selector(draft: Draft) -> str | None:
    """Another entry of nodeSelector, or none of them."""
    pods = draft.some_pods()
    if draft.often(0.2):
        for pod in pods:
            pod["spec"].pop("nodeSelector", None)
        return "no nodeSelector" if pods else None
    node = draft.pick(draft.of("Node"))
    key = draft.pick((ZONE, ARCH, CAPACITY_TYPE, INSTANCE_TYPE, *CUSTOM, NODEPOOL, draft.key(), draft.key()))
    value = draft.values(key, 1)[0]
    if key == NODEPOOL:
        value = (draft.pick(draft.of("NodePool")) or {"metadata": {"name": "default"}})["metadata"]["name"]
    if node and draft.often(0.3):
        key = draft.pick(node["metadata"]["labels"])
        value = node["metadata"]["labels"][key]
    for pod in pods:
        pod["spec"].setdefault("nodeSelector", {})[key] = value
    return f"nodeSelector {key}={value}" if pods else None


def _term(draft: Draft) -> Json:
    return {"matchExpressions": [draft.expression() for _ in range(draft.chance.randint(1, 3))]}


def required_affinity(draft: Draft) -> str | None:
    """Required node affinity, of one to three terms."""
    pods = draft.some_pods()
    terms = [_term(draft) for _ in range(draft.chance.randint(1, 3))]
    if draft.often(0.05):
        terms[-1]["matchExpressions"] = [draft.expression((HOSTNAME,))]
    if draft.often(0.05):
        terms.append({"matchFields": [{"key": "metadata.name", "operator": "In", "values": ["some-node"]}]})
    for pod in pods:
        affinity = pod["spec"].setdefault("affinity", {}).setdefault("nodeAffinity", {})
        affinity["requiredDuringSchedulingIgnoredDuringExecution"] = {"nodeSelectorTerms": copy.deepcopy(terms)}
    return f"required {terms}" if pods else None


def preferred_affinity(draft: Draft) -> str | None:
    """Preferred node affinity, of one to three terms."""
    pods = draft.some_pods()
    terms = [
        {"weight": draft.pick((1, 1, 10, 50, 100)), "preference": _term(draft)}
        for _ in range(draft.chance.randint(1, 3))
    ]
    for pod in pods:
        affinity = pod["spec"].setdefault("affinity", {}).setdefault("nodeAffinity", {})
        affinity["preferredDuringSchedulingIgnoredDuringExecution"] = copy.deepcopy(terms)
    return f"preferred {terms}" if pods else None


def toleration(draft: Draft) -> str | None:
    """A toleration of some taint there is, or of everything."""
    pods = draft.some_pods()
    taints = [
        taint
        for pool in draft.of("NodePool")
        for name in ("taints", "startupTaints")
        for taint in pool["spec"]["template"]["spec"].get(name) or ()
    ] + [taint for node in draft.of("Node") for taint in node["spec"].get("taints") or ()]
    taint = draft.pick(taints) or {"key": "team", "value": "red", "effect": "NoSchedule"}
    made: Json = draft.pick(
        (
            {"operator": "Exists"},
            {"key": taint["key"], "operator": "Exists"},
            {"key": taint["key"], "operator": "Equal", "value": taint.get("value", ""), "effect": taint["effect"]},
            {"key": taint["key"], "operator": "Equal", "value": "another", "effect": taint["effect"]},
            {"key": taint["key"], "operator": "Exists", "effect": "PreferNoSchedule"},
            {"key": taint["key"], "value": taint.get("value", "")},
        )
    )
    for pod in pods:
        pod["spec"].setdefault("tolerations", []).append(copy.deepcopy(made))
    return f"toleration {made}" if pods else None


def host_port(draft: Draft) -> str | None:
    """A port of the node."""
    pods = draft.some_pods()
    port: Json = {"containerPort": 80, "hostPort": draft.pick((8080, 8080, 9090))}
    if draft.often(0.5):
        port["protocol"] = draft.pick(("TCP", "UDP"))
    if draft.often(0.4):
        port["hostIP"] = draft.pick(("10.0.0.1", "10.0.0.2", "0.0.0.0", "::"))
    port.setdefault("protocol", "TCP")
    for pod in pods:
        pod["spec"]["containers"][-1].setdefault("ports", []).append(dict(port))
    return f"port {port}" if pods else None


def copies(draft: Draft) -> str | None:
    """More pods like one that is there."""
    pod = draft.pick(draft.pending())
    if pod is None:
        return None
    count = draft.pick((1, 2, 3, 5, 8))
    for _ in range(count):
        made = copy.deepcopy(pod)
        made["metadata"]["name"], made["metadata"]["uid"] = draft.name(pod["metadata"]["name"][:20]), draft.uid()
        draft.objects.append(made)
    return f"{count} more like {pod['metadata']['name']}"


def many(draft: Draft) -> str | None:
    """So many pods that keep apart that more than a dozen claims are open at once."""
    pod = draft.pick(draft.pending())
    if pod is None:
        return None
    count, label = draft.chance.randint(13, 40), draft.name("many")
    way = draft.pick(("anti", "spread", "size", "size"))
    for number in range(count):
        made = copy.deepcopy(pod)
        made["metadata"]["name"], made["metadata"]["uid"] = draft.name("many"), draft.uid()
        made["metadata"].setdefault("labels", {})["many"] = label
        chosen = {"matchLabels": {"many": label}}
        if way == "anti":
            term = {"topologyKey": HOSTNAME, "labelSelector": chosen}
            required = {"requiredDuringSchedulingIgnoredDuringExecution": [term]}
            made["spec"].setdefault("affinity", {})["podAntiAffinity"] = required
        elif way == "spread":
            constraint = {"maxSkew": 1, "topologyKey": HOSTNAME, "whenUnsatisfiable": "DoNotSchedule"}
            made["spec"]["topologySpreadConstraints"] = [{**constraint, "labelSelector": chosen}]
        else:
            amounts = {"cpu": draft.pick(("100m", "700m", "1", "3")), "memory": draft.pick(("1Gi", "2Gi", "7Gi"))}
            made["spec"]["containers"][0]["resources"] = {"requests": amounts}
        if draft.often(0.3) and number % 3 == 0:
            made["spec"]["containers"][0]["resources"] = {"requests": {"cpu": "1500m"}}
        draft.objects.append(made)
    return f"{count} more by {way}"


def versions(draft: Draft) -> str | None:
    """Pods of one set with different labels, as while a Deployment rolls."""
    pods = draft.some_pods()
    for pod in pods:
        labels = pod["metadata"].setdefault("labels", {})
        labels["version"] = draft.pick(("v1", "v2"))
        labels["pod-template-hash"] = draft.pick(("abc", "def"))
    return f"versions of {len(pods)}" if pods else None


def fewer(draft: Draft) -> str | None:
    """Some pending pods gone."""
    pods = draft.pending()
    if len(pods) < 2:
        return None
    gone = [id(pod) for pod in draft.chance.sample(pods, draft.chance.randint(1, len(pods) // 2))]
    draft.scenario["objects"] = [entry for entry in draft.objects if id(entry) not in gone]
    return f"{len(gone)} pods less"


def identity(draft: Draft) -> str | None:
    """Other labels, age, namespace, or state of a pod."""
    pods = draft.some_pods()
    kind = draft.pick(("label", "age", "namespace", "nominated", "gated", "reason", "terminating", "dra", "daemon"))
    value = draft.pick(("web", "db", "api"))
    for pod in pods:
        meta, spec, status = pod["metadata"], pod["spec"], pod["status"]
        if kind == "label":
            meta.setdefault("labels", {})["app"] = value
        elif kind == "age":
            meta["creationTimestamp"] = f"2026-01-01T11:{draft.chance.randint(10, 59)}:{draft.chance.randint(10, 59)}Z"
        elif kind == "namespace":
            meta["namespace"] = "other"
        elif kind == "nominated":
            status["nominatedNodeName"] = "some-node"
        elif kind == "gated":
            spec["schedulingGates"] = [{"name": "example.com/wait"}]
            status["conditions"] = [{"type": "PodScheduled", "status": "False", "reason": "SchedulingGated"}]
        elif kind == "reason":
            for condition in status.get("conditions") or ():
                condition["status"] = "Unknown"
        elif kind == "terminating":
            meta["deletionTimestamp"], meta["deletionGracePeriodSeconds"] = "2026-01-01T12:00:30Z", 30
        elif kind == "dra":
            spec["resourceClaims"] = [{"name": "gpu", "resourceClaimName": "some-claim"}]
        else:
            owner = {"apiVersion": "apps/v1", "kind": "DaemonSet", "name": "agent", "uid": draft.uid()}
            meta["ownerReferences"] = [owner]
    if kind == "namespace" and not any(entry["metadata"]["name"] == "other" for entry in draft.of("Namespace")):
        draft.objects.append(
            {
                "apiVersion": "v1",
                "kind": "Namespace",
                "metadata": {"name": "other", "uid": draft.uid(), "labels": {"kubernetes.io/metadata.name": "other"}},
            }
        )
    return f"{kind} {value}" if pods else None


MUTATIONS: tuple[Mutation, ...] = (
    requests,
    requests,
    containers,
    extended,
    selector,
    selector,
    required_affinity,
    required_affinity,
    preferred_affinity,
    toleration,
    host_port,
    copies,
    copies,
    many,
    versions,
    fewer,
    identity,
)
