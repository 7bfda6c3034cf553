"""The fast path: proves that a block of receipts has no finding, and sums it up.

A summary merges with the state before the block without looking at the receipts again, so blocks
may be checked in any order and in any process (rksv.md section 11 says what is checked). Whatever
is not plainly right makes ``summarise`` return ``None``: the caller then walks through the block
with ``sequence``, which names receipt and rule.
"""

from __future__ import annotations

import re
from binascii import a2b_base64, b2a_base64
from collections.abc import Sequence as Row
from dataclasses import dataclass, replace
from functools import lru_cache
from hashlib import sha256
from itertools import groupby

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256

from bridge.fiscal.rksv.counter import STORNO, TRAINING
from bridge.fiscal.rksv.jws import HEADER, OUTAGE_SIGNATURE, der_signature
from bridge.fiscal.rksv.verify import tools as form
from bridge.fiscal.rksv.verify.numbers import Run, runs_of
from bridge.fiscal.rksv.verify.receipt import decode_base64, is_calendar_day
from bridge.fiscal.rksv.verify.sequence import OTHER, OUTAGE, SAMMELBELEG, TOO_LATE, State
from bridge.fiscal.rksv.verify.tools import Settings, Tools, tools_for

_AMOUNT = f"({form.AMOUNT})"
_PAYLOAD = re.compile(
    rf"^_({form.KNOWN_SUITE})_([^_\n]+)_([!-^`-~]+)_({form.TIME})"
    rf"_{_AMOUNT}_{_AMOUNT}_{_AMOUNT}_{_AMOUNT}_{_AMOUNT}"
    r"_([A-Za-z0-9+/=]+)_([^_\n]+)_([A-Za-z0-9+/]{11}=)$".encode(),
    re.MULTILINE,
)
"""All payloads of a block at once. A Belegnummer of other characters than visible ASCII takes the
slow path."""

_LONGEST_PAYLOAD = form.LONGEST - 1 - 88  # 88 characters of base64 signature

_DOT = b"."
_BASE64URL = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
_TO_STANDARD = bytes.maketrans(b"-_", b"+/")
_TO_URL = bytes.maketrans(b"+/", b"-_")
_HEADER = HEADER.encode()
_OUTAGE = OUTAGE_SIGNATURE.encode()
_OUTAGE_END = _DOT + _OUTAGE
_SIGNATURE_LENGTH = 86
_PADDING = (b"", b"", b"==", b"=")
_LAST = (_BASE64URL, b"", b"AQgw", b"AEIMQUYcgkosw048")
"""The last character of base64 of length 4n + i: its surplus bits are zero."""

_FIXED = {TRAINING.encode(), STORNO.encode()}
_TRAINING = TRAINING.encode()
_MINUS_ZERO = b"-0,00"
_UNSIGNED_NULL = b"?"
_LETTER = {
    (False, False): OTHER,
    (False, True): SAMMELBELEG,
    (True, False): OUTAGE,
    (True, True): _UNSIGNED_NULL,
}
"""By: without signature, Nullbeleg."""

_ES256 = ec.ECDSA(SHA256())


@dataclass(frozen=True, slots=True)
class Block:
    """Consecutive receipts: their JWS in ASCII, one per line, after the JWS ``previous``."""

    previous: bytes
    lines: bytes


@dataclass(frozen=True, slots=True)
class Summary:
    """What a faultless block leaves behind.

    ``head_sum`` is the sum of amounts up to and including the first encrypted counter, whose
    value is ``first_counter``; ``last_counter`` the value of the last one; ``tail_sum`` the sum
    after it. Without any encrypted counter both values are ``None`` and all is in ``head_sum``.
    ``head`` and ``tail`` are the outage letters of the first and the last two receipts.
    ``serials`` are runs of equal fields 11; ``numbers`` runs of consecutive Belegnummern.
    """

    receipts: int
    last: str
    kassen_id: str
    closed_system: bool
    first_time: str
    last_time: str
    head_sum: int
    first_counter: int | None
    last_counter: int | None
    tail_sum: int
    head: bytes
    tail: bytes
    serials: tuple[tuple[str, int], ...]
    numbers: tuple[Run, ...]


