"""From a kubeconfig (or a pod's service account) to a kubernetes-asyncio Configuration of our own.

Importing this module imports kubernetes_asyncio, which takes a while: `connect` does it in a thread.
"""

import asyncio
import os
import ssl
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml
from kubernetes_asyncio.client import Configuration
from kubernetes_asyncio.config import ConfigException
from kubernetes_asyncio.config.incluster_config import load_incluster_config
from kubernetes_asyncio.config.kube_config import FileOrData, KubeConfigLoader, KubeConfigMerger

from karptui.kube.clean import clean
from karptui.kube.errors import ConnectError
from karptui.kube.exec_plugin import ExecCredential, run_exec_plugin

DEFAULT_PATH = "~/.kube/config"
SERVICE_ACCOUNT_NAMESPACE = Path("/var/run/secrets/kubernetes.io/serviceaccount/namespace")
RENEW_BEFORE = 300.0
"""Seconds before its end that a token is renewed, or a fifth of its life where that is shorter."""
REREAD_AFTER = 60.0
"""Seconds between two looks at a token file or an OIDC token."""
BROKEN_CONFIG = (ConfigException, KeyError, TypeError, AttributeError, AssertionError, ValueError, IndexError)


class Target:
    """Where to connect and as whom. `renew` keeps the configuration's token fresh; one plugin runs at a time."""

    def __init__(self, configuration: Configuration, cluster: str, namespace: str, context: str) -> None:
        self.configuration = configuration
        self.cluster = cluster
        self.namespace = namespace
        self.context = context
        self.headers: dict[str, str] = {}
        self.certificate_changes = 0
        self._loader: _Loader | None = None
        self._lock = asyncio.Lock()
        self._checked = 0.0
        self._renewals = 0

    @property
    def renewable(self) -> bool:
        """Whether asking again can give other credentials."""
        return self._loader is not None and self._loader.renewable

    def use(self, loader: "_Loader") -> None:
        """Renew from this loader from now on."""
        self._loader = loader
        self._checked = time.monotonic()

    def tls(self) -> ssl.SSLContext | None:
        """What the configuration says of TLS, None for a server without. Raises OSError for files that are no good.

        Without a CA in the kubeconfig the system's are read, which takes a twentieth of a second: call it in a thread.
        """
        configuration = self.configuration
        if not str(configuration.host).startswith("https://"):
            return None
        context = ssl.create_default_context(cafile=configuration.ssl_ca_cert)
        if configuration.cert_file:
            context.load_cert_chain(configuration.cert_file, keyfile=configuration.key_file)
        if not configuration.verify_ssl:
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        if configuration.disable_strict_ssl_verification:
            context.verify_flags &= ~ssl.VERIFY_X509_STRICT
        return context

    async def token(self) -> str:
        """The Authorization header's value, or "". Raises ConnectError."""
        if self.renewable:
            await self.renew()
        try:
            value = await self.configuration.get_api_key_with_prefix("BearerToken")
        except (ConfigException, OSError) as error:
            raise ConnectError(f"The service account's token cannot be read: {clean(str(error), 300)}.") from error
        return str(value).strip() if value else ""

    @property
    def renewals(self) -> int:
        """How often credentials were renewed: taken before a request, it tells `renew_after` whether others did it."""
        return self._renewals

    async def renew(self) -> None:
        """Renew what is about to expire. Raises ConnectError."""
        loader = self._loader
        if loader is None or not loader.due(self._checked):
            return
        async with self._lock:
            if loader.due(self._checked):
                await self._load(loader)

    async def renew_after(self, seen: int) -> bool:
        """Renew credentials that the server refused, unless that was done since `seen`; False: there are no others."""
        loader = self._loader
        if loader is None or not loader.renewable:
            return False
        async with self._lock:
            if self._renewals == seen:
                loader.forget()
                await self._load(loader)
        return True

    async def _load(self, loader: "_Loader") -> None:
        before = loader.__dict__.get("cert_file")
        try:
            await loader.load_and_set(self.configuration)
        except ConnectError:
            raise
        except (*BROKEN_CONFIG, OSError) as error:
            raise ConnectError(
                f"The credentials of context {clean(self.context)} cannot be renewed: {clean(str(error), 300)}."
            ) from error
        self._checked = time.monotonic()
        self._renewals += 1
        if loader.__dict__.get("cert_file") != before:
            self.certificate_changes += 1


