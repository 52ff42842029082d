"""Kubernetes manifests from files: YAML or JSON, several documents, lists, folders, standard input."""

import difflib
import json
import os
import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import yaml
from msgspec import Struct, field

from karptui.kube.clean import clean
from karptui.kube.decode import BY_KIND, resource_for
from karptui.kube.manifest_fields import unknown_fields

ENDINGS = (".yaml", ".yml", ".json")
LARGEST_FILE = 64 * 2**20
"""Bytes: a whole cluster's `kubectl get -o yaml` is smaller."""

STDIN = "-"
_DIVIDER = re.compile(r"^---(?:[ \t].*)?$", re.MULTILINE)
_json = json.JSONDecoder()
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

Manifest = dict[str, Any]


class Manifests(Struct):
    """What was read: (source, object) pairs, and one sentence for everything that was not as it should be.

    `problems` are things that could not be read, `warnings` mistakes within what was read (an unknown field), `notes`
    what is of no concern (kinds that karptui does not look at).
    """

    objects: list[tuple[str, Manifest]] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


NOT_MODELLED = {
    "CapacityBuffer": "capacity buffers",
    **dict.fromkeys(
        ("ResourceClaim", "ResourceClaimTemplate", "ResourceSlice", "DeviceClass"), "dynamic resource allocation"
    ),
}
"""Kinds that Karpenter can be set to look at and that decide nothing here, by what they belong to."""


def read_manifests(paths: Iterable[str]) -> Manifests:
    """Everything in these files, in folders (recursively) and, for `-`, on standard input. Raises nothing."""
    found = Manifests()
    ignored: dict[str, list[str]] = {}
    for source, text in _texts(paths, found):
        for number, document in _documents(source, text, found):
            where = source if number == 0 else f"{source}, document {number}"
            for manifest in _flattened(document, where, found):
                _sort_in(manifest, where, found, ignored)
    for kind, places in ignored.items():
        more = f" and {len(places) - 1} more" if len(places) > 1 else ""
        what = f"ignored, as karptui does not look at kind {kind}{_meant(kind)}"
        if kind in NOT_MODELLED:
            what = f"not modelled: {NOT_MODELLED[kind]} ({kind})"
        found.notes.append(f"{places[0]}{more}: {what}")
    return found


def _texts(paths: Iterable[str], found: Manifests) -> Iterator[tuple[str, str]]:
    for given in paths:
        if given == STDIN:
            yield "standard input", sys.stdin.read()
            continue
        path = Path(given)
        if path.is_dir():
            files = sorted(file for file in path.rglob("*") if file.suffix in ENDINGS and file.is_file())
            if not files:
                found.problems.append(f"{clean(given)}: no file ending in .yaml, .yml or .json in this folder.")
        else:
            files = [path]
        for file in files:
            text = _text_of(file, found)
            if text is not None:
                yield clean(str(file)), text


def _text_of(file: Path, found: Manifests) -> str | None:
    shown = clean(str(file))
    try:
        if os.stat(file).st_size > LARGEST_FILE:
            found.problems.append(f"{shown}: larger than {LARGEST_FILE // 2**20} MiB; split it.")
            return None
        return file.read_text(encoding="utf-8-sig")
    except OSError as error:
        found.problems.append(f"{shown}: {error.strerror or error}; check the path.")
    except UnicodeDecodeError:
        found.problems.append(f"{shown}: not a text file in UTF-8; a recording is played by karptui replay.")
    return None


def _documents(source: str, text: str, found: Manifests) -> Iterator[tuple[int, Any]]:
    """(number from 1, or 0 if there is only one, parsed document); one that is broken does not stop the others."""
    starts = [0, *(match.end() for match in _DIVIDER.finditer(text))]
    ends = [*(match.start() for match in _DIVIDER.finditer(text)), len(text)]
    parts = [(start, text[start:end]) for start, end in zip(starts, ends, strict=True) if _content(text[start:end])]
    for number, (start, part) in enumerate(parts, 1):
        shown = number if len(parts) > 1 else 0
        in_a_row = _json_documents(part)
        if in_a_row:
            yield from ((shown, document) for document in in_a_row)
            continue
        try:
            yield shown, yaml.load(part, Loader=_Loader)
        except (yaml.YAMLError, ValueError, RecursionError) as error:
            mark = getattr(error, "problem_mark", None)
            line = f" line {text.count(chr(10), 0, start) + mark.line + 1}" if mark is not None else ""
            why = clean(getattr(error, "problem", None) or str(error) or type(error).__name__, 200)
            document = f", document {shown}" if shown else ""
            found.problems.append(f"{source}{document}{line}: not valid YAML or JSON ({why}); correct it.")


def _json_documents(part: str) -> list[Any]:
    """JSON objects one after the other, as kubectl takes them too; [] if it is something else."""
    rest = part.strip()
    found: list[Any] = []
    try:
        while rest.startswith("{"):
            document, end = _json.raw_decode(rest)
            found.append(document)
            rest = rest[end:].lstrip()
    except (ValueError, RecursionError):
        return []
    return [] if rest else found


def _content(part: str) -> bool:
    return any(line.strip() and not line.lstrip().startswith(("#", "%")) for line in part.splitlines())


def _flattened(document: Any, where: str, found: Manifests) -> Iterator[Manifest]:
    """The objects of a document: itself, or the items of a list of any kind."""
    if document is None:
        return
    if isinstance(document, list):
        for entry in document:
            yield from _flattened(entry, where, found)
        return
    if not isinstance(document, dict):
        shown = clean(str(document), 40)
        found.problems.append(f"{where}: {shown!r} where an object with apiVersion and kind belongs; remove it.")
        return
    kind, items = str(document.get("kind") or ""), document.get("items")
    if kind.endswith("List") and (items is None or isinstance(items, list)):
        for item in items or ():
            if isinstance(item, dict) and kind != "List":
                # Items of a PodList do not say that they are pods.
                item = {"apiVersion": document.get("apiVersion"), "kind": kind.removesuffix("List"), **item}
            yield from _flattened(item, where, found)
        return
    yield document


def _sort_in(manifest: Manifest, where: str, found: Manifests, ignored: dict[str, list[str]]) -> None:
    kind, api_version = str(manifest.get("kind") or ""), str(manifest.get("apiVersion") or "")
    if not kind or not api_version:
        missing = " and ".join(name for name, value in (("apiVersion", api_version), ("kind", kind)) if not value)
        found.problems.append(f"{where}: an object without {missing}; add it.")
        return
    if resource_for(kind, api_version) is None:
        known = BY_KIND.get(kind)
        if known is not None:
            found.problems.append(
                f"{where}: {kind} with apiVersion {clean(api_version)} is not known; use {known.api_version()}."
            )
        else:
            ignored.setdefault(clean(kind), []).append(where)
        return
    metadata = manifest.get("metadata")
    name = metadata.get("name") or metadata.get("generateName") if isinstance(metadata, dict) else None
    if not name:
        found.problems.append(f"{where}: a {kind} without metadata.name; give it one.")
        return
    for path, meant in unknown_fields(manifest):
        advice = f"did you mean {meant}?" if meant else "it is ignored."
        found.warnings.append(f"{where}: {kind} {clean(str(name))} has an unknown field {clean(path)}; {advice}")
    found.objects.append((where, manifest))


def _meant(kind: str) -> str:
    close = difflib.get_close_matches(kind, list(BY_KIND), n=1, cutoff=0.8 if len(kind) > 4 else 0.6)
    return f"; did you mean {close[0]}?" if close else ""
