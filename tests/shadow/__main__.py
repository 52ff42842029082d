"""Agreement with a recorded day: `python -m tests.shadow [RECORDING TRUTH]`; by default the day that is kept here."""

import sys
import time
from pathlib import Path

from tests.shadow.day import DAY, TRUTH, compared, judged, truth_at


def main(arguments: list[str]) -> int:
    """Print what was foreseen of what really happened, and the processor time that took."""
    recording, truth_file = (Path(arguments[0]), Path(arguments[1])) if len(arguments) == 2 else (DAY, TRUTH)
    began = time.process_time()
    observer = judged(recording)
    seconds = time.process_time() - began
    truth = truth_at(truth_file)
    found = compared(observer, truth)
    for what, right, whole, missed in (
        ("provisioning", found.provisioned, len(truth["provisioning"]), found.missed_claims),
        ("disruption", found.commands, len(truth["disruptions"]), found.missed_commands),
    ):
        print(f"{what}: {right} of {whole} foreseen, {right / max(whole, 1):.1%}")
        for name in missed:
            print(f"  not: {name}")
    print(f"verdicts that say otherwise: {', '.join(found.judged_wrongly) or 'none'}")
    print(f"{seconds:.1f} s of processor time")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
