"""What a pod asks for: the effective requests of spec/scheduling.md 3.2 (component-helpers v0.35)."""

from collections.abc import Iterable, Mapping

from karptui.model.containers import Container, ContainerStatus
from karptui.model.quantity import NANO
from karptui.model.resources import Resources, maximum, merge

PODS = "pods"
"""The resource that limits how many pods a node runs."""

NO_RESOURCES: Mapping[str, int] = {}


def pod_requests(
    containers: Iterable[Container],
    init_containers: Iterable[Container] = (),
    overhead: Mapping[str, int] = NO_RESOURCES,
    pod_level: Mapping[str, int] = NO_RESOURCES,
    statuses: Iterable[ContainerStatus] = (),
    resize_infeasible: bool = False,
) -> Resources:
    """Effective requests of one pod in nano-units, with `pods`: 1.

    `overhead` is spec.overhead, `pod_level` spec.resources.requests, `statuses` those of containers and init
    containers; `resize_infeasible` means the condition PodResizePending has reason Infeasible.
    """
    by_name = {status.name: status for status in statuses}
    running = merge(*(_container_requests(container, by_name, resize_infeasible) for container in containers))
    sidecars: Resources = {}
    peaks: list[Resources] = []
    for container in init_containers:
        if container.sidecar:
            own = _container_requests(container, by_name, resize_infeasible)
            running = merge(running, own)
            sidecars = merge(sidecars, own)
            peaks.append(sidecars)
        else:
            peaks.append(merge(container.requests, sidecars))
    total = maximum(running, *peaks)
    total.update((name, amount) for name, amount in pod_level.items() if _counts_for_the_pod(name))
    total = merge(total, overhead)
    total[PODS] = NANO
    return total


def _container_requests(
    container: Container, statuses: Mapping[str, ContainerStatus], resize_infeasible: bool
) -> Mapping[str, int]:
    status = statuses.get(container.name)
    if status is None or status.resources_requests is None:
        return container.requests
    actual = maximum(status.resources_requests, status.allocated or {})
    # A resize that cannot happen asks for nothing; one under way may still be holding either amount.
    return actual if resize_infeasible else maximum(container.requests, actual)


def _counts_for_the_pod(name: str) -> bool:
    return name in ("cpu", "memory") or name.startswith("hugepages-")
