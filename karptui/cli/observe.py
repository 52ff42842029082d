"""`karptui`, without a command or as `karptui observe`."""

from karptui.cli.flags import Cluster, Look, Output


def observe(
    *,
    cluster: Cluster | None = None,
    contexts: str | None = None,
    look: Look | None = None,
    record: str | None = None,
    output: Output = None,
) -> int:
    """Watch a cluster: what is pending and why, what Karpenter would do about it, what is on its way, what it costs.

    Nothing is written to the cluster.

    Parameters
    ----------
    contexts
        Contexts of the kubeconfig, with commas between them, that are watched side by side; ⏎ on one shows it.
    record
        Also write a recording to this file.
    output
        text or json; without it a screen where there is a terminal, else text.
    """
    from karptui.cli.shown import cluster as show_cluster

    which, settings = cluster or Cluster(), (look or Look()).settings(contexts=contexts)
    return show_cluster(settings, which.kubeconfig, which.context, which.namespace, record, output)
