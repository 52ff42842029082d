"""Makes fields.json, the fields of Kubernetes' own kinds, out of the Go modules that define them.

`python -m karptui.lab.apiserver.make_fields FOLDER`, where FOLDER holds k8s.io/api@v…, k8s.io/apimachinery@v… and
k8s.io/apiextensions-apiserver@v… as `go mod download` leaves them ($(go env GOMODCACHE)/k8s.io).

A field is [number, name, type, keep]: `*T` is a list of T and `%T` a map to T, a name of "" means that the message's
fields stand in its parent, and `keep` is 1 where a zero value says something (a pointer, or a field always written).
"""

import json
import re
import sys
from pathlib import Path
from typing import Any

MODULES = {
    "api": "*/v1",
    "api/autoscaling": "v2",
    "apimachinery": "pkg/apis/meta/v1",
    "apimachinery/pkg/api": "resource",
    "apimachinery/pkg/util": "intstr",
    "apimachinery/pkg": "runtime",
    "apiextensions-apiserver": "pkg/apis/apiextensions/v1",
}
LEFT_OUT = ("admission", "imagepolicy", "apidiscovery")
OUTPUT = Path(__file__).with_name("fields.json")

_MESSAGE = re.compile(r"^message (\w+) \{(.*?)^\}", re.MULTILINE | re.DOTALL)
_FIELD = re.compile(r"^  (?:(optional|repeated) )?(map<string, [.\w]+>|[.\w]+) (\w+) = (\d+);", re.MULTILINE)
_STRUCT = re.compile(r"^type (\w+) struct \{(.*?)^\}", re.MULTILINE | re.DOTALL)
_TAGGED = re.compile(r'^\s*(?:\w+\s+)?([^\s`]+)\s*`.*?json:"([^"]*)".*?protobuf:"\w+,(\d+),', re.MULTILINE)
_GROUP = re.compile(r'GroupName = "([^"]*)"')


def read_package(folder: Path) -> tuple[dict[str, list[list[Any]]], dict[str, str]]:
    """The messages of one package by their full name, and its kinds: `apps/v1 Deployment` → the message."""
    proto = (folder / "generated.proto").read_text()
    match = re.search(r"^package (.+);", proto, re.MULTILINE)
    assert match is not None
    package = match[1]
    written = _written(folder)
    messages: dict[str, list[list[Any]]] = {}
    for name, body in _MESSAGE.findall(proto):
        fields: list[list[Any]] = []
        for label, kind, field, number in _FIELD.findall(body):
            json_name, keep = written.get((name, int(number)), (field, 0))
            fields.append([int(number), json_name, _type(kind, label, package), keep])
        messages[f"{package}.{name}"] = fields
    register = folder / "register.go"
    group = _GROUP.search(register.read_text()) if register.exists() else None
    if group is None:
        return messages, {}
    version = package.rpartition(".")[2]
    group_version = f"{group[1]}/{version}" if group[1] else version
    return messages, {f"{group_version} {name.rpartition('.')[2]}": name for name in messages}


def _written(folder: Path) -> dict[tuple[str, int], tuple[str, int]]:
    """How each field is written as JSON, by struct and number: its name, and whether zero values count."""
    found: dict[tuple[str, int], tuple[str, int]] = {}
    for source in folder.glob("*.go"):
        if source.name.endswith("_test.go") or source.name.startswith(("generated", "zz_")):
            continue
        for struct, body in _STRUCT.findall(source.read_text()):
            for kind, tag, number in _TAGGED.findall(body):
                name, *options = tag.split(",")
                keep = kind.startswith("*") or ("omitempty" not in options and "inline" not in options)
                found[(struct, int(number))] = ("" if "inline" in options else name, int(keep))
    return found


def _type(kind: str, label: str, package: str) -> str:
    if kind.startswith("map<"):
        return "%" + _full(kind.removeprefix("map<string, ").removesuffix(">"), package)
    return ("*" if label == "repeated" else "") + _full(kind, package)


def _full(kind: str, package: str) -> str:
    if kind[0].islower() and "." not in kind:
        return kind
    return kind.removeprefix(".") if "." in kind else f"{package}.{kind}"


def main(root: Path) -> None:
    """Write fields.json."""
    messages: dict[str, list[list[Any]]] = {}
    kinds: dict[str, str] = {}
    for module, pattern in MODULES.items():
        name, _, inside = module.partition("/")
        newest = max(root.glob(f"{name}@*"), key=lambda folder: [int(part) for part in re.findall(r"\d+", folder.name)])
        for folder in sorted((newest / inside).glob(pattern)):
            if (folder / "generated.proto").exists() and not any(word in str(folder) for word in LEFT_OUT):
                found, named = read_package(folder)
                messages |= found
                kinds |= named
    kinds = {kind: name for kind, name in kinds.items() if any(field[1] == "metadata" for field in messages[name])}
    kinds = {kind: name for kind, name in kinds.items() if not kind.endswith("List")} | {
        "v1 DeleteOptions": "k8s.io.apimachinery.pkg.apis.meta.v1.DeleteOptions"
    }
    needed = _reachable(set(kinds.values()), messages)
    table = {"kinds": kinds, "messages": {name: fields for name, fields in messages.items() if name in needed}}
    text = json.dumps(table, separators=(",", ":"))
    OUTPUT.write_text(text.replace("k8s.io.", "").replace("apimachinery.pkg.", "").replace("]],", "]],\n") + "\n")
    print(f"{OUTPUT}: {len(needed)} messages")


def _reachable(names: set[str], messages: dict[str, list[list[Any]]]) -> set[str]:
    found: set[str] = set()
    while names:
        name = names.pop()
        if name in messages and name not in found:
            found.add(name)
            names |= {field[2].lstrip("*%") for field in messages[name]}
    return found


if __name__ == "__main__":
    main(Path(sys.argv[1]))
