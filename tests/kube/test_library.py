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


THREADS = """
import sys, time
from concurrent.futures import ThreadPoolExecutor
from karptui.kube.connect import load_client

class Slowly:  # every other thread runs while a part of the library is looked for
    def find_spec(self, name, path=None, target=None):
        if name.startswith("kubernetes_asyncio.client."):
            time.sleep(0.01)

sys.meta_path.insert(0, Slowly())
with ThreadPoolExecutor(8) as pool:
    assert len({found.result() for found in [pool.submit(load_client) for _ in range(8)]}) == 1
print("loaded")
"""


def test_several_threads_may_load_it_at_once() -> None:
    done = subprocess.run([sys.executable, "-c", THREADS], capture_output=True, text=True, timeout=60, check=False)
    assert (done.stdout, done.stderr[-300:]) == ("loaded\n", "")
