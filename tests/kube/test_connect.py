"""Kubeconfigs good and bad, credentials that expire, servers that are not there: each failure is one sentence."""

import asyncio
import base64
import json
import os
import stat
import sys
from pathlib import Path
from typing import Any

import pytest
import trustme
import yaml
from aiohttp import web
from aiohttp.test_utils import TestServer

from karptui.kube.connect import connect
from karptui.kube.errors import ApiError, ConnectError
from tests.control_plane.plane import ControlPlane

PODS = "/api/v1/namespaces/default/pods"


def write(path: Path, config: dict[str, Any]) -> str:
    path.write_text(yaml.safe_dump(config))
    return str(path)


def kubeconfig(
    server: str = "https://127.0.0.1:1", user: dict[str, Any] | None = None, cluster: dict[str, Any] | None = None
) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "one",
        "clusters": [{"name": "c", "cluster": {"server": server, **(cluster or {})}}],
        "users": [{"name": "u", "user": user or {"token": "t"}}],
        "contexts": [{"name": "one", "context": {"cluster": "c", "user": "u", "namespace": "shop"}}],
    }


def of(plane: ControlPlane, user: dict[str, Any]) -> dict[str, Any]:
    return kubeconfig(plane.url, user, cluster={"certificate-authority": str(plane.ca_file)})


def plugin(folder: Path, body: str) -> str:
    program, path = folder / "plugin.py", folder / "plugin"
    program.write_text(f"import json, os, pathlib, sys, time\n{body}\n")
    # Not the interpreter itself after #!, as its path may have spaces.
    path.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{program}" "$@"\n')
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return str(path)


def credential(**status: str) -> str:
    return json.dumps({"apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential", "status": status})


def exec_user(command: str, **more: Any) -> dict[str, Any]:
    return {"exec": {"apiVersion": "client.authentication.k8s.io/v1", "command": command, **more}}


def token_of(plane: ControlPlane) -> str:
    return str(yaml.safe_load(plane.kubeconfig().read_text())["users"][0]["user"]["token"])


async def refused(path: str | None, context: str | None = None, ask: bool = False) -> str:
    """The sentence with which connecting (or asking for the version) fails."""
    with pytest.raises(ConnectError) as caught:
        async with connect(path, context) as connection:
            if ask:
                await connection.server_version()
    sentence = str(caught.value)
    assert "\n" not in sentence
    assert "Traceback" not in sentence
    return sentence


