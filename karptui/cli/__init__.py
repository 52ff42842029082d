"""The commands, one file each; no logic of their own."""

import sys
import warnings


def main() -> None:
    """The `karptui` program: usage errors exit 2, run-time errors exit 1 with one sentence, ctrl-c exits 130."""
    if not sys.warnoptions:  # those are for who writes programs; a call broken off by ctrl-c gives some
        warnings.simplefilter("ignore")
    # Scripts ask for the version often, and the command line parser costs more than the answer.
    if sys.argv[1:] in (["version"], ["--version"], ["-V"]):
        from karptui import __version__

        print(f"karptui {__version__}")
        return
    try:
        if sys.argv[1:] in ([], ["demo"]):  # nothing to parse, and somebody waits for the first frame
            from karptui.cli import shown
            from karptui.cli.ending import ended
            from karptui.settings import load_settings

            show = shown.demo if sys.argv[1:] else shown.cluster
            sys.exit(ended(lambda: show(load_settings())))
        from karptui.cli.app import run

        sys.exit(run(sys.argv[1:]))
    except KeyboardInterrupt:  # before a command could take care of it
        sys.exit(130)
