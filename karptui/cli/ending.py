"""How a command ends: what its exit code is, and the one sentence for what went wrong."""

import asyncio
import os
import sys
from collections.abc import Callable

from karptui.failure import Failure


def ended(command: Callable[[], object]) -> int:
    """Run a command; its exit code."""
    try:
        answer = command()
        sys.stdout.flush()
        return answer if isinstance(answer, int) else 0
    except Failure as error:
        print(f"karptui: {error}", file=sys.stderr)
        return 1
    except BrokenPipeError:
        # The reader of our output has gone, and so would a message about it when Python flushes at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except (KeyboardInterrupt, asyncio.CancelledError):
        return 130
    except Exception as error:  # a traceback helps nobody who did not write this
        print(f"karptui: {fault_sentence(error)}", file=sys.stderr)
        return 1


def fault_sentence(error: Exception) -> str:
    """What went wrong in karptui itself, and where, for a report."""
    import traceback

    frame = traceback.extract_tb(error.__traceback__)[-1]
    where = f"{os.path.basename(frame.filename)}:{frame.lineno}"
    said = " ".join(f"{type(error).__name__}: {error}".split())
    return f"a fault in karptui itself ({said}, at {where}): please report it with the command that you gave"
