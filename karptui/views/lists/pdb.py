"""Why for a PodDisruptionBudget: what it allows now, which pods it protects, and which nodes it holds."""

from collections.abc import Iterator

from karptui.engine.explain.held import held_sentence
from karptui.model.disruption import Survey
from karptui.model.pod import Pod
from karptui.model.selectors import LabelSelector, selects
from karptui.model.workload import PodDisruptionBudget
from karptui.views.line import Line
from karptui.views.lists.object_lists import holdings, pdb_rule
from karptui.views.wording import hourly, monthly, plural, short_node
from karptui.world.world import World


def pdb_lines(found: PodDisruptionBudget, survey: Survey | None) -> list[Line]:
    """Its rule, what it allows now, and the nodes that stay for its sake, as far as the disruption engine looked."""
    allowed = found.disruptions_allowed
    lines: list[Line] = [
        ((f"allows {plural(allowed, 'eviction')} now", "text" if allowed else "bad"),),
        (("rule ", "dim"), (pdb_rule(found), "text")),
        (("selects ", "dim"), (selector_text(found.selector), "text")),
    ]
    if found.current_healthy is not None and found.desired_healthy is not None:
        short = found.current_healthy < found.desired_healthy
        of = f" of {plural(found.expected_pods, 'pod')}" if found.expected_pods is not None else ""
        words = f"{found.current_healthy:,}{of}, {found.desired_healthy:,} needed"
        lines.insert(1, (("healthy ", "dim"), (words, "bad" if short else "text")))
    if found.always_allow_unhealthy:
        lines.append((("pods that are not ready may always be evicted", "text"),))
    held = holdings(survey).get(found.key, [])
    if survey is not None and not held:
        lines.append((("holds no node now", "ok"),))
    saved = sum(outcome.saves for outcome in held)
    if saved > 0:
        most = "up to " if len(held) > 1 else ""  # each node alone: one fills the room that another needs
        words = f"{plural(len(held), 'node')}, which keeps {most}{hourly(saved)} ({monthly(saved)}) from being saved"
        lines.append((("holds ", "dim"), (words, "warn")))
    for outcome in sorted(held, key=lambda entry: -entry.saves):
        saves = f"{hourly(outcome.saves)} " if outcome.saves > 0 else ""
        others = [key for key in outcome.objects if key != found.key]
        by = f", as does {', '.join(others)}" if others else ""
        lines.append(
            (
                (f"  {short_node(outcome.node):<16} ", "warn"),
                (saves, "money"),
                (f"protects {outcome.detail}{by}" if outcome.detail else held_sentence(outcome), "text"),
            )
        )
    return lines


def selector_text(selector: LabelSelector | None) -> str:
    """`app=web, tier In (a b)`; `nothing` for one that is not given, `every pod` for an empty one."""
    if selector is None:
        return "nothing"
    words = [f"{key}={value}" for key, value in sorted(selector.match_labels)]
    for entry in sorted(selector.match_expressions, key=lambda entry: entry.key):
        values = f" ({' '.join(sorted(entry.values))})" if entry.values else ""
        words.append(f"{entry.key} {entry.operator}{values}")
    return ", ".join(words) or "every pod of its namespace"


def protected(world: World, found: PodDisruptionBudget) -> Iterator[Pod]:
    """The pods it selects: every pod is asked, so only for a screen that is about nothing else."""
    namespace = found.metadata.namespace
    for pod in world.of("pods").values():
        if pod.metadata.namespace == namespace and selects(found.selector, pod.metadata.labels):
            yield pod