def merge(state: State, summary: Summary) -> State | None:
    """Return the state after a block; ``None`` if the block does not follow on the state."""
    counter = None if state.counter is None else state.counter + summary.head_sum
    if summary.first_counter is not None and summary.last_counter is not None:
        if counter is not None and counter != summary.first_counter:
            return None
        counter = summary.last_counter + summary.tail_sum
    if (
        state.previous is None
        or summary.kassen_id != state.kassen_id
        or summary.closed_system != state.closed_system
        or summary.first_time < state.time
        or TOO_LATE in state.recent + summary.head
    ):
        return None
    return replace(
        state,
        receipts=state.receipts + summary.receipts,
        previous=summary.last,
        counter=counter,
        time=summary.last_time,
        recent=(state.recent + summary.tail)[-2:],
    )


def summarise(settings: Settings, block: Block) -> Summary | None:
    """Check a block; ``None`` unless every receipt in it is plainly right."""
    tools = tools_for(settings)
    lines = block.lines.split(b"\n")
    payloads = _payloads(block.lines, lines)
    if payloads is None:
        return None
    joined = b"\n".join(payloads)
    rows = _PAYLOAD.findall(joined)
    if len(rows) != len(lines) or joined.count(b"\n") != len(lines) - 1:
        return None
    suites, kassen_ids, numbers, times, *amounts, counters, serials, chains = zip(
        *rows, strict=True
    )
    kassen_id = _the_only(kassen_ids)
    if kassen_id is None or kassen_id != kassen_id.strip(b" "):
        return None
    if not _chained(block.previous, lines, chains) or not _in_time(times, tools):
        return None
    closed = suites[0].endswith(form.CLOSED_SUITE_END.encode())
    if any(suite.endswith(form.CLOSED_SUITE_END.encode()) != closed for suite in set(suites)):
        return None
    sums = _sums(amounts)
    if sums is None:
        return None
    letters = _letters(lines, amounts, counters)
    if letters is None or TOO_LATE in letters:
        return None
    turnover = _turnover(tools, kassen_id, numbers, counters, sums)
    if turnover is None:
        return None
    if not _signed(tools, lines, serials, closed=closed):
        return None
    head_sum, first_counter, last_counter, tail_sum = turnover
    return Summary(
        len(lines),
        lines[-1].decode(),
        kassen_id.decode(),
        closed,
        times[0].decode(),
        times[-1].decode(),
        head_sum,
        first_counter,
        last_counter,
        tail_sum,
        letters[:2],
        letters[-2:],
        tuple((serial.decode(), len([*same])) for serial, same in groupby(serials)),
        runs_of(numbers),
    )


def _payloads(text: bytes, lines: list[bytes]) -> list[bytes] | None:
    """Decode the payloads; ``None`` unless all lines are JWS of exactly the right form."""
    if text.translate(None, _BASE64URL) != b"..\n" * (len(lines) - 1) + b"..":
        return None
    payloads = []
    for line in text.translate(_TO_STANDARD).split(b"\n"):
        header, payload, _ = line.split(_DOT)
        surplus = len(payload) & 3
        if header != _HEADER or payload[-1:].translate(_TO_URL) not in _LAST[surplus]:
            return None
        payloads.append(a2b_base64(payload + _PADDING[surplus]))
    if max(map(len, payloads)) > _LONGEST_PAYLOAD:
        return None
    return payloads


def _the_only(values: Row[bytes]) -> bytes | None:
    distinct = set(values)
    if len(distinct) != 1:
        return None
    value = distinct.pop()
    try:
        value.decode()
    except UnicodeDecodeError:
        return None
    return value


def _chained(previous: bytes, lines: list[bytes], chains: Row[bytes]) -> bool:
    expected = [
        b2a_base64(sha256(line).digest()[: form.CHAIN_BYTES], newline=False)
        for line in (previous, *lines[:-1])
    ]
    return expected == [*chains]


@lru_cache(maxsize=1024)
def _is_day(day: bytes) -> bool:
    return is_calendar_day(day.decode())


