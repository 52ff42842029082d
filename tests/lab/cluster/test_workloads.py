"""Deployments, ReplicaSets, DaemonSets and Jobs."""

from karptui.lab.cluster.kinds import DAEMONSETS, DEPLOYMENTS, JOBS, PODS, REPLICASETS, Object
from karptui.lab.cluster.pod_conditions import condition_of, node_name
from tests.lab.cluster.bench import Bench, eventually, pod_spec, workload


async def complete(bench: Bench, name: str) -> Object:
    """What `kubectl rollout status` waits for."""

    async def done() -> Object | None:
        item = await bench.get(DEPLOYMENTS, name)
        assert item is not None
        status, wanted = item.get("status") or {}, item["spec"]["replicas"]
        counts = [status.get(field, 0) for field in ("replicas", "updatedReplicas", "availableReplicas")]
        current = status.get("observedGeneration", 0) >= item["metadata"]["generation"]
        return item if current and counts == [wanted] * 3 else None

    return await eventually(done, f"the rollout of {name}")


async def scale(bench: Bench, name: str, replicas: int) -> None:
    item = await bench.get(DEPLOYMENTS, name)
    assert item is not None
    await bench.api.patch(DEPLOYMENTS, item, {"spec": {"replicas": replicas}})


async def test_a_deployment_gets_ready_pods_and_follows_its_replicas(bench: Bench) -> None:
    await bench.node("n1")
    await bench.make(DEPLOYMENTS, "web", workload("web", 3))
    pods = await bench.ready_pods(3, app="web")
    assert all("pod-template-hash" in pod["metadata"]["labels"] for pod in pods)
    item = await complete(bench, "web")
    assert item["metadata"]["annotations"]["deployment.kubernetes.io/revision"] == "1"
    assert (condition_of(item, "Available") or {})["status"] == "True"
    assert (condition_of(item, "Progressing") or {})["reason"] == "NewReplicaSetAvailable"
    await scale(bench, "web", 1)
    await bench.ready_pods(1, app="web")
    await complete(bench, "web")
    events = await bench.events("ScalingReplicaSet", "web")
    sets = (await bench.api.list(REPLICASETS, bench.namespace))[0]
    assert {event["message"] for event in events} == {
        f"Scaled up replica set {sets[0]['metadata']['name']} from 0 to 3",
        f"Scaled down replica set {sets[0]['metadata']['name']} from 3 to 1",
    }