class _Loader(KubeConfigLoader):
    """kubernetes-asyncio's loader with our plugin runner."""

    credential: ExecCredential | None = None
    credential_since = 0.0

    @property
    def user(self) -> dict[str, Any]:
        """The kubeconfig's user, or {}."""
        return self._user.value if self._user is not None else {}

    @property
    def renewable(self) -> bool:
        return any(name in self.user for name in ("exec", "auth-provider", "tokenFile"))

    def due(self, checked: float) -> bool:
        """Whether it is time to look again. `checked` is the monotonic time of the last look."""
        if "exec" not in self.user or self.provider:
            return time.monotonic() - checked > REREAD_AFTER
        if self.credential is None:
            return True
        if self.credential.expires is None:
            return False
        life = self.credential.expires - self.credential_since
        return time.time() > self.credential.expires - min(RENEW_BEFORE, life / 5)

    def forget(self) -> None:
        """The next look runs the plugin whatever it said about expiry."""
        self.credential = None

    async def load_from_exec_plugin(self) -> bool:
        cluster: dict[str, Any] = dict(self._cluster.value) if self._cluster is not None else {}
        credential = await run_exec_plugin(self.user["exec"], _cluster_info(cluster))
        self.credential = credential
        self.credential_since = time.time()
        if credential.token:
            self.token = f"Bearer {credential.token}"
        if credential.certificate and credential.key:
            self.cert_file = _stored(credential.certificate)
            self.key_file = _stored(credential.key)
        return True


def _stored(pem: str) -> str | None:
    return FileOrData({"pem-data": pem}, "pem", base64_file_content=False).as_file()


def _cluster_info(cluster: dict[str, Any]) -> dict[str, Any]:
    names = ("server", "tls-server-name", "insecure-skip-tls-verify", "certificate-authority-data", "proxy-url")
    return {name: cluster[name] for name in names if name in cluster}


def known_contexts(kubeconfig: str | None) -> tuple[str, list[str]]:
    """The current context ("" if there is none) and the names of all. Raises ConnectError."""
    paths = _paths(kubeconfig)
    if not paths:
        raise ConnectError(_nothing_found(kubeconfig))
    for path in paths:
        _check_file(path)
    try:
        merged: Any = KubeConfigMerger(os.pathsep.join(paths)).config
        return clean(str(merged.value.get("current-context") or "")), [clean(n) for n in _names(merged, "contexts")]
    except (*BROKEN_CONFIG, OSError, yaml.YAMLError) as error:
        why = clean(str(error) or type(error).__name__, 300)
        raise ConnectError(f"The kubeconfig {os.pathsep.join(paths)} cannot be used: {why}; mend it.") from error


async def load(kubeconfig: str | None, context: str | None) -> Target:
    """The target that a kubeconfig (several, divided by the system's path separator) and a context name stand for.

    Without a path: $KUBECONFIG, ~/.kube/config, then the service account of the pod we run in. Raises ConnectError.
    """
    paths = _paths(kubeconfig)
    if not paths:
        if context is None and kubeconfig is None and os.environ.get("KUBERNETES_SERVICE_HOST"):
            return _in_cluster()
        raise ConnectError(_nothing_found(kubeconfig))
    for path in paths:
        _check_file(path)
    shown = os.pathsep.join(paths)
    try:
        merged: Any = KubeConfigMerger(os.pathsep.join(paths)).config
        assert merged is not None
        name = _chosen_context(merged, context, shown)
        # Nothing that is renewed goes back into the file: it is the user's, and karptui only looks.
        loader = _Loader(config_dict=merged, active_context=name, config_base_path=None)
        target = _target(loader, name, shown)
        await loader.load_and_set(target.configuration)
    except ConnectError:
        raise
    except (*BROKEN_CONFIG, OSError, yaml.YAMLError) as error:
        why = clean(str(error) or type(error).__name__, 300)
        raise ConnectError(f"The kubeconfig {shown} cannot be used: {why}; mend it or give another.") from error
    target.use(loader)
    return target


