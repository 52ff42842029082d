"""User data read as the instance would: what it tells the kubelet."""

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass, field
from email import message_from_string
from typing import Any

UNREGISTERED = "karpenter.sh/unregistered"
NODE_CONFIG = "application/node.eks.aws"
NODE_LABELS = "--node-labels="


@dataclass(frozen=True, slots=True)
class KubeletTold:
    """Labels and taints to register with (`karpenter`: the unregistered taint is among them), and the kubelet's
    configuration, whose maxPods and reservations decide what the node offers."""

    labels: dict[str, str] = field(default_factory=dict)
    taints: tuple[dict[str, str], ...] = ()
    karpenter: bool = False
    config: Mapping[str, Any] = field(default_factory=dict)


def kubelet_told(user_data: str) -> KubeletTold:
    """What base64 user data of AL2023 says; of several NodeConfigs the last one wins. Other user data says nothing."""
    import yaml

    try:
        text = base64.b64decode(user_data).decode()
    except (binascii.Error, UnicodeDecodeError):
        return KubeletTold()
    told = KubeletTold()
    for part in message_from_string(text).walk():
        if part.get_content_type() != NODE_CONFIG:
            continue
        try:
            document = yaml.safe_load(str(part.get_payload()))
        except yaml.YAMLError:
            continue
        if isinstance(document, dict):
            told = _told((document.get("spec") or {}).get("kubelet") or {})
    return told


def _told(kubelet: Mapping[str, Any]) -> KubeletTold:
    config: Mapping[str, Any] = kubelet.get("config") or {}
    taints = list(config.get("registerWithTaints") or [])
    labels: dict[str, str] = {}
    for flag in kubelet.get("flags") or []:
        if flag.startswith(NODE_LABELS):
            pairs = flag.removeprefix(NODE_LABELS).strip('"').split(",")
            labels |= {key: value for key, _, value in (pair.partition("=") for pair in pairs) if key}
    return KubeletTold(
        labels=labels,
        taints=tuple(dict(taint) for taint in taints if taint.get("key") != UNREGISTERED),
        karpenter=len(taints) > sum(taint.get("key") != UNREGISTERED for taint in taints),
        config=config,
    )
