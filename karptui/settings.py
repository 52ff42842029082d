"""Settings: flags before environment (KARPTUI_*) before the config file, with one sentence for each fault in it."""

import os
import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal, get_type_hints

import msgspec
from msgspec import Meta, Struct

from karptui.failure import Failure
from karptui.model.commitment import DEAREST, Commitment

ENVIRONMENT_PREFIX = "KARPTUI_"


class Settings(Struct, frozen=True, kw_only=True):
    """Everything a person can set once instead of on every command line."""

    theme: str = "dark"
    """Name of a theme: shipped, or a file in the `themes` folder beside the config file."""
    ascii: bool = False
    """Draw with ASCII only, for serial lines and bad fonts."""
    extra_labels: str = ""
    """Labels, with commas between them, that get a column of their own in the lists of nodes and pods."""
    contexts: str = ""
    """Contexts of the kubeconfig, with commas between them, that are watched side by side on the Overview."""
    keys: dict[str, str | list[str]] = {}
    """Your own keys by action (docs/keys.md has their names): `show_why = ["enter", "i"]`, `open_filter = "f3"`."""
    region: str = "us-east-1"
    """Region whose prices are used where the cluster does not say."""
    preference_policy: Literal["Respect", "Ignore"] = "Respect"
    """Karpenter's own setting of this name, as your cluster has it."""
    min_values_policy: Literal["Strict", "BestEffort"] = "Strict"
    """Karpenter's own setting of this name."""
    batch_idle_duration: float = 1.0
    """Seconds without a new pod after which a batch closes."""
    batch_max_duration: float = 10.0
    """Seconds after which a batch closes in any case."""
    prices: dict[str, Annotated[float, Meta(gt=0, le=DEAREST)]] = {}
    """Your own prices for active mode, USD an hour: `"m7i.large" = 0.08` on demand, `"m7i.large/spot" = 0.03`."""
    commitments: tuple[Commitment, ...] = ()
    """What you pay for in advance, as tables: reserved instances, savings plans, capacity reservations and blocks."""
    keep_costs: bool = True
    """Keep what a cluster costs, a point a minute for thirty days, in your state folder; `false` keeps nothing."""
    feature_gates: dict[str, bool] = {}
    """Karpenter's feature gates, as your cluster has them: a table, or text such as `StaticCapacity=true`."""

    @property
    def label_names(self) -> tuple[str, ...]:
        """The labels of `extra_labels`."""
        return _listed(self.extra_labels)

    @property
    def context_names(self) -> tuple[str, ...]:
        """The contexts of `contexts`."""
        return _listed(self.contexts)

    @property
    def keymap(self) -> dict[str, tuple[str, ...]]:
        """The keys of `keys`."""
        return {name: (keys,) if isinstance(keys, str) else tuple(keys) for name, keys in self.keys.items()}


def _listed(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(",") if name.strip())


def _gates(text: str) -> dict[str, str]:
    pairs = [entry.partition("=") for entry in text.split(",") if entry.strip()]
    return {name.strip(): value.strip() for name, _, value in pairs}


def config_folder() -> Path:
    """Where the config file and a user's themes are."""
    import platformdirs

    return Path(os.environ.get("KARPTUI_CONFIG_DIR") or platformdirs.user_config_dir("karptui"))


def costs_folder(settings: Settings) -> Path | None:
    """Where costs are kept between runs; None for nowhere."""
    if not settings.keep_costs:
        return None
    import platformdirs

    return platformdirs.user_state_path("karptui") / "costs"


def load_settings(**flags: Any) -> Settings:
    """Settings with `flags` that are not None on top. Raises Failure naming the source and the field at fault."""
    file = config_folder() / "config.toml"
    given: dict[str, Any] = {}
    sources: dict[str, str] = {}
    if file.is_file():
        try:
            given = tomllib.loads(file.read_text())
        except (OSError, tomllib.TOMLDecodeError) as error:
            raise Failure(f"cannot read {file}: {error}; mend or remove it") from error
        sources = dict.fromkeys(given, str(file))
    for name in Settings.__struct_fields__:
        if (value := os.environ.get(ENVIRONMENT_PREFIX + name.upper())) is not None:
            given[name] = value
            sources[name] = f"the environment variable {ENVIRONMENT_PREFIX}{name.upper()}"
    for name, value in flags.items():
        if value is not None:
            given[name] = value
            sources[name] = f"--{name.replace('_', '-')}"
    types, checked = get_type_hints(Settings, include_extras=True), dict[str, Any]()
    for name, value in given.items():
        if name not in types:
            known = ", ".join(types)
            raise Failure(f"{sources[name]}: {name}: there is no setting {name!r} (there are {known})")
        if name == "feature_gates" and isinstance(value, str):
            value = _gates(value)
        try:
            # Not strict: what comes from the environment is text.
            checked[name] = msgspec.convert(value, types[name], strict=False)
        except msgspec.ValidationError as error:
            problem = str(error).replace("`", "").replace("Expected", "expected")
            raise Failure(f"{sources[name]}: {name}: {problem}") from error
    return Settings(**checked)
