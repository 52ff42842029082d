"""What a shadow knows of the Karpenter beside it, from where, and since when; and what it may not know."""

from msgspec import Struct

from karptui.model.snapshot import Options
from karptui.world import events
from karptui.world.world import World

VERSION, SETTINGS, PRICES, AVAILABILITY = "version", "settings", "prices", "availability"


class Input(Struct, frozen=True, gc=False):
    """One input: what is taken for true, who says so, and when they said it (epoch seconds, None: it has no age).

    Not `known`: a default stands in for it.
    """

    name: str
    text: str
    source: str
    at: float | None = None
    known: bool = True


class Inputs:
    """The inputs of one shadow by name; `blind` are sentences by what could not be read."""

    def __init__(self) -> None:
        self.blind: dict[str, str] = {}
        self._told: dict[str, Input] = {}

    def tell(self, name: str, text: str, source: str, at: float | None = None) -> None:
        """Somebody said this."""
        self._told[name] = Input(name, text, source, at)

    def all(self, world: World) -> list[Input]:
        """Version, settings, prices and availability, in this order."""
        options, catalogue = world.options, world.catalogue
        version = self._told.get(VERSION)
        connected = world.connected.karpenter_version if world.connected is not None else ""
        if version is None and connected:
            version = Input(VERSION, connected.removeprefix("v"), "the connection")
        found = [
            version or Input(VERSION, options.karpenter_version, "taken for the newest that is known", known=False),
            self._told.get(SETTINGS)
            or Input(SETTINGS, settings_text(options), "taken for Karpenter's defaults", known=False),
        ]
        prices = f"{len(catalogue.types):,} types"
        # "shipped table" and "built in" have an age only where somebody dated them.
        source = catalogue.source or "nobody"
        found.append(Input(PRICES, prices, source, catalogue.priced or None, bool(catalogue.types)))
        found.append(
            self._told.get(AVAILABILITY)
            or Input(AVAILABILITY, "every offering", "taken for available: no metrics", known=False)
        )
        return found

    def banners(self, world: World) -> list[str]:
        """What may not be read, a sentence each."""
        hidden = [
            f"{resource} may not be read ({stream.message or 'forbidden'}): what depends on them is not foreseen"
            for resource, stream in sorted(world.streams.items())
            if stream.state is events.StreamState.FORBIDDEN
        ]
        return [*self.blind.values(), *hidden]


def settings_text(options: Options) -> str:
    """Settings that are not Karpenter's defaults, or that there are none."""
    defaults, parts = Options(), list[str]()
    if (options.batch_idle_duration, options.batch_max_duration) != (
        defaults.batch_idle_duration,
        defaults.batch_max_duration,
    ):
        parts.append(f"batch {options.batch_idle_duration:g}s to {options.batch_max_duration:g}s")
    if options.preference_policy != defaults.preference_policy:
        parts.append(f"preferences {options.preference_policy}")
    if options.min_values_policy != defaults.min_values_policy:
        parts.append(f"minValues {options.min_values_policy}")
    parts += [
        f"{name} {'on' if on else 'off'}"
        for name, on in sorted(options.feature_gates.items())
        if on != defaults.gate(name)
    ]
    return ", ".join(parts) or "Karpenter's defaults"