async def test_without_a_kubeconfig_it_says_where_one_would_be(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("KUBECONFIG", raising=False)
    monkeypatch.delenv("KUBERNETES_SERVICE_HOST", raising=False)
    assert "~/.kube/config does not exist" in await refused(None)
    assert "nowhere.yaml" in await refused(str(tmp_path / "nowhere.yaml"))
    monkeypatch.setenv("KUBECONFIG", "/not/there")
    assert "KUBECONFIG names /not/there" in await refused(None)


async def test_an_unknown_context_names_those_there_are(tmp_path: Path) -> None:
    sentence = await refused(write(tmp_path / "c", kubeconfig()), "two")
    assert "No context two" in sentence
    assert "there are: one" in sentence


async def test_no_current_context_is_told(tmp_path: Path) -> None:
    config = kubeconfig()
    del config["current-context"]
    assert "choose one with --context, there are: one" in await refused(write(tmp_path / "c", config))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "empty or no kubeconfig"),
        ("[1, 2]", "empty or no kubeconfig"),
        ("a: [", "not YAML"),
        ("current-context: one\ncontexts: 3\n", "cannot be used"),
        ("current-context: one\ncontexts:\n- name: one\n  context: {cluster: c}\n", "cannot be used"),
    ],
)
async def test_a_broken_kubeconfig_is_told(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "broken"
    path.write_text(text)
    assert said in await refused(str(path))


async def test_a_user_or_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    config = kubeconfig()
    config["users"] = []
    assert "names user u, who is not there" in await refused(write(tmp_path / "a", config))
    config = kubeconfig(cluster={"certificate-authority": "missing.pem"})
    assert "missing.pem" in await refused(write(tmp_path / "b", config))
    assert "must begin with https://" in await refused(write(tmp_path / "c", kubeconfig("cluster.example")))


async def test_several_kubeconfigs_are_one(tmp_path: Path) -> None:
    first, second = kubeconfig("https://first:1"), kubeconfig("https://second:1")
    second["contexts"][0]["name"] = "two"
    second["clusters"][0]["name"] = second["contexts"][0]["context"]["cluster"] = "d"
    paths = os.pathsep.join([write(tmp_path / "a", first), write(tmp_path / "b", second)])
    async with connect(paths, "two") as connection:
        assert (connection.server, connection.cluster_name, connection.namespace) == ("https://second:1", "d", "shop")


async def test_an_eks_cluster_is_called_by_its_own_name(tmp_path: Path) -> None:
    config = kubeconfig()
    arn = "arn:aws:eks:us-east-1:123456789012:cluster/prod"
    config["clusters"][0]["name"] = config["contexts"][0]["context"]["cluster"] = arn
    async with connect(write(tmp_path / "c", config)) as connection:
        assert connection.cluster_name == "prod"


async def test_a_server_that_is_down_is_told(tmp_path: Path) -> None:
    sentence = await refused(write(tmp_path / "c", kubeconfig()), ask=True)
    assert "No connection to https://127.0.0.1:1" in sentence
    assert "check that the cluster is up" in sentence


async def test_a_certificate_of_another_authority_is_told(control_plane: ControlPlane, tmp_path: Path) -> None:
    other = tmp_path / "ca.pem"
    trustme.CA().cert_pem.write_to_path(str(other))
    config = kubeconfig(control_plane.url, cluster={"certificate-authority": str(other)})
    sentence = await refused(write(tmp_path / "c", config), ask=True)
    assert "is not trusted" in sentence
    assert "certificate-authority" in sentence


async def test_a_wrong_server_name_is_told(control_plane: ControlPlane, tmp_path: Path) -> None:
    config = of(control_plane, {"token": "x"})
    config["clusters"][0]["cluster"]["tls-server-name"] = "other.example"
    assert "is not trusted" in await refused(write(tmp_path / "c", config), ask=True)


async def test_https_to_a_server_without_tls_is_told(tmp_path: Path) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        writer.close()

    async with await asyncio.start_server(talk, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        path = write(
            tmp_path / "c", kubeconfig(f"https://127.0.0.1:{port}", cluster={"insecure-skip-tls-verify": True})
        )
        assert "No TLS with" in await refused(path, ask=True)


async def test_http_to_a_server_with_tls_is_an_answer(control_plane: ControlPlane, tmp_path: Path) -> None:
    path = write(tmp_path / "c", kubeconfig(control_plane.url.replace("https", "http")))
    async with connect(path) as connection:
        with pytest.raises(ApiError, match="HTTP request to an HTTPS server"):
            await connection.server_version()


async def test_a_token_that_is_not_accepted_is_told(control_plane: ControlPlane, tmp_path: Path) -> None:
    async with connect(write(tmp_path / "c", of(control_plane, {"token": "wrong"}))) as connection:
        with pytest.raises(ApiError, match="does not accept the credentials") as caught:
            await connection.request("GET", PODS, verb="list")
        assert caught.value.code == 401


async def test_403_and_404_say_what_would_help(control_plane: ControlPlane) -> None:
    async with connect(str(control_plane.kubeconfig("nobody-in-particular"))) as connection:
        with pytest.raises(ApiError) as caught:
            await connection.request("POST", f"{PODS}/x/eviction", {}, verb="create")
        assert 'resources: ["pods/eviction"], verbs: ["create"]' in str(caught.value)
    async with connect(str(control_plane.kubeconfig())) as connection:
        with pytest.raises(ApiError) as caught:
            await connection.request("GET", f"{PODS}/not-there")
        assert (caught.value.code, caught.value.reason) == (404, "NotFound")


async def test_a_client_certificate_is_enough(control_plane: ControlPlane) -> None:
    async with connect(str(control_plane.kubeconfig("with-certificate"))) as connection:
        assert (await connection.server_version()).startswith("v1.")


async def test_a_plugins_token_is_renewed_when_the_server_refuses_it(
    control_plane: ControlPlane, tmp_path: Path
) -> None:
    runs = tmp_path / "runs"
    script = f"""
runs = pathlib.Path({str(runs)!r})
with runs.open("a") as file: file.write("x")
assert sys.stdin.read() == ""
token = {token_of(control_plane)!r} if len(runs.read_text()) > 1 else "expired"
print({credential(token="TOKEN")!r}.replace("TOKEN", token))
"""
    path = write(tmp_path / "c", of(control_plane, exec_user(plugin(tmp_path, script))))
    async with connect(path) as connection:
        answers = await asyncio.gather(*(connection.request("GET", PODS, verb="list") for _ in range(8)))
        assert all(b"PodList" in answer for answer in answers)
        assert runs.read_text() == "xx"


async def test_a_plugins_token_is_renewed_before_it_expires(control_plane: ControlPlane, tmp_path: Path) -> None:
    runs = tmp_path / "runs"
    status = credential(token=token_of(control_plane), expirationTimestamp="2001-01-01T00:00:00Z")
    script = f"open({str(runs)!r}, 'a').write('x')\nprint({status!r})"
    async with connect(write(tmp_path / "c", of(control_plane, exec_user(plugin(tmp_path, script))))) as connection:
        await connection.request("GET", PODS, verb="list")
        assert len(runs.read_text()) == 2


async def test_a_plugin_gets_its_arguments_environment_and_cluster(control_plane: ControlPlane, tmp_path: Path) -> None:
    script = f"""
info = json.loads(os.environ["KUBERNETES_EXEC_INFO"])
assert sys.argv[1:] == ["get-token", "7"] and os.environ["ROLE"] == "reader"
assert info["spec"]["cluster"]["server"] == {control_plane.url!r} and info["spec"]["interactive"] is False
sys.stderr.write("noise" * 50_000)
print({credential(token=token_of(control_plane))!r})
"""
    user = exec_user(
        plugin(tmp_path, script),
        args=["get-token", 7],
        env=[{"name": "ROLE", "value": "reader"}],
        provideClusterInfo=True,
    )
    async with connect(write(tmp_path / "c", of(control_plane, user))) as connection:
        await connection.request("GET", PODS, verb="list")


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("sys.stderr.write('first\\nThe SSO session has expired\\n'); sys.exit(255)", "The SSO session has expired"),
        ("print('hello')", "no ExecCredential"),
        ("print(json.dumps({'apiVersion': 'x/v1', 'kind': 'ExecCredential', 'status': {}}))", "speaks x/v1"),
        (f"print({credential()!r})", "neither a token nor a certificate"),
    ],
)
async def test_a_plugin_that_fails_is_told(tmp_path: Path, script: str, said: str) -> None:
    assert said in await refused(write(tmp_path / "c", kubeconfig(user=exec_user(plugin(tmp_path, script)))))


