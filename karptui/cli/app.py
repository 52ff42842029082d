"""The command line: which commands there are. Each is imported when it is called."""

import asyncio
import difflib
import os
import sys

from cyclopts import App, CycloptsError, UnknownCommandError, UnusedCliTokensError

from karptui import __version__
from karptui.failure import Failure

app = App(
    name="karptui",
    help="Watch a Kubernetes cluster, see what Karpenter would do and why.",
    version=__version__,
    version_flags=["--version", "-V"],
    result_action="return_value",
)
app.command("karptui.cli.observe:observe", name="observe")
app.command("karptui.cli.demo:demo", name="demo")
app.command("karptui.cli.lab:lab", name="lab")
app.command("karptui.cli.replay:replay", name="replay")
app.command("karptui.cli.record:record", name="record")
app.command("karptui.cli.plan:plan", name="plan")
app.command("karptui.cli.disrupt:disrupt", name="disrupt")
app.command("karptui.cli.conform:conform", name="conform")
app.command("karptui.cli.status:status", name="status")
app.command("karptui.cli.why:why", name="why")
app.command("karptui.cli.version:version", name="version")

COMMANDS = ("observe", "demo", "lab", "replay", "record", "plan", "disrupt", "conform", "status", "why", "version")


def run(arguments: list[str]) -> int:
    """Run one command and give its exit code."""
    # Without a command karptui observes the current context; its flags may come at once.
    if not arguments or (arguments[0].startswith("-") and arguments[0] not in ("-h", "--help")):
        arguments = ["observe", *arguments]
    try:
        answer = app(arguments, exit_on_error=False, print_error=False)
        sys.stdout.flush()
        return answer if isinstance(answer, int) else 0
    except CycloptsError as error:
        print(f"karptui: {usage_sentence(error)}", file=sys.stderr)
        return 2
    except Failure as error:
        print(f"karptui: {error}", file=sys.stderr)
        return 1
    except BrokenPipeError:
        # The reader of our output has gone, and so would a message about it when Python flushes at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except (KeyboardInterrupt, asyncio.CancelledError):
        return 130


def usage_sentence(error: CycloptsError) -> str:
    """What is wrong with a command line, and where to look it up."""
    if isinstance(error, UnknownCommandError):
        # cyclopts' own sentence would import every command.
        asked = (error.unused_tokens or [""])[0]
        close = difflib.get_close_matches(asked, COMMANDS, n=1)
        meant = f"did you mean {close[0]}?" if close else f"there are {', '.join(COMMANDS)}"
        return f"there is no command {asked}; {meant}"
    if isinstance(error, UnusedCliTokensError):
        what = f"{' '.join(error.unused_tokens or ())}: more than the command takes"
    else:
        what = " ".join(str(error).split()).rstrip(".")
    chain = [*(error.command_chain or ())]
    return f"{what}; see {' '.join(['karptui', *chain, '--help'])}"
