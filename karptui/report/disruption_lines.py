"""A disruption pass as text: what goes, what it saves, and of every node that stays the reason."""

from karptui.engine.disruption import Survey, blocked_savings
from karptui.engine.explain.held import held_sentence
from karptui.model.disruption import Command, Disruption, Held
from karptui.model.snapshot import Snapshot
from karptui.views.wording import hourly, overlay_lines, plural


def disruption_text(snapshot: Snapshot, answer: Disruption, looked_at: Survey) -> str:
    """The whole answer."""
    if answer.deferred:
        return f"nothing is decided yet: {answer.deferred}"
    parts = [_command(command) for command in answer.commands] or ["no node would go now"]
    going = {name for command in answer.commands for name in command.nodes}
    staying: list[str] = []
    for name, entry in looked_at.nodes.items():
        if name not in going:
            # A node that could go by itself may have been held by what went before it in this pass.
            told = answer.held.get(name, entry) if isinstance(entry, Command) else entry
            staying.append(_node(name, told, snapshot.now))
    if staying:
        parts.append("\n".join(["nodes that stay:", *staying]))
    blocked = blocked_savings(snapshot, looked_at)
    if blocked:
        lines = [f"  {hourly(amount):>12}  {holder}" for holder, amount in blocked.items()]
        parts.append("\n".join(["what is held back, by whom:", *lines]))
    parts += [f"not modelled: {what}" for what in answer.not_modelled]
    parts += overlay_lines(answer.overlays)
    return "\n\n".join(parts)


def _command(command: Command) -> str:
    verb = "replaces" if command.replacements else "deletes"
    change = command.price_before - command.price_after
    lines = [
        f"{command.method} ({command.reason}) {verb} {plural(len(command.nodes), 'node')}: {', '.join(command.nodes)}",
        f"  {hourly(command.price_before)} before, {hourly(command.price_after)} after: {hourly(change)} less",
    ]
    for claim in command.replacements:
        types = ", ".join(claim.instance_types[:5]) or "any type of its pool"
        more = f" and {len(claim.instance_types) - 5} more" if len(claim.instance_types) > 5 else ""
        lines.append(f"  a new node of NodePool {claim.node_pool}: {types}{more} for {plural(len(claim.pods), 'pod')}")
    lines += [f"  to {name}: {', '.join(pods)}" for name, pods in command.placements.items()]
    return "\n".join(lines)


def _node(name: str, entry: Command | Held, now: float) -> str:
    if isinstance(entry, Command):
        saved = hourly(entry.price_before - entry.price_after)
        return f"  {name}: not yet; {entry.method} could {entry.decision} it and save {saved}"
    words = held_sentence(entry)
    if entry.until is not None and entry.until > now:
        words += f", for {_span(entry.until - now)} more"
    if entry.saves > 0:
        words += f"; it would save {hourly(entry.saves)}"
    return f"  {name}: {words}"


def _span(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 120 else f"{minutes // 60} h {minutes % 60:02d} min"
