"""What stops a command: one sentence saying what, where and what to do; exit code 1, and no traceback."""


class Failure(Exception):
    """A run-time error a person can act on; its text is the sentence."""
