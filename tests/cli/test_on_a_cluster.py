"""`status`, `why`, `record` and observing as lines, against a real API server and scheduler."""

import json
import signal
import uuid
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from karptui.kube.decode_recorded import decode_recorded
from karptui.world import events
from karptui.world.recording import Recording
from tests.cli.commands import karptui, next_line, started
from tests.control_plane.client import Client
from tests.control_plane.plane import ControlPlane
from tests.control_plane.polling import until


@pytest.fixture
async def api(control_plane: ControlPlane) -> AsyncIterator[Client]:
    async with control_plane.client() as client:
        yield client


async def stuck_pod(api: Client) -> str:
    """A pod that the real scheduler has given up on; its key."""
    namespace = await api.make_namespace()
    name = f"stuck-{uuid.uuid4().hex[:6]}"
    container = {"name": "main", "image": "none", "resources": {"requests": {"cpu": "100"}}}
    body = {"metadata": {"name": name}, "spec": {"containers": [container]}}
    await api.create(f"/api/v1/namespaces/{namespace}/pods", body)

    async def given_up() -> bool:
        found: dict[str, Any] = await api.get(f"/api/v1/namespaces/{namespace}/pods/{name}")
        conditions = found["status"].get("conditions") or []
        return any(entry.get("reason") == "Unschedulable" for entry in conditions)

    await until(given_up, "the scheduler gives up")
    return f"{namespace}/{name}"


async def test_status_says_what_is_pending_and_why(control_plane: ControlPlane, api: Client, tmp_path: Path) -> None:
    key = await stuck_pod(api)
    namespace = key.partition("/")[0]
    where = ["--kubeconfig", str(control_plane.kubeconfig()), "-n", namespace]
    done = karptui(tmp_path, "status", *where)
    assert done.returncode == 0, done.stderr
    assert "PENDING 1 (oldest" in done.stdout
    assert key in done.stdout
    answer = json.loads(karptui(tmp_path, "status", *where, "-o", "json").stdout)
    assert answer["head"]["pending"] == 1
    assert [row["pods"] for row in answer["waiting"]] == [[key]]


async def test_why_explains_a_pod_by_its_name_alone(control_plane: ControlPlane, api: Client, tmp_path: Path) -> None:
    key = await stuck_pod(api)
    namespace, _, name = key.partition("/")
    where = ["--kubeconfig", str(control_plane.kubeconfig()), "--namespace", namespace]
    done = karptui(tmp_path, "why", name, *where)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(f"pod {key}")
    assert "need 100 cpu" in done.stdout
    answer = json.loads(karptui(tmp_path, "why", name, *where, "-o", "json").stdout)
    assert (answer["kind"], answer["name"]) == ("pod", key)
    told = karptui(tmp_path, "why", "D-00001", *where).stdout.splitlines()
    assert told and sum("fits nowhere" in line for line in told) == 1
    wrong = karptui(tmp_path, "why", name + "x", *where)
    assert wrong.returncode == 1
    assert f"did you mean {name}?" in wrong.stderr


async def test_what_is_recorded_can_be_read(control_plane: ControlPlane, api: Client, tmp_path: Path) -> None:
    key = await stuck_pod(api)
    path = tmp_path / "r.zst"
    with started(tmp_path, "record", str(path), "--kubeconfig", str(control_plane.kubeconfig())) as program:

        async def has_pod() -> bool:
            if not path.exists():
                return False
            try:
                recording = Recording(path, decode_recorded)
            except Exception:
                return False  # its header is not flushed yet
            return any(
                isinstance(event, events.ObjectSeen) and event.resource == "pods" and event.object.key == key
                for event in recording.read()
            )

        await until(has_pod, "the pod is in the recording")
        program.send_signal(signal.SIGINT)
        _, error = program.communicate(timeout=30)
    assert program.returncode == 0
    assert "recorded" in error
    assert "Traceback" not in error
    whole = Recording(path, decode_recorded)
    assert whole.header.decisions
    list(whole.read())
    assert whole.problem == ""


