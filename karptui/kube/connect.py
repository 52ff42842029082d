"""A connection to a Kubernetes API server: bytes out and bytes in, every failure one sentence.

kubernetes-asyncio gives the configuration and the credentials; its client and its models are never used.
"""

import asyncio
import contextlib
import importlib
import json
import ssl
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from ipaddress import ip_address
from types import ModuleType
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urlsplit

import msgspec

from karptui import __version__
from karptui.kube.clean import clean
from karptui.kube.errors import AnswerError, ConnectError, KubeError, api_error
from karptui.kube.library import load_library
from karptui.kube.lines import LineSplitter, Oversized

if TYPE_CHECKING:
    from aiohttp import ClientResponse, ClientSession

    from karptui.kube.kubeconfig import Target

CONNECT_TIMEOUT = 5.0
READ_TIMEOUT = 65.0
"""Seconds without a byte: an API server gives a request 60 s."""

READ_BUFFER_BYTES = 2**21
"""A watch event can hold an object of etcd's limit, 1.5 MiB."""

Query = Mapping[str, str | int | bool]
_VERBS = {"GET": "get", "POST": "create", "PUT": "update", "PATCH": "patch", "DELETE": "delete"}


@asynccontextmanager
async def connect(kubeconfig: str | None = None, context: str | None = None) -> AsyncGenerator["Connection"]:
    """A connection for as long as the block lasts. Nothing is asked of the server yet. Raises ConnectError."""
    # Half a second of imports, in a thread: the screen is up already.
    loading = await asyncio.to_thread(load_client)
    target = await loading.load(kubeconfig, context)
    connection = Connection(target)
    try:
        with contextlib.suppress(OSError):  # the first request says what is wrong with it
            await connection.prepare()
        yield connection
    finally:
        await connection.close()


def load_client() -> ModuleType:
    """Import what a connection needs: `karptui.kube.kubeconfig` and below it kubernetes_asyncio."""
    load_library()
    return importlib.import_module("karptui.kube.kubeconfig")


GATHER_SECONDS = 0.05
"""What else comes in this time after an answer's part is read together: to be woken for each change costs more than
to take it in, and nobody sees the difference."""
GATHERED_BYTES = 131_072
"""A part from this size on says that more is waiting: it is read at once."""


