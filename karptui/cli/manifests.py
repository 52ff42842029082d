"""`karptui manifests`."""

from typing import Literal


def manifests(*, mode: Literal["observe", "shadow", "active"] = "active", user: str = "karptui") -> int:
    """Print the ClusterRole and its binding that a mode needs, for kubectl apply.

    Karpenter's own CRDs are installed with Karpenter's chart (karpenter-crd); karptui uses them as they are.

    Parameters
    ----------
    mode
        observe (reading only), shadow (and Karpenter's metrics, through the API server's proxy) or active.
    user
        The user of the kubeconfig who runs karptui.
    """
    import yaml

    from karptui.control.permissions import (
        active_rules,
        cluster_role,
        cluster_role_binding,
        observe_rules,
        shadow_rules,
    )

    rules = {"observe": observe_rules, "shadow": shadow_rules}.get(mode, lambda: observe_rules() + active_rules())()
    name = f"karptui-{mode}"
    print(
        yaml.safe_dump_all([cluster_role(name, rules), cluster_role_binding(name, user)], sort_keys=False),
        end="",
    )
    return 0
