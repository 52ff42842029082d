"""What `karptui manifests` prints, given to a real API server."""

import asyncio
import json
from pathlib import Path
from typing import Any

import yaml

from karptui.kube.connect import connect
from karptui.kube.errors import ApiError
from tests.cli.commands import karptui
from tests.control_plane.plane import ControlPlane

PATHS = {
    "CustomResourceDefinition": "/apis/apiextensions.k8s.io/v1/customresourcedefinitions",
    "ClusterRole": "/apis/rbac.authorization.k8s.io/v1/clusterroles",
    "ClusterRoleBinding": "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings",
}
POOLS = "/apis/karpenter.sh/v1/nodepools"
POOL = {
    "apiVersion": "karpenter.sh/v1",
    "kind": "NodePool",
    "metadata": {"name": "tried"},
    "spec": {"template": {"spec": {"nodeClassRef": {"group": "g", "kind": "K", "name": "n"}, "requirements": []}}},
}


async def test_a_cluster_without_crds_gets_all_that_active_mode_needs_from_one_command(tmp_path: Path) -> None:
    async with ControlPlane((), crds=False) as plane, connect(str(plane.kubeconfig())) as connection:
        before = karptui(tmp_path, "doctor", f"--kubeconfig={plane.kubeconfig()}")
        assert "karptui manifests --crds" in before.stdout
        printed: list[dict[str, Any]] = list(yaml.safe_load_all(karptui(tmp_path, "manifests", "--crds").stdout))
        for manifest in printed:
            await connection.request("POST", PATHS[manifest["kind"]], manifest)
        async with asyncio.timeout(60):
            while True:
                try:
                    stored = json.loads(await connection.request("POST", POOLS, POOL))
                    break
                except ApiError as error:
                    assert error.code == 404, error  # a definition takes a moment until it is served
                    await asyncio.sleep(0.1)
        assert stored["spec"] == POOL["spec"]
        status = json.dumps({"status": {"nodes": 3}, "spec": {"weight": 7}}).encode()
        answer = await connection.request(
            "PATCH", f"{POOLS}/tried/status", status, content_type="application/merge-patch+json"
        )
        assert json.loads(answer)["status"] == {"nodes": 3}
        assert json.loads(answer)["spec"] == POOL["spec"]
        after = karptui(tmp_path, "doctor", f"--kubeconfig={plane.kubeconfig()}")
        assert "nodepools (v1), nodeclaims (v1)" in after.stdout


def test_without_being_asked_no_definition_is_printed(tmp_path: Path) -> None:
    printed = karptui(tmp_path, "manifests").stdout
    assert [entry["kind"] for entry in yaml.safe_load_all(printed)] == ["ClusterRole", "ClusterRoleBinding"]
