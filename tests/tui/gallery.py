"""A screen with invented figures that holds every building block: what the pilot and snapshot tests look at."""

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.screen import Screen

from karptui.tui.actions import bindings_of
from karptui.tui.app import Karptui
from karptui.tui.appearance.theme import load_themes, shipped_folder
from karptui.tui.dialogs.palette import Entry, command_entries
from karptui.tui.segments.bars import Sparkline, StageBand, UsageBar
from karptui.tui.segments.funnel import FunnelStep, funnel
from karptui.tui.segments.gantt import Stage, gantt
from karptui.tui.widgets.columns import Column, Row
from karptui.tui.widgets.key_bar import KeyBar
from karptui.tui.widgets.panel import Panel
from karptui.tui.widgets.prompt import FilterPrompt
from karptui.tui.widgets.rows import Rows
from karptui.tui.widgets.sentence import Sentence
from karptui.tui.widgets.status_head import Fact, Head, StatusHead
from karptui.tui.widgets.text_pane import TextPane

HEAD = Head(
    mode="SHADOW",
    mode_note="read-only",
    context="prod-usw2",
    versions=("k8s 1.33", "karpenter 1.14.1"),
    streams="4/5 streams: metrics lost",
    streams_short="4/5 streams",
    streams_role="warn",
    freshness="live 0.2s",
    now="12:04:31Z",
    facts=(
        Fact("PENDING 37 (oldest 1m34s)", "37 pending (1m34s)", "pending"),
        Fact("bound p50 58s p95 1m41s"),
        Fact("NODES 38 +3 coming −1 draining", "38 nodes +3 −1"),
        Fact("$9.41/h $6,871/mo", "$9.41/h $6,871/mo", "money"),
        Fact("agree 96%", "agree 96%", "ok"),
    ),
)

POOL_COLUMNS = (
    Column("POOL", 8),
    Column("NODES", 5, align="right"),
    Column("CPU", 12, weight=1),
    Column("MEM", 12, weight=1, drop=2),
    Column("LIMIT", 5, align="right", drop=3),
    Column("$/h", 5, align="right"),
    Column("BUDGET", 13),
)
POOLS = (
    Row("general", 1, ("general", "24", UsageBar(0.83), UsageBar(0.71), "41%", ("5.21", "money"), "1 of 3 used")),
    Row("batch", 1, ("batch", "9", UsageBar(0.96), UsageBar(0.58), ("88%", "warn"), ("2.14", "money"), "0 mon-fri")),
    Row("gpu", 1, ("gpu", "2", UsageBar(0.5), UsageBar(0.33), "25%", ("1.61", "money"), "1 free")),
    Row(
        "system",
        1,
        ("system", "3", UsageBar(0.38), UsageBar(0.62), ("-", "dim"), ("0.45", "money"), ("not ours", "dim")),
    ),
)

NODE_COLUMNS = (
    Column("NODE", 10, cut="middle"),
    Column("TYPE", 12),
    Column("CAP", 4),
    Column("ZN", 2),
    Column("CPU", 10, weight=2),
    Column("MEM", 10, weight=2, drop=3),
    Column("24h", 6, weight=1, drop=4),
    Column("$/h", 5, align="right"),
    Column("NOTE", 6, drop=1),
)
_NOTES = (("idle", "dim"), ("PDB", "warn"), ("DND", "warn"), ("drain", "draining"), ("", "text"))


def node_row(number: int, version: int = 1) -> Row:
    """One invented node; another version has another usage."""
    share = ((number * 37 + version * 11) % 100) / 100
    spark = Sparkline(tuple(float((number * i * 7) % 13) for i in range(12)), 0, 12)
    capacity = ("spot", "spot") if number % 3 else ("od", "on_demand")
    cells = (f"i-0{number:06x}…{number % 89:02d}", ("m7g.2xlarge", "c7g.4xlarge", "r7g.xlarge")[number % 3], capacity)
    bars = (UsageBar(share), UsageBar(1 - share), spark)
    price = (f"{0.031 * (number % 9 + 1):.3f}", "money")
    return Row(f"node-{number}", version, (*cells, f"2{'abc'[number % 3]}", *bars, price, _NOTES[number % 5]))


