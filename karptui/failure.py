"""What stops a command: one sentence saying what, where and what to do; exit code 1, and no traceback."""

import os


class Failure(Exception):
    """A run-time error a person can act on; its text is the sentence."""


def sentence_of(error: Exception) -> str:
    """A Failure's own sentence; of anything else what went wrong in karptui itself, and where, for a report."""
    if isinstance(error, Failure):
        return str(error)
    import traceback

    frame = traceback.extract_tb(error.__traceback__)[-1]
    where = f"{os.path.basename(frame.filename)}:{frame.lineno}"
    said = " ".join(f"{type(error).__name__}: {error}".split())
    return f"a fault in karptui itself ({said}, at {where}): please report it with the command that you gave"
