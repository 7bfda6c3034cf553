"""Unique Belegnummern in flat memory (DEP_UNIQUE_RECEIPT_ID).

Consecutive numbers are a run of two integers. Arbitrary numbers, once there are many, become
digests in a temporary file, sorted into buckets that are looked at one after another.
"""

from __future__ import annotations

import tempfile
from bisect import insort
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import IO, Self

MOST_RUNS = 10_000
"""Runs kept in memory; beyond it they are spilled as digests."""

_DIGEST_BYTES = 12
"""96 bits: among ten million numbers a false alarm has a chance of 10^-15."""
_PLACE_BYTES = 6
_RECORD_BYTES = _DIGEST_BYTES + _PLACE_BYTES
_BUCKETS = 256
_BUFFER_BYTES = _RECORD_BYTES * 256


@dataclass(frozen=True, slots=True)
class Run:
    """``count`` Belegnummern: ``prefix`` and a decimal from ``first`` on without leading zeros.

    ``first`` is ``None`` for a single number that does not end in a decimal.
    """

    prefix: str
    first: int | None
    count: int


@dataclass(frozen=True, slots=True)
class Duplicate:
    """A Belegnummer borne by two receipts, by their places: ``earlier`` is the first that bears it.
    ``number`` if it is still known."""

    earlier: int
    later: int
    number: str | None


def split(number: str) -> tuple[str, int | None]:
    """Split off the decimal at the end, its leading zeros left to the prefix."""
    digits = len(number) - len(number.rstrip("0123456789"))
    if not digits:
        return number, None
    tail = number[-digits:]
    significant = tail.lstrip("0") or "0"
    return number[: len(number) - len(significant)], int(significant)


def runs_of(numbers: Iterable[bytes]) -> tuple[Run, ...]:
    """Return consecutive numbers as runs, in order."""
    texts = [number.decode() for number in numbers]
    prefix, first = split(texts[0])
    if first is not None and texts == [
        f"{prefix}{value}" for value in range(first, first + len(texts))
    ]:
        return (Run(prefix, first, len(texts)),)
    runs: list[Run] = []
    for text in texts:
        prefix, first = split(text)
        before = runs[-1] if runs else None
        if before is not None and _continues(before, prefix, first):
            runs[-1] = Run(prefix, before.first, before.count + 1)
        else:
            runs.append(Run(prefix, first, 1))
    return tuple(runs)


def _continues(run: Run, prefix: str, first: int | None) -> bool:
    return first is not None and run.prefix == prefix and run.first == first - run.count


class UniqueNumbers:
    """Takes all Belegnummern of a DEP, then yields those that appear twice."""

    def __init__(self, scratch: Path | None = None) -> None:
        """``scratch`` is the directory for the temporary file; the system's own by default."""
        self._scratch = scratch
        self._runs: list[tuple[int, Run]] = []
        self._spill: _Spill | None = None

    def add(self, place: int, run: Run) -> None:
        """Take a run whose first number is borne by the receipt at ``place``."""
        if self._runs:
            begin, last = self._runs[-1]
            follows = begin + last.count == place
            if follows and _continues(last, run.prefix, run.first):
                self._runs[-1] = begin, Run(last.prefix, last.first, last.count + run.count)
                return
        self._runs.append((place, run))
        if len(self._runs) > MOST_RUNS:
            self._spill_runs()

    def duplicates(self) -> Iterator[Duplicate]:
        """Yield every number that appears again, in no particular order, and forget all."""
        if self._spill is None:
            yield from self._overlaps()
            return
        self._spill_runs()
        with self._spill as spill:
            yield from spill.duplicates()

    def close(self) -> None:
        """Remove the temporary file, if there is one."""
        if self._spill is not None:
            self._spill.close()

    def _spill_runs(self) -> None:
        if self._spill is None:
            self._spill = _Spill(self._scratch)
        for begin, run in self._runs:
            for offset in range(run.count):
                self._spill.add(_text(run, offset), begin + offset)
        self._runs.clear()

    def _overlaps(self) -> Iterator[Duplicate]:
        words: dict[str, int] = {}
        edges: dict[str, list[tuple[int, bool, int]]] = {}
        for begin, run in self._runs:
            if run.first is None:
                earlier = words.setdefault(run.prefix, begin)
                if earlier != begin:
                    yield Duplicate(earlier, begin, run.prefix)
            else:
                # In one run, place minus value is the same for all numbers.
                lead = begin - run.first
                edges.setdefault(run.prefix, []).extend(
                    ((run.first, True, lead), (run.first + run.count, False, lead))
                )
        for prefix, found in edges.items():
            yield from _borne_twice(prefix, sorted(found))


def _borne_twice(prefix: str, edges: list[tuple[int, bool, int]]) -> Iterator[Duplicate]:
    """Sweep over the edges (value, whether a run begins, lead) of runs with one prefix."""
    leads: list[int] = []
    since = 0
    for value, begins, lead in edges:
        for shared in range(since, value) if len(leads) > 1 else ():
            for later in leads[1:]:
                yield Duplicate(leads[0] + shared, later + shared, f"{prefix}{shared}")
        since = value
        if begins:
            insort(leads, lead)
        else:
            leads.remove(lead)


def _text(run: Run, offset: int) -> str:
    return run.prefix if run.first is None else f"{run.prefix}{run.first + offset}"


class _Spill:
    """Digests and places in one file, chunk by chunk; each bucket knows its chunks."""

    def __init__(self, scratch: Path | None) -> None:
        self._file: IO[bytes] = tempfile.TemporaryFile(dir=scratch)  # noqa: SIM115  closed by close()
        self._buffers = [bytearray() for _ in range(_BUCKETS)]
        self._chunks: list[list[int]] = [[] for _ in range(_BUCKETS)]
        self._end = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._file.close()

    def add(self, number: str, place: int) -> None:
        digest = blake2b(number.encode(), digest_size=_DIGEST_BYTES).digest()
        buffer = self._buffers[digest[0]]
        buffer += digest + place.to_bytes(_PLACE_BYTES, "big")
        if len(buffer) == _BUFFER_BYTES:
            self._file.write(buffer)
            self._chunks[digest[0]].append(self._end)
            self._end += _BUFFER_BYTES
            buffer.clear()

    def duplicates(self) -> Iterator[Duplicate]:
        for bucket in range(_BUCKETS):
            seen: dict[bytes, int] = {}
            for record in self._records(bucket):
                place = int.from_bytes(record[_DIGEST_BYTES:], "big")
                earlier = seen.setdefault(record[:_DIGEST_BYTES], place)
                if earlier != place:
                    yield Duplicate(min(earlier, place), max(earlier, place), None)

    def _records(self, bucket: int) -> Iterator[bytes]:
        for start in self._chunks[bucket]:
            self._file.seek(start)
            yield from _cut(self._file.read(_BUFFER_BYTES))
        yield from _cut(self._buffers[bucket])


def _cut(data: bytes | bytearray) -> Iterator[bytes]:
    for start in range(0, len(data), _RECORD_BYTES):
        yield bytes(data[start : start + _RECORD_BYTES])
