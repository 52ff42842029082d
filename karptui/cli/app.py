"""The command line: which commands there are. Each is imported when it is called."""

import asyncio
import sys

from cyclopts import App, CycloptsError
from rich.console import Console

from karptui import __version__
from karptui.failure import Failure

app = App(
    name="karptui",
    help="Watch a Kubernetes cluster, see what Karpenter would do and why.",
    version=__version__,
    version_flags=["--version", "-V"],
    error_console=Console(stderr=True),
    result_action="return_value",
)
app.command("karptui.cli.observe:observe", name="observe")
app.command("karptui.cli.demo:demo", name="demo")
app.command("karptui.cli.lab:lab", name="lab")
app.command("karptui.cli.replay:replay", name="replay")
app.command("karptui.cli.record:record", name="record")
app.command("karptui.cli.plan:plan", name="plan")
app.command("karptui.cli.status:status", name="status")
app.command("karptui.cli.why:why", name="why")
app.command("karptui.cli.version:version", name="version")

COMMANDS = ("observe", "demo", "lab", "replay", "record", "plan", "status", "why", "version")


def run(arguments: list[str]) -> int:
    """Run one command and give its exit code."""
    # Without a command karptui observes the current context; its flags may come at once.
    if not arguments or (arguments[0].startswith("-") and arguments[0] not in ("-h", "--help")):
        arguments = ["observe", *arguments]
    try:
        answer = app(arguments, exit_on_error=False)
        return answer if isinstance(answer, int) else 0
    except CycloptsError:
        return 2
    except Failure as error:
        print(f"karptui: {error}", file=sys.stderr)
        return 1
    except BrokenPipeError:
        sys.stderr.close()  # the reader of our output has gone, and so would a message about it
        return 0
    except (KeyboardInterrupt, asyncio.CancelledError):
        return 130