async def test_a_new_template_replaces_the_pods_without_going_below_what_is_allowed(bench: Bench) -> None:
    await bench.node("n1")
    rolling = {"rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}}
    await bench.make(DEPLOYMENTS, "web", workload("web", 3, strategy=rolling))
    old = {pod["metadata"]["uid"] for pod in await bench.ready_pods(3, app="web")}
    item = await complete(bench, "web")
    body = {"spec": {"template": {"spec": {"containers": [{"name": "main", "image": "example.test/new:2"}]}}}}
    await bench.api.patch(DEPLOYMENTS, item, body, how="strategic")
    lowest = 3

    async def replaced() -> bool:
        nonlocal lowest
        status = (await bench.api.get(DEPLOYMENTS, bench.namespace, "web"))["status"]
        lowest = min(lowest, status.get("availableReplicas", 0))
        return not old & {pod["metadata"]["uid"] for pod in await bench.pods(app="web")}

    await eventually(replaced, "new pods")
    item = await complete(bench, "web")
    assert lowest == 3
    assert item["metadata"]["annotations"]["deployment.kubernetes.io/revision"] == "2"
    sets = (await bench.api.list(REPLICASETS, bench.namespace))[0]
    assert sorted(one["spec"]["replicas"] for one in sets) == [0, 3]


async def test_a_recreated_deployment_has_no_old_pod_beside_a_new_one(bench: Bench) -> None:
    await bench.node("n1")
    await bench.make(DEPLOYMENTS, "web", workload("web", 2, strategy={"type": "Recreate"}))
    await bench.ready_pods(2, app="web")
    item = await complete(bench, "web")
    body = {"spec": {"template": {"spec": {"containers": [{"name": "main", "image": "example.test/new:2"}]}}}}
    await bench.api.patch(DEPLOYMENTS, item, body, how="strategic")
    mixed: list[set[str]] = []

    async def replaced() -> bool:
        images = {pod["spec"]["containers"][0]["image"] for pod in await bench.pods(app="web")}
        mixed.append(images)
        return images == {"example.test/new:2"}

    await eventually(replaced, "new pods")
    assert all(len(images) <= 1 for images in mixed)
    await complete(bench, "web")


async def test_a_pod_without_a_node_goes_before_one_that_is_ready(bench: Bench) -> None:
    await bench.node("n1", cpu="2")
    await bench.make(REPLICASETS, "rs", workload("rs", 3, pod_spec("900m")))

    async def two_run() -> bool:
        return sum(bool(node_name(pod)) for pod in await bench.pods()) == 2 and len(await bench.pods()) == 3

    await eventually(two_run, "two bound pods and a waiting one")
    bound = {pod["metadata"]["uid"] for pod in await bench.pods() if node_name(pod)}
    await bench.api.patch(
        REPLICASETS, {"metadata": {"name": "rs", "namespace": bench.namespace}}, {"spec": {"replicas": 2}}
    )
    left = await bench.ready_pods(2)
    assert {pod["metadata"]["uid"] for pod in left} == bound


async def test_a_daemonset_follows_the_nodes_that_it_tolerates(bench: Bench) -> None:
    taint = {"key": "special", "effect": "NoSchedule"}
    await bench.node("n1")
    await bench.node("n2", taints=[taint])
    spec = workload("agent", 1)
    del spec["replicas"]
    await bench.make(DAEMONSETS, "agent", spec)
    pods = await bench.ready_pods(1, app="agent")
    assert node_name(pods[0]) == "n1"
    term = pods[0]["spec"]["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]
    assert term["nodeSelectorTerms"][0]["matchFields"] == [{"key": "metadata.name", "operator": "In", "values": ["n1"]}]
    await bench.node("n3")
    pods = await bench.ready_pods(2, app="agent")
    assert {node_name(pod) for pod in pods} == {"n1", "n3"}

    async def counted() -> bool:
        status = (await bench.api.get(DAEMONSETS, bench.namespace, "agent"))["status"]
        return status["desiredNumberScheduled"] == status["numberReady"] == status.get("numberAvailable") == 2

    await eventually(counted, "the DaemonSet's status")


async def test_a_new_daemon_template_reaches_every_node(bench: Bench) -> None:
    await bench.node("n1")
    await bench.node("n2")
    spec = workload("agent", 1)
    del spec["replicas"]
    item = await bench.make(DAEMONSETS, "agent", spec)
    await bench.ready_pods(2, app="agent")
    body = {"spec": {"template": {"spec": {"containers": [{"name": "main", "image": "example.test/new:2"}]}}}}
    await bench.api.patch(DAEMONSETS, item, body, how="strategic")

    async def updated() -> bool:
        status = (await bench.api.get(DAEMONSETS, bench.namespace, "agent"))["status"]
        pods = await bench.pods(app="agent")
        new = all(pod["spec"]["containers"][0]["image"] == "example.test/new:2" for pod in pods)
        return new and status.get("updatedNumberScheduled") == status.get("numberAvailable") == 2

    await eventually(updated, "two new daemon pods")


async def test_a_job_runs_its_pods_to_completion(bench: Bench) -> None:
    await bench.node("n1")
    template = {"spec": {**pod_spec(), "restartPolicy": "Never"}}
    await bench.make(JOBS, "work", {"parallelism": 2, "completions": 3, "template": template})

    async def complete_job() -> Object | None:
        job = await bench.get(JOBS, "work")
        assert job is not None
        assert (job.get("status") or {}).get("active", 0) <= 2
        return job if (condition_of(job, "Complete") or {}).get("status") == "True" else None

    job = await eventually(complete_job, "the Job to be complete")
    assert job["status"]["succeeded"] == 3
    assert job["status"]["completionTime"]

    async def released() -> bool:
        return not any(pod["metadata"].get("finalizers") for pod in await bench.pods())

    await eventually(released, "pods without finalizers")
    assert len(await bench.pods()) == 3


async def test_a_job_whose_pods_fail_gives_up(bench: Bench) -> None:
    await bench.node("n1")
    meta = {"annotations": {"lab.karptui.io/exit-code": "3", "lab.karptui.io/run-seconds": "0.1s"}}
    template = {"metadata": meta, "spec": {**pod_spec(), "restartPolicy": "Never"}}
    await bench.make(JOBS, "work", {"backoffLimit": 1, "template": template})

    async def failed() -> Object | None:
        job = await bench.get(JOBS, "work")
        assert job is not None
        return job if (condition_of(job, "Failed") or {}).get("status") == "True" else None

    job = await eventually(failed, "the Job to fail")
    assert job["status"]["failed"] == 2
    pod = (await bench.pods())[0]
    assert pod["status"]["containerStatuses"][0]["state"]["terminated"]["exitCode"] == 3


async def test_a_pod_that_is_lost_is_replaced(bench: Bench) -> None:
    await bench.node("n1")
    await bench.make(DEPLOYMENTS, "web", workload("web", 1))
    (lost,) = await bench.ready_pods(1)
    await bench.api.delete(PODS, lost)

    async def replaced() -> bool:
        pods = await bench.pods()
        return [pod["metadata"]["uid"] for pod in pods] != [lost["metadata"]["uid"]] and len(pods) == 1

    await eventually(replaced, "another pod")
    await bench.ready_pods(1)
