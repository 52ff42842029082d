"""The command line: which commands there are. Each is imported when it is called."""

import difflib
import sys

from cyclopts import App, CycloptsError, UnknownCommandError, UnusedCliTokensError

from karptui import __version__
from karptui.cli.ending import ended

app = App(
    name="karptui",
    help="Watch a Kubernetes cluster, see what Karpenter would do and why.",
    version=__version__,
    version_flags=["--version", "-V"],
    help_format="plaintext",  # Markdown takes a quarter of the time that help takes
    result_action="return_value",
)
# Said here as well, because the list of commands is shown without importing them.
COMMANDS = {
    "observe": "Watch a cluster live; what karptui does without a command.\n\nNothing is written to the cluster.",
    "demo": "Play a story on an embedded cluster.\n\nBurst, decision, EC2 launch, bound, spot interruption and"
    " consolidation; nothing outside this machine is touched. On a screen the cluster lives on after the story, for"
    " kubectl.",
    "shadow": "Foresee what Karpenter does and judge every prediction.\n\nBeside a running Karpenter or over a"
    " recording; nothing is written to the cluster.",
    "active": "Be the cluster's controller in Karpenter's place, on EC2 or without a cloud.",
    "doctor": "Check what a mode needs before it is used.",
    "manifests": "Print the ClusterRole that a mode needs.",
    "status": "Print how a cluster stands.",
    "why": "Explain a pod, a node or a decision.",
    "pods": "Print the pods, those that wait first.",
    "nodes": "Print the nodes, and why each is still there.",
    "decisions": "Print what was decided, and what became of it.",
    "timeline": "Print a pod's or NodeClaim's way, stage by stage.",
    "cost": "Print what the cluster costs, and what could be saved.",
    "narrate": "Tell what happens as sentences, of a cluster, a recording or the demo.",
    "plan": "Print what would be decided for manifests, without a cluster.",
    "disrupt": "Print which nodes would go next, for manifests, and why.",
    "budgets": "Print how many nodes disruption budgets let go, now and later.",
    "conform": "Answer scenario files and compare with what Karpenter answered.",
    "record": "Write what happens in a cluster to a file.",
    "replay": "Play a recording.",
    "serve": "Show the screens in a browser.",
    "lab": "Serve the embedded cluster alone, for kubectl.",
    "version": "Print the version.",
}
for order, (name, summary) in enumerate(COMMANDS.items()):
    app.command(f"karptui.cli.{name}:{name}", name=name, help=summary, sort_key=order)


def run(arguments: list[str]) -> int:
    """Run one command and give its exit code."""
    # Without a command karptui observes the current context; its flags may come at once.
    if not arguments or (arguments[0].startswith("-") and arguments[0] not in ("-h", "--help")):
        arguments = ["observe", *arguments]

    def command() -> object:
        try:
            return app(arguments, exit_on_error=False, print_error=False)
        except CycloptsError as error:
            print(f"karptui: {usage_sentence(error)}", file=sys.stderr)
            return 2

    return ended(command)


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