class Connection:
    """Requests and streams to one API server, as one user."""

    def __init__(self, target: "Target") -> None:
        self._target = target
        self._client: ClientSession | None = None
        self._certificates = -1
        self._tls: tuple[int, ssl.SSLContext | None] | None = None
        self._streams: set[ClientResponse] = set()
        self._closing: set[asyncio.Future[None]] = set()

    @property
    def cluster_name(self) -> str:
        """The cluster's name in the kubeconfig; of an EKS ARN or eksctl's `NAME.REGION.eksctl.io` only the name."""
        name = self._target.cluster
        if name.endswith(".eksctl.io"):
            return name.split(".")[0]
        return name.rpartition(":cluster/")[2] if name.startswith("arn:") else name

    @property
    def cluster_region(self) -> str:
        """The AWS region in the cluster's name in the kubeconfig, where that is an EKS ARN or eksctl's; else ""."""
        name = self._target.cluster
        if name.startswith("arn:"):
            return name.split(":")[3] if name.count(":") >= 5 else ""
        parts = name.split(".")
        return parts[1] if name.endswith(".eksctl.io") and len(parts) >= 4 else ""

    @property
    def context(self) -> str:
        """The kubeconfig's context."""
        return self._target.context

    @property
    def namespace(self) -> str:
        """The context's namespace."""
        return self._target.namespace

    @property
    def server(self) -> str:
        """The API server's URL."""
        return str(self._target.configuration.host)

    async def prepare(self) -> None:
        """Read certificates ahead of the first request, beside the loop. Raises OSError."""
        self._tls = (self._target.certificate_changes, await asyncio.to_thread(self._target.tls))

    async def close(self) -> None:
        """End every request and stream."""
        if self._client is not None:
            client, self._client = self._client, None
            await client.close()

    def break_off(self) -> None:
        """Let every stream fail as unanswered; the next request opens new connections.

        Closing them properly would wait for the other side, which is the one that does not answer.
        """
        broken = ConnectError(f"No answer from {self.server}: check that the cluster is up and the network reaches it.")
        for response in list(self._streams):
            response.content.set_exception(broken)
            response.close()
        if self._client is not None:
            client, self._client = self._client, None
            closing = asyncio.ensure_future(client.close())
            self._closing.add(closing)
            closing.add_done_callback(self._closing.discard)

    async def server_version(self) -> str:
        """gitVersion of the API server: `v1.35.4`. Raises KubeError."""
        body = await self.request("GET", "/version", timeout=10.0)
        try:
            return clean(str(json.loads(body)["gitVersion"]))
        except (ValueError, KeyError, TypeError):
            raise AnswerError(f"{self.server} does not answer as an API server: check the server's URL.") from None

    async def request(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        query: Query | None = None,
        content_type: str = "application/json",
        headers: Mapping[str, str] | None = None,
        verb: str = "",
        timeout: float = READ_TIMEOUT,
    ) -> bytes:
        """The body of a successful answer. `body` is bytes or something JSON; `verb` the RBAC verb, for sentences.

        Raises ApiError for an answer with an error, ConnectError if there is none, within `timeout` seconds of silence.
        """
        async with AsyncExitStack() as stack:
            response = await self._open(stack, method, path, body, query, content_type, headers, verb, timeout)
            try:
                return await response.read()
            except Exception as error:
                raise self._explained(error) from error

    async def stream(
        self,
        path: str,
        query: Query | None = None,
        *,
        verb: str = "watch",
        timeout: float = 330.0,
        opened: Callable[[], None] | None = None,
    ) -> AsyncIterator[list[bytes | Oversized]]:
        """The lines of an answer, all that came at once together; `opened` is called when the server has accepted.

        Raises KubeError, also for a half line at the end.
        """
        async with AsyncExitStack() as stack:
            response = await self._open(stack, "GET", path, None, query, "", None, verb, timeout)
            self._streams.add(response)
            stack.callback(self._streams.discard, response)
            if opened is not None:
                opened()
            splitter = LineSplitter()
            while True:
                try:
                    chunk = await response.content.readany()
                except Exception as error:
                    raise self._explained(error) from error
                if not chunk:
                    break
                if lines := splitter.feed(chunk):
                    yield lines
                    if len(chunk) < GATHERED_BYTES and response.connection is not None:
                        await _gather(response.connection.transport)
            if splitter.rest.strip():
                raise AnswerError(f"{self.server} or a proxy cut an answer in the middle of a line; connecting again.")

    async def _open(
        self,
        stack: AsyncExitStack,
        method: str,
        path: str,
        body: object,
        query: Query | None,
        content_type: str,
        headers: Mapping[str, str] | None,
        verb: str,
        timeout: float,
    ) -> "ClientResponse":
        data = body if body is None or isinstance(body, bytes) else msgspec.json.encode(body)
        fields = {"Accept": "application/json", **(headers or {})}
        if data is not None:
            fields["Content-Type"] = content_type
        for attempt in (1, 2):
            renewals = self._target.renewals
            response = await self._send(stack, method, path, data, query, fields, timeout)
            if response.status < 400:
                return response
            try:
                answer = await response.content.read(2**20)
            except Exception as error:
                raise self._explained(error) from error
            response.release()
            if response.status == 401 and attempt == 1 and await self._target.renew_after(renewals):
                continue
            raise api_error(
                response.status,
                answer,
                path=path,
                verb=verb or _VERBS.get(method, method.lower()),
                retry_after=response.headers.get("Retry-After"),
            )
        raise AssertionError("the loop returns or raises")

    async def _send(
        self,
        stack: AsyncExitStack,
        method: str,
        path: str,
        data: bytes | None,
        query: Query | None,
        fields: dict[str, str],
        timeout: float,
    ) -> "ClientResponse":
        from aiohttp import ClientTimeout
        from multidict import CIMultiDict
        from yarl import URL

        token = await self._target.token()
        sent: CIMultiDict[str] = CIMultiDict(fields)
        sent["User-Agent"] = f"karptui/{__version__}"
        if token:
            sent["Authorization"] = token
        for name, value in self._target.headers.items():
            sent.add(name.partition(" ")[0], value)
        url = URL(self.server.rstrip("/") + path + _query_text(query), encoded=True)
        configuration = self._target.configuration
        options: dict[str, Any] = {"proxy": configuration.proxy, "proxy_headers": configuration.proxy_headers}
        options = {name: value for name, value in options.items() if value}
        if configuration.tls_server_name:
            options["server_hostname"] = configuration.tls_server_name
        limits = ClientTimeout(total=None, sock_connect=CONNECT_TIMEOUT, sock_read=timeout)
        try:
            session = await self._session()
            request = session.request(method, url, data=data, headers=sent, timeout=limits, **options)
            return await stack.enter_async_context(request)
        except KubeError:
            raise
        except Exception as error:
            raise self._explained(error) from error

    async def _session(self) -> "ClientSession":
        """The HTTP session; a new one when the client certificate was renewed."""
        from aiohttp import ClientSession, TCPConnector

        changes = self._target.certificate_changes
        if self._client is None or self._certificates != changes:
            old = self._client
            if self._tls is None or self._tls[0] != changes:
                self._tls = (changes, self._target.tls())
            connector = TCPConnector(limit=self._target.configuration.connection_pool_maxsize, ssl=self._tls[1] or True)
            # As Go's clients do: a proxy of the environment has no way to this machine.
            trusts = not _is_loopback(self.server)
            self._client = ClientSession(connector=connector, trust_env=trusts, read_bufsize=READ_BUFFER_BYTES)
            self._certificates = changes
            if old is not None:
                await old.close()
        return self._client

    def _explained(self, error: Exception) -> Exception:
        """The sentence for what the transport raised; what is not the transport's is given back as it is."""
        import aiohttp

        if isinstance(error, KubeError):
            return error
        if isinstance(error, (aiohttp.ClientError, OSError, TimeoutError, ssl.SSLError, RuntimeError, ValueError)):
            return ConnectError(_transport_sentence(error, self.server))
        return error