async def test_a_cluster_is_observed_as_lines(control_plane: ControlPlane, api: Client, tmp_path: Path) -> None:
    with started(tmp_path, "-o", "json", "--kubeconfig", str(control_plane.kubeconfig())) as program:
        while json.loads(await next_line(program))["kind"] != "synced":
            pass
        key = await stuck_pod(api)
        seen: dict[str, Any] = {}
        while key not in seen.get("names", ()):
            seen = json.loads(await next_line(program))
        assert seen["kind"] == "pending"
        program.send_signal(signal.SIGINT)
        _, error = program.communicate(timeout=30)
    assert program.returncode == 130
    assert error == ""


async def test_pods_of_a_deployment_that_fit_nowhere_are_seen_pending_and_refused_with_the_reason(
    control_plane: ControlPlane, api: Client, tmp_path: Path
) -> None:
    where = ["--kubeconfig", str(control_plane.kubeconfig())]
    with started(tmp_path, "-o", "json", *where) as program:
        while json.loads(await next_line(program))["kind"] != "synced":
            pass
        namespace = await api.make_namespace()
        container = {"name": "main", "image": "none", "resources": {"requests": {"cpu": "1000"}}}
        template = {"metadata": {"labels": {"app": "huge"}}, "spec": {"containers": [container]}}
        spec = {"replicas": 2, "selector": {"matchLabels": {"app": "huge"}}, "template": template}
        await api.create(
            f"/apis/apps/v1/namespaces/{namespace}/deployments", {"metadata": {"name": "huge"}, "spec": spec}
        )
        pending: dict[str, str] = {}
        refused: dict[str, str] = {}
        while len(refused) < 2:
            line = json.loads(await next_line(program))
            if line["kind"] == "pending":
                pending |= {name: line["text"] for name in line["names"] if name.startswith(f"{namespace}/huge-")}
            elif line["kind"] == "decision" and line["does"] == "refuse":
                assert set(pending) >= {name for name in line["pods"] if name.startswith(f"{namespace}/")}
                refused |= {name: line["text"] for name in line["pods"] if name.startswith(f"{namespace}/huge-")}
        program.send_signal(signal.SIGINT)
        program.communicate(timeout=30)
    assert set(pending) == set(refused)
    assert all("nodes available" in text or "nodes are available" in text for text in pending.values())
    assert all("fit nowhere: no NodePool is ready to make nodes" in text for text in refused.values())
    done = karptui(tmp_path, "why", next(iter(refused)), *where)
    assert "no NodePool is ready to make nodes" in done.stdout


async def test_a_namespace_that_does_not_exist_is_said(control_plane: ControlPlane, tmp_path: Path) -> None:
    done = karptui(tmp_path, "status", "--kubeconfig", str(control_plane.kubeconfig()), "-n", "defualt")
    assert (done.returncode, done.stdout) == (1, "")
    assert "there is no namespace defualt" in done.stderr
    assert "did you mean default?" in done.stderr


async def test_who_may_not_read_pods_is_not_told_that_nothing_is_pending(
    control_plane: ControlPlane, tmp_path: Path
) -> None:
    await control_plane.grant(
        "podless", [{"apiGroups": [""], "resources": ["nodes", "namespaces"], "verbs": ["list", "watch"]}]
    )
    done = karptui(tmp_path, "status", "--kubeconfig", str(control_plane.kubeconfig("podless")))
    assert done.returncode == 0, done.stderr
    assert "PENDING ?" in done.stdout
    assert "what is pending cannot be known: pods may not be read" in done.stdout
    assert "nothing is pending" not in done.stdout


def test_credentials_that_are_not_accepted_are_one_sentence(control_plane: ControlPlane, tmp_path: Path) -> None:
    config = json.loads(control_plane.kubeconfig().read_text())
    for user in config["users"]:
        user["user"] = {"token": "expired"}
    (tmp_path / "config").write_text(json.dumps(config))
    done = karptui(tmp_path, "status", "--kubeconfig", str(tmp_path / "config"))
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("karptui: The API server does not accept the credentials")
    assert done.stderr.count("\n") == 1
