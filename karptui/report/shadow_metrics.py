"""Shadow mode's figures for Prometheus, at http://HOST:PORT/metrics. docs/shadow.md lists them."""

from collections.abc import Iterable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, start_http_server

from karptui.failure import Failure
from karptui.shadow.cases import Case
from karptui.shadow.judged import PROVISION
from karptui.shadow.score import score_of
from karptui.shadow.watch import Watch
from karptui.world.world import World

PREFIX = "karptui_shadow_"
LEADS = (0.1, 0.3, 1.0, 3.0, 10.0, 15.0, 30.0, 60.0)
"""Bounds of the histogram of how long a prediction stood before the fact, in seconds."""


class ShadowMetrics:
    """Serves until `close`. Raises Failure where the port cannot be had; port 0 takes any, which `port` then names."""

    def __init__(self, port: int) -> None:
        self.registry = CollectorRegistry()
        self._decisions = Counter(
            f"{PREFIX}decisions",
            "Decisions of Karpenter that were judged.",
            ("kind", "nodepool", "verdict"),
            registry=self.registry,
        )
        self._leads = Histogram(
            f"{PREFIX}lead_seconds",
            "How long predictions stood before the fact.",
            ("kind",),
            buckets=LEADS,
            registry=self.registry,
        )
        self._agreement = Gauge(
            f"{PREFIX}agreement_ratio",
            "Share that agrees, the journal's earlier runs included.",
            ("kind",),
            registry=self.registry,
        )
        self._pool = Gauge(
            f"{PREFIX}nodepool_agreement_ratio", "The same by NodePool.", ("nodepool",), registry=self.registry
        )
        self._unexplained = Gauge(
            f"{PREFIX}unexplained", "Disagreements without a proved cause.", registry=self.registry
        )
        self._gap = Gauge(
            f"{PREFIX}price_gap_dollars_per_hour",
            "What was launched less what was foreseen, summed.",
            registry=self.registry,
        )
        self._pending = Gauge(
            f"{PREFIX}predictions_pending",
            "Predictions that wait for the fact or their verdict.",
            ("kind",),
            registry=self.registry,
        )
        self._age = Gauge(
            f"{PREFIX}input_age_seconds", "Age of what is known of Karpenter.", ("input",), registry=self.registry
        )
        self._known = Gauge(
            f"{PREFIX}input_known",
            "1 where it is Karpenter's own, 0 where a default stands in.",
            ("input",),
            registry=self.registry,
        )
        self._blind = Gauge(f"{PREFIX}blind_spots", "Things that may not be read.", registry=self.registry)
        try:
            self._server, self._thread = start_http_server(port, registry=self.registry)
        except OSError as error:
            raise Failure(f"cannot serve metrics at port {port}: {error.strerror}; choose another port") from error
        self.port = self._server.server_port

    def take(self, cases: Iterable[Case]) -> None:
        """Verdicts that have just fallen."""
        for case in cases:
            judged = case.judged
            for pool in judged.pools or ("",):
                self._decisions.labels(judged.kind, pool, judged.verdict.value).inc()
            if judged.ahead is not None:
                self._leads.labels(judged.kind).observe(judged.ahead)

    def look(self, watch: Watch, world: World, now: float) -> None:
        """Everything that is a state and no count."""
        score = score_of(watch.cases.judged)
        for kind, tally in ((PROVISION, score.provisioning), ("disruption", score.disruption)):
            if tally.agreement is not None:
                self._agreement.labels(kind).set(tally.agreement)
        for pool, tally in score.by_pool.items():
            if tally.agreement is not None:
                self._pool.labels(pool).set(tally.agreement)
        self._unexplained.set(score.unexplained)
        self._gap.set(score.price_gap)
        claims, commands = watch.observer.awaited
        self._pending.labels(PROVISION).set(claims)
        self._pending.labels("disruption").set(commands)
        for entry in watch.inputs.all(world):
            if entry.at is not None:
                self._age.labels(entry.name).set(max(now - entry.at, 0.0))
            self._known.labels(entry.name).set(entry.known)
        self._blind.set(len(watch.inputs.banners(world)))

    def close(self) -> None:
        """Stop serving."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
