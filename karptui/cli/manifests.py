"""`karptui manifests`."""

from collections.abc import Iterable
from typing import Any, Literal

OWN_CRDS = (
    "# CustomResourceDefinitions without Karpenter's schemas, so that nothing is checked or filled in: for clusters\n"
    "# to try karptui on. Where those of its chart (karpenter-crd) are installed, leave --crds out.\n"
)


def manifests(
    *, mode: Literal["observe", "shadow", "active"] = "active", user: str = "karptui", crds: bool = False
) -> int:
    """Print the ClusterRole and its binding that a mode needs, for kubectl apply.

    Karpenter's own CRDs are installed with Karpenter's chart (karpenter-crd); karptui uses them as they are.

    Parameters
    ----------
    mode
        observe (reading only), shadow (and Karpenter's metrics, through the API server's proxy) or active.
    user
        The user of the kubeconfig who runs karptui.
    crds
        Print CustomResourceDefinitions too, for a cluster that has none: plain ones that check nothing.
    """
    from karptui.control.safety.permissions import (
        active_rules,
        cluster_role,
        cluster_role_binding,
        observe_rules,
        shadow_rules,
    )

    rules = {"observe": observe_rules, "shadow": shadow_rules}.get(mode, lambda: observe_rules() + active_rules())()
    name = f"karptui-{mode}"
    if crds:
        from karptui.lab.apiserver.custom import KARPENTER, KWOK

        print(OWN_CRDS + _yaml([*KARPENTER, KWOK]) + "---")
    print(_yaml([cluster_role(name, rules), cluster_role_binding(name, user)]), end="")
    return 0


def _yaml(objects: Iterable[dict[str, Any]]) -> str:
    import yaml

    # What two objects share is written in each: an anchor is legal, and nobody expects one.
    dumper = type("Dumper", (yaml.SafeDumper,), {"ignore_aliases": lambda *_: True})
    return yaml.dump_all(objects, Dumper=dumper, sort_keys=False)
