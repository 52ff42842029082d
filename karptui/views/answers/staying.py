"""Why a node is still here, in a sentence: what the last survey of the World found out about it."""

from karptui.engine.explain.held import fate_sentence
from karptui.model.disruption import Command, Held
from karptui.views.wording import duration, hourly, plural, short_node
from karptui.world.world import World


def found_out(world: World, node: str) -> Command | Held | None:
    """The command that would take a node alone, or what holds it; None while nothing is known."""
    return world.surveyed.survey.nodes.get(node) if world.surveyed is not None else None


def staying(world: World, node: str, now: float) -> tuple[str, str]:
    """(sentence, role); empty while nothing is known."""
    entry = found_out(world, node)
    if entry is None:
        return "", "text"
    if isinstance(entry, Command):
        return f"could go: {_goes(entry)}, {hourly(entry.price_before - entry.price_after)} less", "ok"
    words = fate_sentence(entry)
    if entry.until is not None and entry.until > now:
        words += f", for {duration(entry.until - now)} more"
    if entry.saves > 0:
        words += f"; it would save {hourly(entry.saves)}"
    return words, "warn"


def _goes(command: Command) -> str:
    if not command.pods:
        return "it is empty" if not command.replacements else "it has drifted"
    pods = plural(len(command.pods), "pod")
    fit = "fits" if len(command.pods) == 1 else "fit"
    if command.replacements:
        return f"its {pods} {fit} a new node ({', '.join(command.replacements[0].instance_types[:3]) or 'of its pool'})"
    return f"its {pods} {fit} on {', '.join(map(short_node, sorted(command.placements)[:3]))}"