def _is_loopback(server: str) -> bool:
    host = urlsplit(server).hostname or ""
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def _query_text(query: Query | None) -> str:
    if not query:
        return ""
    texts = {name: str(value).lower() if isinstance(value, bool) else str(value) for name, value in query.items()}
    return "?" + urlencode(texts)


def _transport_sentence(error: Exception, server: str) -> str:
    import aiohttp

    said = clean(str(error) or type(error).__name__, 300).rstrip(".")
    cause = getattr(error, "os_error", None) or error.__cause__ or error
    if isinstance(error, aiohttp.ClientConnectorCertificateError | ssl.SSLCertVerificationError):
        reason = getattr(error, "certificate_error", error)
        why = clean(getattr(reason, "verify_message", "") or str(reason), 300).rstrip(".")
        return (
            f"The certificate of {server} is not trusted ({why}): "
            "check certificate-authority and tls-server-name in the kubeconfig."
        )
    if isinstance(error, aiohttp.ClientConnectorSSLError | ssl.SSLError):
        return f"No TLS with {server} ({said}): check that the server's URL and port speak https."
    if isinstance(error, aiohttp.ClientProxyConnectionError | aiohttp.ClientHttpProxyError):
        return f"The proxy for {server} refuses or does not answer ({said}): check proxy-url and HTTPS_PROXY."
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return f"The host of {server} is not known: check the server's URL, the VPN and DNS."
    if isinstance(error, aiohttp.ClientConnectorError):
        why = clean(getattr(cause, "strerror", "") or said, 200)
        return f"No connection to {server} ({why}): check that the cluster is up and the network reaches it."
    if isinstance(error, TimeoutError):
        return f"No answer from {server} in time: check that the cluster is up and the network reaches it."
    return f"The connection to {server} broke ({said}); it is tried again."


async def _gather(transport: "asyncio.Transport | None") -> None:
    """Let what comes wait in the socket for a moment."""
    if transport is None:
        return
    transport.pause_reading()
    try:
        await asyncio.sleep(GATHER_SECONDS)
    finally:
        transport.resume_reading()