async def test_a_plugin_that_is_not_installed_tells_its_hint(tmp_path: Path) -> None:
    user = exec_user("no-such-plugin", installHint="Install it\nwith brew.")
    sentence = await refused(write(tmp_path / "c", kubeconfig(user=user)))
    assert "no-such-plugin" in sentence
    assert "Install it with brew." in sentence


async def test_a_token_file_is_read(control_plane: ControlPlane, tmp_path: Path) -> None:
    (tmp_path / "token").write_text(token_of(control_plane) + "\n")
    async with connect(write(tmp_path / "c", of(control_plane, {"tokenFile": "token"}))) as connection:
        assert b"PodList" in await connection.request("GET", PODS, verb="list")


async def test_impersonation_is_asked_for(control_plane: ControlPlane, tmp_path: Path) -> None:
    user = {"token": token_of(control_plane), "as": "somebody-else", "as-groups": ["one", "two"]}
    async with connect(write(tmp_path / "c", of(control_plane, user))) as connection:
        with pytest.raises(ApiError, match="somebody-else"):
            await connection.request("GET", PODS, verb="list")


async def test_a_proxy_of_the_environment_is_not_asked_for_this_machine(
    control_plane: ControlPlane, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    async with connect(str(control_plane.kubeconfig())) as connection:
        assert (await connection.server_version()).startswith("v1.")


async def test_a_proxy_of_the_kubeconfig_that_is_down_is_told(control_plane: ControlPlane, tmp_path: Path) -> None:
    config = of(control_plane, {"token": "x"})
    config["clusters"][0]["cluster"]["proxy-url"] = "http://127.0.0.1:1"
    assert "The proxy for" in await refused(write(tmp_path / "c", config), ask=True)


def web_token(expires: int) -> str:
    """A token that says when it ends; nobody checks its signature."""
    parts = [json.dumps(part).encode() for part in ({"alg": "none"}, {"exp": expires})]
    return ".".join([*(base64.urlsafe_b64encode(part).decode().rstrip("=") for part in parts), "x"])


async def test_a_renewed_oidc_token_is_used_and_the_kubeconfig_stays_as_it_is(tmp_path: Path) -> None:
    fresh = web_token(4_000_000_000)
    seen: list[str] = []

    async def answer(request: web.Request) -> web.Response:
        if request.path.endswith("openid-configuration"):
            return web.json_response({"token_endpoint": f"http://{request.host}/token"})
        if request.path == "/token":
            return web.json_response({"id_token": fresh, "refresh_token": "second"})
        seen.append(request.headers["Authorization"])
        return web.json_response({"gitVersion": "v1.35.0"})

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    async with TestServer(app) as server:
        url = str(server.make_url("")).rstrip("/")
        settings = {
            "idp-issuer-url": url,
            "client-id": "karptui",
            "client-secret": "s",
            "id-token": web_token(1),
            "refresh-token": "first",
        }
        path = tmp_path / "config"
        write(path, kubeconfig(url, {"auth-provider": {"name": "oidc", "config": settings}}))
        before = path.read_bytes()
        async with connect(str(path)) as connection:
            assert await connection.server_version() == "v1.35.0"
    assert seen == [f"Bearer {fresh}"]
    assert path.read_bytes() == before
