"""Reads a DEP 7 export as a stream: lenient in form, silent about nothing.

Accepted like the BMF check tool does (rksv.md section 7): the alternative name of the
certificate's key, a missing or null certificate, unknown keys, any order of keys. What RKSV-tools
would refuse comes out as a ``Remark`` of severity ``warning``, what nobody can read as ``error``.
"""

from __future__ import annotations

from binascii import a2b_base64
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO

import ijson

from bridge.fiscal.rksv import dep
from bridge.fiscal.rksv.dep import CERTIFICATE, GROUPS, ISSUERS, RECEIPTS
from bridge.fiscal.rksv.faults import DepUnreadable
from bridge.fiscal.rksv.finding import Severity

ALTERNATIVE_CERTIFICATE = "Signatur- bzw. Siegelzertifikat"

_CHUNK = 64 * 1024
_LONGEST_TOKEN = 4 * 1024 * 1024
"""Bytes without a single JSON event: no receipt is so long (at most 1000 characters)."""
_MOST_ISSUERS = 1000
_DEEPEST = 64
"""Nested containers; the DEP's own form has four."""


@dataclass(frozen=True, slots=True)
class Remark:
    """Something about the file's form."""

    severity: Severity
    text: str


@dataclass(frozen=True, slots=True)
class GroupBegin:
    """A group opens; ``index`` counts from 1."""

    index: int


@dataclass(frozen=True, slots=True)
class Receipts:
    """The next entries of the open group; ``None`` stands for an entry that is no string."""

    entries: list[str | None]


@dataclass(frozen=True, slots=True)
class GroupEnd:
    """A group closes. Certificates are DER, empty if the file has none."""

    index: int
    certificate: bytes
    issuers: tuple[bytes, ...]


Item = Remark | GroupBegin | Receipts | GroupEnd


def read_dep(stream: BinaryIO) -> Iterator[Item]:
    """Yield what a DEP holds, in file order. Raises ``DepUnreadable`` if it is not JSON."""
    document = _Document()
    events = ijson.sendable_list()
    # A DEP has no numbers; as floats, absurd ones in foreign keys are plain parse errors.
    parser = ijson.basic_parse_coro(events, use_float=True)
    silent = 0
    first = True
    try:
        while chunk := stream.read(_CHUNK):
            if first and chunk.startswith(b"\xef\xbb\xbf"):
                chunk = chunk[3:]
                yield Remark("warning", "the file begins with a byte order mark")
            first = False
            parser.send(chunk)
            silent = 0 if events else silent + len(chunk)
            if silent > _LONGEST_TOKEN:
                raise DepUnreadable("one value is longer than 4 MiB")
            yield from document.take(events)
            del events[:]
        parser.close()
        yield from document.take(events)
    except (ijson.JSONError, ValueError) as error:
        where = f"after receipt {document.count}" if document.count else "before any receipt"
        raise DepUnreadable(f"no valid JSON {where}") from error
    yield from document.end()


