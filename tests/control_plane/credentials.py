"""Certificates, tokens and kubeconfigs of a control plane on loopback."""

import base64
import json
import re
import secrets
from dataclasses import dataclass, field
from pathlib import Path

import trustme
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

ADMIN = "admin"
# Groups of the users that have a token; whoever is not listed here is in no group but system:authenticated.
GROUPS = {ADMIN: "system:masters"}


@dataclass
class Credentials:
    """The secrets of one control plane: its own CA, and a token per user of `users`.

    Any other user name works too: it gets a client certificate when it is first asked for.
    """

    folder: Path
    users: tuple[str, ...] = (ADMIN, "limited")
    ca: trustme.CA = field(default_factory=trustme.CA)

    def __post_init__(self) -> None:
        self.tokens = {user: secrets.token_hex(16) for user in self.users}

    def write(self) -> None:
        """Write the files kube-apiserver is started with."""
        self.folder.mkdir()
        self.ca.cert_pem.write_to_path(self.ca_file)
        server = self.ca.issue_cert("127.0.0.1", "localhost", "kubernetes.default.svc")
        server.private_key_and_cert_chain_pem.write_to_path(self.server_file)
        key = ec.generate_private_key(ec.SECP256R1()).private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
        )
        self.service_account_file.write_bytes(key)
        lines = [f'{token},{user},{user},"{GROUPS.get(user, "")}"\n' for user, token in self.tokens.items()]
        self.token_file.write_text("".join(lines))

    @property
    def ca_file(self) -> Path:
        return self.folder / "ca.crt"

    @property
    def server_file(self) -> Path:
        """Key and certificate of kube-apiserver, for 127.0.0.1 and localhost, in one PEM file."""
        return self.folder / "server.pem"

    @property
    def service_account_file(self) -> Path:
        return self.folder / "service-account.key"

    @property
    def token_file(self) -> Path:
        return self.folder / "tokens.csv"

    def kubeconfig(self, server: str, user: str) -> dict[str, object]:
        """A kubeconfig for `user` at the address `server`, with everything inside it and TLS verified."""
        authority = _base64(self.ca.cert_pem.bytes())
        name = "karptui-test"
        return {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": name, "cluster": {"server": server, "certificate-authority-data": authority}}],
            "users": [{"name": user, "user": self._user(user)}],
            "contexts": [{"name": name, "context": {"cluster": name, "user": user}}],
            "current-context": name,
        }

    def write_kubeconfig(self, server: str, user: str) -> Path:
        path = self._file(user, "kubeconfig")
        if not path.exists():
            path.touch(mode=0o600)
            path.write_text(json.dumps(self.kubeconfig(server, user), indent=1))  # JSON is YAML
        return path

    def certificate_file(self, user: str) -> Path:
        """Key and certificate of `user`, issued now unless it was before, in one PEM file."""
        path = self._file(user, "pem")
        if not path.exists():
            # Go refuses a certificate without any alternative name, though nobody reads a client's.
            issued = self.ca.issue_cert("client.test", common_name=user)
            issued.private_key_and_cert_chain_pem.write_to_path(path)
        return path

    def _user(self, user: str) -> dict[str, str]:
        if user in self.tokens:
            return {"token": self.tokens[user]}
        pem = _base64(self.certificate_file(user).read_bytes())  # each reader finds its own block in it
        return {"client-certificate-data": pem, "client-key-data": pem}

    def _file(self, user: str, suffix: str) -> Path:
        return self.folder / f"{re.sub('[^a-zA-Z0-9.-]', '-', user)}.{suffix}"


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()
