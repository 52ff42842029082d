"""The Deployment that runs Karpenter, as the API server has it: version and settings (spec/scheduling.md 11)."""

from typing import Any

from msgspec import Struct

from karptui.kube.clean import clean
from karptui.model.snapshot import Options
from karptui.shadow.settings import options_of

LABEL = "app.kubernetes.io/name=karpenter"
VERSION_LABEL = "app.kubernetes.io/version"
PATH = "/apis/apps/v1/deployments"


class Installed(Struct, frozen=True, gc=False):
    """Karpenter in this cluster: where it is, and how it is set."""

    namespace: str
    name: str
    options: Options


def installed_by(item: Any) -> Installed | None:
    """What a Deployment says; None where it is none of Karpenter's. Raises ValueError where a setting is malformed."""
    try:
        metadata, containers = item["metadata"], item["spec"]["template"]["spec"]["containers"]
    except (KeyError, TypeError):
        return None
    for container in containers:
        environment = {
            str(entry["name"]): clean(str(entry["value"]))
            for entry in container.get("env") or ()
            if entry.get("name") and entry.get("value") is not None
        }
        tag = str(container.get("image") or "").partition("@")[0].rpartition(":")[2]
        version = (metadata.get("labels") or {}).get(VERSION_LABEL) or tag
        arguments = [clean(str(text)) for text in (*(container.get("command") or ()), *(container.get("args") or ()))]
        options = options_of(environment, clean(str(version)), arguments)
        return Installed(str(metadata.get("namespace") or ""), str(metadata["name"]), options)
    return None
