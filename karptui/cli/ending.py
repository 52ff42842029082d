"""How a command ends: what its exit code is, and the one sentence for what went wrong."""

import asyncio
import os
import sys
from collections.abc import Callable

from karptui.failure import Failure, sentence_of


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
        print(f"karptui: {sentence_of(error)}", file=sys.stderr)
        return 1
