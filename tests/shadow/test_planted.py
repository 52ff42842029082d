from tests.shadow.planted import Case, cases

CASES = 200
BAR = 0.95


def test_the_cause_finder_names_what_was_planted() -> None:
    found = list(cases(seed=7, number=CASES))

    wrong = [case for case in found if not case.right]
    assert len(found) == CASES
    assert len(wrong) <= (1 - BAR) * CASES, _told(wrong)


def _told(wrong: list[Case]) -> str:
    return "\n".join(f"{case.planted.value}: {case.named.text}" for case in wrong)
