"""One pass of the disruption loop: the methods in their order, the first that has a command (spec/lifecycle.md 3.1)."""

from msgspec.structs import replace

from karptui.engine.disruption.budgets import allowances
from karptui.engine.disruption.candidates import Candidate, Situation, unconsolidatable
from karptui.engine.disruption.consolidation import Consolidation
from karptui.engine.disruption.drift import drift, static_drift
from karptui.engine.disruption.emptiness import METHOD as EMPTINESS
from karptui.engine.disruption.emptiness import emptiness
from karptui.engine.disruption.multi_node import METHOD as MULTI_NODE
from karptui.engine.disruption.multi_node import multi_node
from karptui.engine.disruption.single_node import single_node
from karptui.engine.disruption.validation import VALIDATION_SECONDS, validated
from karptui.engine.provisioning import NOT_SYNCED
from karptui.engine.provisioning.overlays import overlaid
from karptui.engine.provisioning.simulation import Simulation
from karptui.engine.provisioning.state_nodes import unlaunched_claim
from karptui.model.disruption import Command, Disruption, Held
from karptui.model.snapshot import Snapshot

NOT_MODELLED_GATES = ("CapacityBuffer",)


class Pass:
    """A pass under way. Its clock moves on when a decision waits for its validation."""

    def __init__(
        self, situation: Situation, multi_tries: int | None, single_tries: int | None, after: str, validate: bool
    ) -> None:
        self._multi_tries = multi_tries
        self._single_tries = single_tries
        self._after = after
        self._validate = validate
        self.situation = self.first = situation
        self.held: dict[str, Held] = {}
        self._consolidation: Consolidation | None = None

    def commands(self) -> list[Command]:
        """What the first method does that does anything."""
        if self._after not in (EMPTINESS, MULTI_NODE):
            command = self._validated(emptiness(self.situation, self.held))
            if command is not None:
                return [command]
        if self._after != MULTI_NODE:
            commands = static_drift(self.situation, self.held)
            if commands:
                return commands
            command = drift(self.situation, self.held)
            if command is not None:
                return [command]
            eligible = self._eligible()
            command = self._validated(multi_node(self.situation, eligible, self._ready(), self.held, self._multi_tries))
            if command is not None:
                return [command]
        eligible = self._eligible()
        command = self._validated(single_node(self.situation, eligible, self._ready(), self.held, self._single_tries))
        return [command] if command is not None else []

    def _ready(self) -> Consolidation:
        if self._consolidation is None:
            self._consolidation = Consolidation(self.situation)
        return self._consolidation

    def _eligible(self) -> list[Candidate]:
        eligible: list[Candidate] = []
        for candidate in self.situation.candidates.values():
            refusal = unconsolidatable(candidate)
            if refusal is not None:
                self.held.setdefault(candidate.name, refusal)
            elif not self.situation.only_for_emptiness(candidate):
                eligible.append(candidate)
        return eligible

    def _validated(self, command: Command | None) -> Command | None:
        """The command after its wait, which costs time even if it is then given up."""
        if command is None or not self._validate:
            return command
        simulation = self.situation.simulation
        self.situation = Situation(simulation.at(simulation.snapshot.now + VALIDATION_SECONDS), self.situation)
        self._consolidation = None
        answer = validated(self.situation, command)
        if isinstance(answer, Command):
            return answer
        self.held.update((name, replace(answer, node=name)) for name in command.nodes)
        return None


def disrupt(
    snapshot: Snapshot,
    multi_tries: int | None = None,
    single_tries: int | None = None,
    after: str = "",
    validate: bool = True,
) -> Disruption:
    """One pass over a Snapshot in which nothing changes while decisions are validated: pure, the same for equal ones.

    `multi_tries` and `single_tries` stand for Karpenter's limits of one and three minutes: how many sets of nodes, and
    how many nodes, it gets to look at in that time. Without them all are looked at. `after` "emptiness" or "multi-node"
    continues a pass in which that method's command was given up; without `validate` only the first look is taken, for
    whoever takes the second one at its own time.
    """
    return disrupt_in(Situation(Simulation(snapshot)), multi_tries, single_tries, after, validate)


def disrupt_in(
    situation: Situation,
    multi_tries: int | None = None,
    single_tries: int | None = None,
    after: str = "",
    validate: bool = True,
) -> Disruption:
    """As `disrupt`, in a situation that is known already."""
    snapshot = situation.snapshot
    if unlaunched_claim(snapshot) is not None:
        return Disruption(deferred=NOT_SYNCED, overlays=overlaid(snapshot).standing)
    running = Pass(situation, multi_tries, single_tries, after, validate)
    commands = running.commands()
    going = {name for command in commands for name in command.nodes}
    first = running.first
    held = {**first.blocked, **running.held}
    return Disruption(
        commands=tuple(commands),
        blocked=first.blocked,
        drift_only=tuple(first.drift_only()),
        held={name: held[name] for name in sorted(held) if name not in going},
        budgets=allowances(snapshot.node_pools.values(), first.fleets, snapshot.now),
        not_modelled=tuple(gate for gate in NOT_MODELLED_GATES if snapshot.options.gate(gate)),
        overlays=overlaid(snapshot).standing,
    )
