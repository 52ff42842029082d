"""A process that outlives its parent just long enough to end what the parent started, however the parent ended.

Reads lines from standard input: `group N` and `folder PATH` to look after, the same with a `-` in front to forget.
When the input ends, so has the parent: every group still known is killed and every folder removed.
"""

import os
import shutil
import signal
import sys


def main() -> None:
    kept: set[tuple[str, str]] = set()
    for line in sys.stdin:
        kind, _, value = line.rstrip("\n").partition(" ")
        if kind.startswith("-"):
            kept.discard((kind[1:], value))
        else:
            kept.add((kind, value))
    for kind, value in sorted(kept, reverse=True):  # groups before the folders they write to
        if kind == "group":
            try:
                os.killpg(int(value), signal.SIGKILL)
            except ProcessLookupError:
                pass
        else:
            shutil.rmtree(value, ignore_errors=True)


if __name__ == "__main__":
    main()