STAGES = (
    Stage("unschedulable seen", 0, 0.4, "event", "0/35 nodes: 35 Insufficient cpu", "pending"),
    Stage("batching", 0.4, 1.7, "own", "idle 1s, max 10s; 12 pods joined", "pending"),
    Stage("deciding", 1.7, 2.4, "own", "103 types fit, c7g.4xlarge spot chosen", "accent"),
    Stage("claim → EC2 launched", 2.4, 6.3, "claim", "CreateFleet, 60 offered, 1 launched", "launching"),
    Stage("launched → registered", 6.3, 54.5, "claim", "boot, 7s over p50", "booting", late=True),
    Stage("registered → ready", 54.5, 65.1, "node", "startup taint cilium", "starting"),
    Stage("ready → bound", 65.1, 67, "pod", "scheduler retry", "ready"),
    Stage("image pull", 67, 88.3, "event", "cold", "launching"),
    Stage("start → ready", 88.3, 94, "pod", "readiness", "ready"),
)
STEPS = (
    FunnelStep(812, "types in region"),
    FunnelStep(704, "arch arm64 amd64"),
    FunnelStep(388, "pool: c m r, gen>5"),
    FunnelStep(251, "zone 2a 2c, spot od"),
    FunnelStep(160, "fits 12.6 cpu 25.1Gi"),
    FunnelStep(131, "available (29 ICE)"),
    FunnelStep(103, "inside pool limit"),
    FunnelStep(60, "cheapest sent to CreateFleet, 1 launched", "dim", drawn=False),
)
WHY = (
    (("6 pods", "strong"), ("  payments/ledger-*", "text")),
    (("need", "dim"), ("    zone = us-west-2d", "text")),
    (("pool general", "text"), ("  zones 2a 2b 2c  ", "dim"), ("no", "bad")),
    (("     batch", "text"), ("    zones 2a 2b     ", "dim"), ("no", "bad")),
    (("     gpu", "text"), ("      taint gpu:NoSchedule  ", "dim"), ("no", "bad")),
    (("fix", "ok"), ("  add us-west-2d to general (w)", "text")),
    (("or", "ok"), ("   drop the selector: all 6 fit i-07bb…90 at no cost, for the price of one zone", "text")),
)
BANDS = tuple(
    Row(
        f"pod-{i}",
        1,
        (f"checkout-7d9f6-{i}zq2k", ("✓", "ok") if i % 2 else ("✗", "bad"), StageBand(
            ((2, "pending"), (4, "launching"), (48.0 + i, "booting"), (20.0 - i, "starting")), 3)),
    )
    for i in range(4)
)  # fmt: skip


class Gallery(Screen[None]):
    """All blocks on one screen."""

    BINDINGS = [*bindings_of("overview")]
    CSS = "Gallery #right { width: 46; } Gallery #left { width: 1fr; }"

    def compose(self) -> ComposeResult:
        """Boxes left and right."""
        yield StatusHead(HEAD)
        yield KeyBar("overview")
        yield Sentence(
            "6 pods → m7g.xlarge spot us-west-2c $0.0612/h: cheapest of 41 that fit; 2 cheaper had no capacity"
        )
        yield FilterPrompt()
        nodes = Rows(NODE_COLUMNS, id="nodes", hint="s sorts")
        pools = Rows(POOL_COLUMNS, id="pools")
        bands = Rows(
            (Column("POD", 12, cut="middle", most=12), Column("", 1), Column("one cell = 3s", 8, weight=1)), id="bands"
        )
        with Horizontal():
            with Vertical(id="left"):
                yield Panel("Pools", pools)
                yield Panel(
                    "Pod shop/checkout-7d9f6-8zq2k", TextPane(lambda width: gantt(STAGES, width, 94), id="gantt")
                )
                yield Panel("Nodes", nodes, note="sort: cost of what could go")
            with Vertical(id="right"):
                yield Panel("Why", TextPane(WHY, indent=5, id="why"))
                yield Panel("Requirement funnel", TextPane(lambda width: funnel(STEPS, width), id="funnel"))
                yield Panel("Its batch", bands)

    def on_mount(self) -> None:
        """Fill the lists."""
        self.query_one("#pools", Rows).set_rows(POOLS)
        self.query_one("#bands", Rows).set_rows(BANDS)
        nodes = self.query_one("#nodes", Rows)
        nodes.set_rows([node_row(i) for i in range(38)])
        nodes.set_sort(7, reverse=True)
        nodes.focus()

    def action_open_palette(self) -> None:
        """The palette with a few questions."""
        app = self.app
        assert isinstance(app, Karptui)
        questions = [
            Entry("question", "Why was shop/checkout-7d9f6-8zq2k pending 67s?", "show_timeline", "t timeline"),
            Entry("question", "Why c7g.4xlarge and not c6g.4xlarge?", "show_why", "⏎ D-00417"),
            Entry("object", "pod shop/checkout-7d9f6-8zq2k", "go_to_object", "pod", ("shop/checkout-7d9f6-8zq2k",)),
        ]
        app.ask(lambda: [*questions, *command_entries("overview")])

    def action_open_filter(self) -> None:
        """The prompt."""
        self.query_one(FilterPrompt).open()

    def action_open_help(self) -> None:
        """The overlay."""
        app = self.app
        assert isinstance(app, Karptui)
        app.help.about("overview", "Overview")
        app.push_screen("help")


class GalleryApp(Karptui):
    """The gallery with the shipped themes only, so that a developer's own do not change the pictures."""

    def __init__(self, *, theme: str = "dark", ascii_only: bool = False) -> None:
        super().__init__(load_themes([shipped_folder()]), theme=theme, ascii_only=ascii_only)

    def on_mount(self) -> None:
        """Show the one screen."""
        self.push_screen(Gallery())
