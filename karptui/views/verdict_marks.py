"""A sign and a role for each verdict of shadow mode; the sign alone tells agreement from the rest."""

from karptui.shadow.verdict import Verdict

VERDICT_MARKS: dict[str, tuple[str, str]] = {
    Verdict.SAME.value: ("✓", "ok"),
    Verdict.EQUIVALENT.value: ("≈", "ok"),
    Verdict.NEARLY.value: ("~", "warn"),
    Verdict.LATE.value: ("…", "warn"),
    Verdict.DIFFERENT.value: ("✗", "bad"),
    Verdict.NEVER.value: ("✗", "bad"),
    Verdict.UNFORESEEN.value: ("✗", "bad"),
}
