"""MIME archives of user data: cloud-init's way to give an instance several documents at once."""

import re
from collections.abc import Iterable
from email.message import Message

from msgspec import Struct

BOUNDARY = "//"
SHELL = 'text/x-shellscript; charset="us-ascii"'

_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")


class BadArchive(ValueError):
    """The text starts like an archive and is none; the message is one sentence."""


class MimePart(Struct, frozen=True):
    """One document: its headers, names as MIME writes them, and its text as it stands."""

    headers: tuple[tuple[str, str], ...]
    text: str

    @property
    def content_type(self) -> str:
        """Content-Type, "" where there is none."""
        return dict(self.headers).get("Content-Type", "")


def part_of(kind: str, text: str) -> MimePart:
    """A document of one content type."""
    return MimePart((("Content-Type", kind),), text)


def is_archive(text: str) -> bool:
    """Whether text claims to be an archive; blanks before it are passed over here, though no archive may have them."""
    return text.strip().startswith(("MIME-Version:", "Content-Type:"))


def archive(parts: Iterable[MimePart]) -> str:
    """The documents as one text."""
    body = ""
    for part in parts:
        headers = "".join(f"{name}: {value}\n" for name, value in sorted(part.headers))
        body += f"{chr(10) if body else ''}--{BOUNDARY}\n{headers}\n{part.text}"
    head = f'MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary="{BOUNDARY}"\n\n'
    return f"{head}{body}\n--{BOUNDARY}--\n".replace("\r", "")


def parts_of(text: str) -> list[MimePart]:
    """The documents of an archive. Raises BadArchive."""
    headers, body = _headers(text.replace("\r\n", "\n"))
    declared = Message()
    declared["Content-Type"] = dict(headers).get("Content-Type", "")
    if not declared["Content-Type"] or declared.get_content_maintype() != "multipart":
        raise BadArchive("it has no multipart Content-Type")
    boundary = declared.get_boundary("")
    if not boundary:
        raise BadArchive("its Content-Type names no boundary")
    return [MimePart(*_headers(section)) for section in _sections(body, boundary)]


def _sections(body: str, boundary: str) -> list[str]:
    found: list[str] = []
    # What stands before the first boundary is for readers that know no MIME.
    lines: list[str] | None = None
    for line in body.split("\n"):
        mark = line.rstrip(" \t")
        if mark in (f"--{boundary}", f"--{boundary}--"):
            if lines is not None:
                found.append("\n".join(lines))
            if mark.endswith("--") and mark != f"--{boundary}":
                return found
            lines = []
        elif lines is not None:
            lines.append(line)
    if lines is None:
        return []  # to Karpenter, and to Go, an archive of no parts
    raise BadArchive(f"the closing line --{boundary}-- is missing")


def _headers(text: str) -> tuple[tuple[tuple[str, str], ...], str]:
    found: dict[str, str] = {}
    name = ""
    head, _, body = text.partition("\n\n") if not text.startswith("\n") else ("", "", text[1:])
    if head[:1] in (" ", "\t"):
        raise BadArchive("its first line starts with a blank")
    for line in head.split("\n") if head else ():
        if line[:1] in (" ", "\t"):
            found[name] += " " + line.strip()
            continue
        key, colon, value = line.partition(":")
        if not colon or not _NAME.fullmatch(key):
            raise BadArchive("a header line has no name and colon")
        name = "-".join(word.capitalize() for word in key.split("-")).replace("Mime-", "Mime-")
        found.setdefault(name, value.strip())
    return tuple(found.items()), body
