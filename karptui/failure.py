"""What stops a command: one sentence saying what, where and what to do. It ends with exit code 1, without a traceback."""


class Failure(Exception):
    """A run-time error a person can act on; its text is the sentence."""
