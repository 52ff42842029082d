"""docs/keys.md, made from the action table: `python -m karptui.tui.keys_page > docs/keys.md`."""

from karptui.tui.actions import ACTIONS, PLACES, Action

_MOVES = (
    ("`j` `k` `↓` `↑`", "down, up"),
    ("`g` `G`", "top, bottom"),
    ("`pgdn` `pgup`", "a screen down, up"),
    ("`tab` `shift+tab`", "next box, box before; on the map the next group"),
    ("`←` `→` `↑` `↓`", "on the map: to the next node"),
    ("`ctrl+c`", "quit, from anywhere"),
)


def keys_page() -> str:
    """The page as Markdown."""
    lines = [
        "# Keys",
        "",
        "Made from the action table in `karptui/tui/actions.py`, as are the key bar, `?` and the palette.",
        "",
        "| key | place |",
        "| --- | --- |",
        *(f"| `{place.key}` | {place.title} |" for place in PLACES),
        "",
        "| key | moves |",
        "| --- | --- |",
        *(f"| {keys} | {words} |" for keys, words in _MOVES),
    ]
    groups: dict[str, list[Action]] = {}
    for action in ACTIONS:
        groups.setdefault(action.group, []).append(action)
    for name, actions in groups.items():
        lines += ["", f"## {name.capitalize()}", "", "| key | does | where | action |", "| --- | --- | --- | --- |"]
        lines += [_row(action) for action in actions]
    return "\n".join(lines) + "\n"


def _row(action: Action) -> str:
    keys = " ".join(f"`{key}`" for key in action.keys)
    where = ", ".join(sorted(action.screens)) or "everywhere"
    if action.modes:
        where += f" ({', '.join(sorted(mode.lower() for mode in action.modes))})"
    danger = " **writes**" if action.dangerous else ""
    return f"| {keys} | {action.text}{danger} | {where} | `{action.name}` |"


if __name__ == "__main__":
    print(keys_page(), end="")