def _in_time(times: Row[bytes], tools: Tools) -> bool:
    return (
        [*times] == sorted(times)
        and times[0] >= form.EARLIEST.encode()
        and (tools.latest is None or times[-1] <= tools.latest.encode())
        and all(_is_day(day) for day in {time[:10] for time in times})
    )


class _Cents(dict[bytes, int]):
    """Amounts already read; bounded by living for one block."""

    def __missing__(self, amount: bytes) -> int:
        cents = self[amount] = int(amount.replace(b",", b""))
        return cents


def _sums(amounts: Row[Row[bytes]]) -> list[int] | None:
    cents = _Cents()
    read = cents.__getitem__
    columns = [[*map(read, column)] for column in amounts]
    if _MINUS_ZERO in cents:
        return None
    return [*map(sum, zip(*columns, strict=True))]


def _letters(lines: list[bytes], amounts: Row[Row[bytes]], counters: Row[bytes]) -> bytes | None:
    """Return the outage letters; ``None`` if a Nullbeleg is unsigned, which deserves a word."""
    nothing = (b"0,00",) * len(amounts)
    null = [
        row == nothing and counter not in _FIXED
        for row, counter in zip(zip(*amounts, strict=True), counters, strict=True)
    ]
    out = [line.endswith(_OUTAGE_END) for line in lines]
    pairs = zip(out, null, strict=True)
    letters = b"".join([_LETTER[pair] for pair in pairs])
    return None if _UNSIGNED_NULL in letters else letters


def _turnover(
    tools: Tools, kassen_id: bytes, numbers: Row[bytes], counters: Row[bytes], sums: list[int]
) -> tuple[int, int | None, int | None, int] | None:
    """Return head sum, first counter, last counter, tail sum; ``None`` if one is wrong."""
    counter_blocks = [sha256(kassen_id + number).digest()[:16] for number in numbers]
    streams = tools.key_streams.update(b"".join(counter_blocks))
    head_sum = 0
    first: int | None = None
    last: int | None = None
    total = 0
    for index, (counter, amount) in enumerate(zip(counters, sums, strict=True)):
        if counter in _FIXED:
            if counter != _TRAINING:
                total += amount
            continue
        total += amount
        size = 3 * len(counter) // 4 - counter.count(b"=")
        if size not in form.COUNTER_BYTES:
            return None
        stream = int.from_bytes(streams[16 * index : 16 * index + size], "big")
        if first is None:
            head_sum = total
            found = _decrypt(counter, stream, size)
            if found is None:
                return None
            first = total = found
        else:
            plain = total & ((1 << 8 * size) - 1)
            expected = (stream ^ plain).to_bytes(size, "big")
            if b2a_base64(expected, newline=False) != counter or total.bit_length() >= 8 * size:
                return None
        last = total
    if first is None:
        return total, None, None, 0
    assert last is not None
    return head_sum, first, last, total - last


def _decrypt(counter: bytes, stream: int, size: int) -> int | None:
    data = decode_base64(counter.decode())
    if data is None or len(data) != size:
        return None
    plain = int.from_bytes(data, "big") ^ stream
    return int.from_bytes(plain.to_bytes(size, "big"), "big", signed=True)


def _signed(tools: Tools, lines: list[bytes], serials: Row[bytes], *, closed: bool) -> bool:
    pattern = form.CLOSED_SERIAL if closed else form.HEX_SERIAL
    keys = {}
    for serial in set(serials):
        try:
            name = serial.decode()
        except UnicodeDecodeError:
            return False
        key = tools.public_keys.get(name)
        if key is None or not re.fullmatch(pattern, name):
            return False
        keys[serial] = key.verify
    last = _LAST[_SIGNATURE_LENGTH & 3]
    try:
        for line, serial in zip(lines, serials, strict=True):
            signing_input, _, signature = line.rpartition(_DOT)
            if signature == _OUTAGE:
                continue
            if len(signature) != _SIGNATURE_LENGTH or signature[-1] not in last:
                return False
            raw = a2b_base64(signature.translate(_TO_STANDARD) + b"==")
            keys[serial](der_signature(raw), signing_input, _ES256)
    except InvalidSignature:
        return False
    return True