def _paths(kubeconfig: str | None) -> list[str]:
    given = kubeconfig or os.environ.get("KUBECONFIG") or DEFAULT_PATH
    paths = [os.path.expanduser(path) for path in given.split(os.pathsep) if path]
    return [path for path in paths if os.path.exists(path)]


def _nothing_found(kubeconfig: str | None) -> str:
    if kubeconfig:
        return f"No kubeconfig at {clean(kubeconfig)}: give the path of one that exists with --kubeconfig."
    if os.environ.get("KUBECONFIG"):
        return f"KUBECONFIG names {clean(os.environ['KUBECONFIG'])}, which does not exist: correct or unset it."
    return (
        "No kubeconfig: neither --kubeconfig nor KUBECONFIG is given and ~/.kube/config does not exist "
        "(`karptui demo` needs no cluster)."
    )


def _check_file(path: str) -> None:
    try:
        content = yaml.safe_load(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise ConnectError(f"The kubeconfig {path} cannot be read: {error.strerror}.") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        where = getattr(error, "problem_mark", None)
        line = f" (line {where.line + 1})" if where is not None else ""
        raise ConnectError(f"The kubeconfig {path} is not YAML{line}: mend it or give another.") from error
    if not isinstance(content, dict):
        raise ConnectError(f"The kubeconfig {path} is empty or no kubeconfig: mend it or give another.")


def _names(merged: Any, section: str) -> list[str]:
    entries: Sequence[Any] = merged.value.get(section) or ()
    return [str(entry["name"]) for entry in entries]


def _chosen_context(merged: Any, context: str | None, shown: str) -> str:
    known = _names(merged, "contexts")
    listed = clean(", ".join(sorted(known)) or "none", 1000)
    name = context or merged.value.get("current-context")
    if not name:
        raise ConnectError(f"No current context in {shown}: choose one with --context, there are: {listed}.")
    if name not in known:
        raise ConnectError(f"No context {clean(str(name))} in {shown}: there are: {listed}.")
    return str(name)


def _target(loader: _Loader, name: str, shown: str) -> Target:
    assert loader._current_context is not None and loader._cluster is not None
    context = loader._current_context["context"].value
    cluster, server = str(context.get("cluster") or ""), str(loader._cluster.value.get("server") or "")
    if not server.startswith(("https://", "http://")):
        raise ConnectError(
            f"The server of cluster {clean(cluster)} in {shown} is {clean(server) or 'not given'}: "
            "it must begin with https:// or http://."
        )
    user = context.get("user")
    if user and loader._user is None:
        raise ConnectError(f"Context {clean(name)} of {shown} names user {clean(str(user))}, who is not there: add it.")
    target = Target(Configuration(), clean(cluster), clean(str(context.get("namespace") or "default")), clean(name))
    target.headers = _impersonation(loader.user)
    return target


def _impersonation(user: dict[str, Any]) -> dict[str, str]:
    headers: dict[str, str] = {}
    if user.get("as"):
        headers["Impersonate-User"] = str(user["as"])
    if user.get("as-uid"):
        headers["Impersonate-Uid"] = str(user["as-uid"])
    for number, group in enumerate(user.get("as-groups") or ()):
        # One header a group; `Connection` sends the keys without their number.
        headers[f"Impersonate-Group {number}"] = str(group)
    return headers


def _in_cluster() -> Target:
    configuration = Configuration()
    try:
        load_incluster_config(client_configuration=configuration)
    except (ConfigException, OSError) as error:
        raise ConnectError(
            f"No kubeconfig, and the service account of this pod cannot be used: {clean(str(error), 300)}."
        ) from error
    try:
        namespace = SERVICE_ACCOUNT_NAMESPACE.read_text(encoding="utf-8").strip()
    except OSError:
        namespace = "default"
    return Target(configuration, "in-cluster", clean(namespace), "in-cluster")