class _Document:
    """Follows the events through the three levels: document, group, value of a group's key."""

    def __init__(self) -> None:
        self.count = 0
        self._path: list[str] = []
        """Open containers, each by the key it stands under; array elements by an empty key."""
        self._kinds: list[str] = []
        self._key = ""
        self._group: _Group | None = None
        self._groups = 0
        self._seen = False
        self._batch: list[str | None] = []

    def take(self, events: list[tuple[str, Any]]) -> Iterator[Item]:
        """Turn one chunk's events into items."""
        in_receipts = self._in_receipts()
        for event, value in events:
            if in_receipts and event == "string":
                self._batch.append(value)
            else:
                yield from self._other(event, value)
                in_receipts = self._in_receipts()
        yield from self._flush()

    def end(self) -> Iterator[Item]:
        """Say what a complete document lacks."""
        if not self._seen:
            yield Remark("error", f"the file has no list {GROUPS!r}")

    def _in_receipts(self) -> bool:
        return self._path == ["", GROUPS, "", RECEIPTS] and self._kinds[-1] == "["

    def _flush(self) -> Iterator[Item]:
        if self._batch:
            self.count += len(self._batch)
            yield Receipts(self._batch)
            self._batch = []

    def _other(self, event: str, value: Any) -> Iterator[Item]:
        if event == "map_key":
            yield from self._named(value)
        elif event in {"start_map", "start_array"}:
            yield from self._open("{" if event == "start_map" else "[")
        elif event in {"end_map", "end_array"}:
            yield from self._close()
        else:
            yield from self._scalar(event, value)

    def _named(self, key: str) -> Iterator[Item]:
        self._key = key
        if len(self._path) == 1 and key == GROUPS:
            if self._seen:
                yield Remark("error", f"the key {GROUPS!r} appears twice")
            self._seen = True
        elif self._path == ["", GROUPS, ""] and self._group is not None:
            if key in self._group.keys:
                yield Remark("error", f"group {self._groups}: the key {key!r} appears twice")
            if key in _KNOWN:
                self._group.keys.add(key)

    def _open(self, kind: str) -> Iterator[Item]:
        if self._in_receipts():
            self._batch.append(None)
        if len(self._path) == _DEEPEST:
            raise DepUnreadable(f"lists and objects are nested more than {_DEEPEST} deep")
        place = self._key if self._kinds and self._kinds[-1] == "{" else ""
        self._path.append(place)
        self._kinds.append(kind)
        match self._path:
            case [""] if kind == "[":
                yield Remark("error", "the file is a list instead of an object")
            case ["", dep.GROUPS] if kind == "{" and self._kinds[0] == "{":
                yield Remark("error", f"{GROUPS!r} is no list")
            case ["", dep.GROUPS, ""] if kind == "{":
                self._groups += 1
                self._group = _Group()
                yield GroupBegin(self._groups)
            case ["", dep.GROUPS, ""]:
                yield Remark("error", f"an entry of {GROUPS!r} is no object")
            case ["", dep.GROUPS, "", key] if self._group is not None:
                yield from self._group_value(key, kind)

    def _group_value(self, key: str, kind: str) -> Iterator[Item]:
        if (key in {RECEIPTS, ISSUERS} and kind == "{") or key in _CERTIFICATES:
            yield Remark("error", f"group {self._groups}: {key!r} has the wrong type")

    def _close(self) -> Iterator[Item]:
        yield from self._flush()
        closing_group = self._path == ["", GROUPS, ""] and self._kinds[-1] == "{"
        self._path.pop()
        self._kinds.pop()
        if closing_group and self._group is not None:
            yield from self._group.remarks(self._groups)
            yield GroupEnd(self._groups, self._group.certificate, tuple(self._group.issuers))
            self._group = None

    def _scalar(self, event: str, value: Any) -> Iterator[Item]:
        if self._in_receipts():
            self._batch.append(value if event == "string" else None)
            return
        place = self._key if self._kinds and self._kinds[-1] == "{" else ""
        match [*self._path, place]:
            case [""]:
                yield Remark("error", "the file is a single value instead of an object")
            case ["", dep.GROUPS]:
                yield Remark("error", f"{GROUPS!r} is no list")
            case ["", dep.GROUPS, ""]:
                yield Remark("error", f"an entry of {GROUPS!r} is no object")
            case ["", dep.GROUPS, "", key] if self._group is not None and key in _KNOWN:
                yield from self._group.scalar(self._groups, key, value)
            case ["", dep.GROUPS, "", dep.ISSUERS, ""] if self._group:
                yield from self._group.issuer(self._groups, value)


_CERTIFICATES = frozenset({CERTIFICATE, ALTERNATIVE_CERTIFICATE})
_KNOWN = frozenset({RECEIPTS, ISSUERS, *_CERTIFICATES})


class _Group:
    """What one group said beside its receipts."""

    def __init__(self) -> None:
        self.keys: set[str] = set()
        self.certificate = b""
        self.issuers: list[bytes] = []

    def scalar(self, index: int, key: str, value: Any) -> Iterator[Remark]:
        """Take a value that stands directly under one of the group's keys."""
        if key in _CERTIFICATES and isinstance(value, str):
            der = _der(value)
            if der is None:
                yield Remark("error", f"group {index}: {key!r} is not base64")
            else:
                self.certificate = der
        elif key in _CERTIFICATES and value is None:
            yield Remark("warning", f"group {index}: {key!r} is null instead of a text")
        else:
            yield Remark("error", f"group {index}: {key!r} has the wrong type")

    def issuer(self, index: int, value: Any) -> Iterator[Remark]:
        """Take one entry of the list of issuers."""
        der = _der(value) if isinstance(value, str) else None
        if der is None:
            yield Remark("error", f"group {index}: an entry of {ISSUERS!r} is no certificate")
        elif len(self.issuers) < _MOST_ISSUERS:
            self.issuers.append(der)

    def remarks(self, index: int) -> Iterator[Remark]:
        """Say what the closed group lacks."""
        if RECEIPTS not in self.keys:
            yield Remark("error", f"group {index}: the list {RECEIPTS!r} is missing")
        if ALTERNATIVE_CERTIFICATE in self.keys:
            if CERTIFICATE in self.keys:
                yield Remark("error", f"group {index} has both keys for its certificate")
            text = f"uses the key {ALTERNATIVE_CERTIFICATE!r} instead of {CERTIFICATE!r}"
            yield Remark("warning", f"group {index} {text}")
        missing = {ISSUERS} - self.keys
        if not self.keys & _CERTIFICATES:
            missing.add(CERTIFICATE)
        for key in sorted(missing):
            yield Remark("warning", f"group {index}: the key {key!r} is missing")


def _der(text: str) -> bytes | None:
    try:
        return a2b_base64(text, strict_mode=True) if text else b""
    except ValueError:
        return None
