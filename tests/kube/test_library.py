"""kubernetes_asyncio is loaded in part, and nobody who uses the rest of it sees that."""

import subprocess
import sys

CODE = """
import sys
from karptui.kube.connect import load_client
load_client()
models = [name for name in sys.modules if name.startswith("kubernetes_asyncio.client.models.")]
assert not models, models[:3]
import kubernetes_asyncio
from kubernetes_asyncio import client, config, watch
from kubernetes_asyncio.client import CoreV1Api, V1Pod
assert client.models.V1Pod is V1Pod and client.V1Pod is V1Pod
assert client.api_client.ApiClient is client.ApiClient and config.kube_config.ApiClient is client.ApiClient
assert watch.Watch and kubernetes_asyncio.dynamic
try:
    client.NoSuchThing
except AttributeError:
    print("whole")
"""


def test_what_a_connection_needs_leaves_the_models_out_and_the_rest_of_the_library_is_there_when_asked_for() -> None:
    done = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, timeout=60, check=False)
    assert (done.stdout, done.stderr) == ("whole\n", "")
