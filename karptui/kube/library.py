"""kubernetes_asyncio without its 900 generated models and API classes, which take most of a second to import.

karptui uses the library's configuration, credentials and HTTP session only. The rest of it is loaded as soon as anybody
asks for a name in it, so nobody else in the process sees a difference.
"""

import sys
from importlib import import_module
from importlib.util import find_spec, module_from_spec
from threading import Lock
from types import ModuleType
from typing import Any

_loading = Lock()


class _Postponed(ModuleType):
    """A package that is found but not run: the first name that it lacks runs it."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        object.__setattr__(self, "__class__", ModuleType)
        assert self.__spec__ is not None and self.__spec__.loader is not None
        self.__spec__.loader.exec_module(self)
        return getattr(self, name)


def load_library() -> None:
    """Import what `karptui.kube` needs of kubernetes_asyncio, unless somebody imported all of it already."""
    with _loading:  # a second thread must not find it half done
        if "kubernetes_asyncio" not in sys.modules:
            _load()


def _load() -> None:
    library = _postpone("kubernetes_asyncio")
    client = _postpone("kubernetes_asyncio.client", library)
    _postpone("kubernetes_asyncio.client.models", client)
    for part in ("exceptions", "configuration", "rest", "api_client"):
        import_module(f"kubernetes_asyncio.client.{part}")
    # What the library's own `config` takes from `client`.
    vars(client).update(Configuration=client.configuration.Configuration, ApiClient=client.api_client.ApiClient)


def _postpone(name: str, parent: ModuleType | None = None) -> ModuleType:
    spec = find_spec(name)
    assert spec is not None
    module = module_from_spec(spec)
    module.__class__ = _Postponed
    sys.modules[name] = module
    if parent is not None:
        setattr(parent, name.rpartition(".")[2], module)
    return module
