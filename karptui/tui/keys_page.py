"""docs/keys.md, made from the action table: `python -m karptui.tui.keys_page > docs/keys.md`."""

from karptui.tui.actions import (
    ACTIONS,
    CONTEXT_VERBS,
    EVENT_VERBS,
    NAMESPACE_VERBS,
    OBJECT_LISTS,
    PLACES,
    Action,
)

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
    lines += ["", "## Words behind `:`", "", *_verbs()]
    return "\n".join(lines) + "\n"


def _verbs() -> list[str]:
    """What k9s' prompt takes, and ours."""
    entries = [
        *((place.verbs, place.title) for place in PLACES),
        *((found.verbs, f"all {found.title}; what follows the word filters them") for found in OBJECT_LISTS),
        (EVENT_VERBS, "the log, with Kubernetes' Events alone"),
        (NAMESPACE_VERBS, "one namespace; while watching, nothing else is read from then on"),
        (CONTEXT_VERBS, "another cluster, while watching"),
        *{action.name: (action.verbs, action.text) for action in ACTIONS if action.verbs}.values(),
    ]
    return [
        "| words | lead to |",
        "| --- | --- |",
        *(f"| {' '.join(f'`:{verb}`' for verb in verbs)} | {text} |" for verbs, text in entries),
        "",
        "A question, a name of an object or a theme is found by any of its letters. `:pods NAMESPACE` as in k9s.",
    ]


def _row(action: Action) -> str:
    keys = " ".join(f"`{key}`" for key in action.keys)
    where = ", ".join(sorted(action.screens)) or "everywhere"
    if action.modes:
        where += f" ({', '.join(sorted(mode.lower() for mode in action.modes))})"
    danger = " **writes**" if action.dangerous else ""
    return f"| {keys} | {action.text}{danger} | {where} | `{action.name}` |"


if __name__ == "__main__":
    print(keys_page(), end="")
