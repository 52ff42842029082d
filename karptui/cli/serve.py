"""`karptui serve`."""

import shlex
import sys
from typing import Annotated

from cyclopts import Parameter

from karptui.failure import Failure

SHOWABLE = ("observe", "demo", "replay", "shadow")


def serve(
    *command: Annotated[str, Parameter(allow_leading_hyphen=True)], host: str = "localhost", port: int = 8000
) -> int:
    """Show the screens in a browser, as the terminal shows them: one karptui for every page that is opened.

    Parameters
    ----------
    command
        What to show, as on a command line of its own: karptui serve demo; karptui serve -- replay FILE --speed 2.
        Without it the current context is observed.
    host
        The address to listen on. Whoever reaches it sees what you may see.
    port
        The port.
    """
    words = list(command) or ["observe"]
    if words[0] not in SHOWABLE and not words[0].startswith("-"):
        raise Failure(f"{words[0]} is not for a browser: {', '.join(SHOWABLE)} are")
    if not 1 <= port <= 65535:
        raise Failure("a port is a number from 1 to 65535")
    try:
        from karptui.cli.browser import serve_in_browser
    except ModuleNotFoundError as error:
        raise Failure(
            f"karptui serve needs the extra `serve` ({error.name} is not installed): pip install 'karptui[serve]'"
        ) from error
    serve_in_browser(shlex.join([sys.executable, "-m", "karptui", *words]), host, port)
    return 0
