"""The checks of receipts in their order: 14 to 20 of the reference verifier, one by one.

This is the reference of the verification: it alone words findings. The fast path (``block``) only
proves that a block has none, and hands every other block to this one.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from bridge.fiscal.rksv.code import format_amount
from bridge.fiscal.rksv.finding import Findings, Severity
from bridge.fiscal.rksv.jws import chain_value, is_outage
from bridge.fiscal.rksv.verify.receipt import Fields, Kind, inspect, shown, take_apart
from bridge.fiscal.rksv.verify.tools import Tools

OUTAGE, SAMMELBELEG, OTHER, UNREADABLE = b"o", b"s", b"n", b"x"
"""A receipt's part in an outage, one letter each: no signature, signed Nullbeleg, any other."""

TOO_LATE = b"onn"
"""After the last outage receipt the Sammelbeleg must be the first or the second receipt."""


@dataclass(frozen=True, slots=True)
class State:
    """What the receipts so far leave behind for the next one.

    ``counter`` is the turnover counter in cents, ``None`` after a receipt that could not be read;
    ``time`` is field 4 of the last receipt; ``recent`` the outage letters of the last two.
    """

    receipts: int = 0
    previous: str | None = None
    kassen_id: str | None = None
    closed_system: bool | None = None
    counter: int | None = 0
    time: str = ""
    recent: bytes = b""


@dataclass(frozen=True, slots=True)
class Seen:
    """What whole-file checks need of one entry; empty where it could not be read."""

    serial: str = ""
    number: str = ""


class Sequence:
    """Takes receipts one after another; notes findings; keeps the state."""

    def __init__(self, tools: Tools, state: State, findings: Findings) -> None:
        self.state = state
        self._tools = tools
        self._findings = findings
        self._number: str | None = None

    def take(self, entry: str | None) -> Seen:
        """Check the next entry of the DEP; ``None`` is an entry that is no string."""
        self.state = replace(self.state, receipts=self.state.receipts + 1)
        self._number = None
        if entry is None:
            self._error("DEP_JSON_FORMAT", "this entry is no string")
            return Seen()
        # Findings of the single receipt are noted before its number is known: hold them back.
        held: list[tuple[str, str, Severity]] = []
        signed_text = take_apart(entry, lambda *finding: held.append(finding))
        fields = None
        if signed_text is not None:
            fields = inspect(signed_text, self._tools, lambda *finding: held.append(finding))
        self._number = fields.number if fields else None
        for check, text, severity in held:
            self._note(check, text, severity)
        if fields is None:
            self._skip(entry)
            return Seen()
        self._check(fields)
        self.state = replace(self.state, previous=entry)
        return Seen(fields.serial, fields.number)

    def _skip(self, entry: str) -> None:
        letter = OUTAGE if is_outage(entry) else UNREADABLE
        if self.state.previous is None:
            self._error("DEP_STATE", "the first receipt is no Startbeleg: it cannot be read")
        self.state = replace(
            self.state, previous=entry, counter=None, recent=(self.state.recent + letter)[-2:]
        )

    def _check(self, fields: Fields) -> None:
        if self.state.previous is None:
            self._check_start(fields)
        else:
            self._check_chain(fields, self.state.previous)
            self._check_turnover(fields)
        self._check_register(fields)
        self._check_outage(fields)
        if fields.time:
            if fields.time < self.state.time:
                text = f"its time {fields.time} is before that of its predecessor"
                self._error("DEP_TIME_SEQUENCE", f"{text}, {self.state.time}")
            self.state = replace(self.state, time=fields.time)

    def _check_start(self, fields: Fields) -> None:
        reasons = []
        if fields.kind in {Kind.TRAINING, Kind.STORNO}:
            reasons.append(f"it is a {fields.kind.value} receipt")
        if fields.amounts is None or any(fields.amounts):
            reasons.append("its amounts are not zero")
        if fields.chain != chain_value(fields.kassen_id):
            reasons.append("it is not chained to the Kassen-ID")
        if reasons:
            self._error("DEP_STATE", f"the first receipt is no Startbeleg: {', '.join(reasons)}")
        elif fields.counter:
            text = f"the counter of the Startbeleg is {format_amount(fields.counter)}, not 0,00"
            self._error("CRYPTO_TURNOVER_COUNTER", text)
        if not fields.signed:
            self._error("STATE_SIGDEVICE", "the Startbeleg is not signed")
        self.state = replace(self.state, counter=fields.counter)

    def _check_chain(self, fields: Fields, previous: str) -> None:
        if fields.chain == chain_value(previous):
            return
        if fields.chain != chain_value(fields.kassen_id):
            text = "its chaining value is not that of the receipt before it"
            self._error("DEP_CHAINING_VALUE", text)
        elif fields.kind is Kind.NULL:
            self._error("DEP_STATE", "a second Startbeleg: it is chained to the Kassen-ID")
        else:
            text = f"a {fields.kind.value} receipt is chained to the Kassen-ID like a Startbeleg"
            self._error("TYPE_OF_RECEIPT", text)

    def _check_turnover(self, fields: Fields) -> None:
        expected = self.state.counter
        if fields.amounts is None:
            expected = None
        elif expected is not None and fields.kind is not Kind.TRAINING:
            expected += sum(fields.amounts)
        if fields.counter is not None:
            if expected is not None and fields.counter != expected:
                text = f"its counter is {format_amount(fields.counter)}, but the amounts up to it"
                self._error("DEP_TURNOVER_COMPARE", f"{text} make {format_amount(expected)}")
            expected = fields.counter
        self.state = replace(self.state, counter=expected)

    def _check_register(self, fields: Fields) -> None:
        known, closed = self.state.kassen_id, self.state.closed_system
        if known is None:
            self.state = replace(
                self.state, kassen_id=fields.kassen_id, closed_system=fields.closed_system
            )
            return
        if fields.kassen_id != known:
            text = f"its Kassen-ID is {shown(fields.kassen_id)}, the DEP's is {shown(known)}"
            self._error("DEP_ONLY_ONE_CASHBOX_ID", text)
        if fields.closed_system != closed:
            self._error("DEP_ONLY_ONE_SYTEM_TYPE", "open and closed system are mixed in one DEP")

    def _check_outage(self, fields: Fields) -> None:
        recent = self.state.recent + letter_of(fields)
        if recent == TOO_LATE:
            text = "the outage before it was not ended: the first or second receipt after it"
            self._error("DEP_STATE", f"{text} must be a signed Nullbeleg (Sammelbeleg)")
        self.state = replace(self.state, recent=recent[-2:])

    def _note(self, check: str, text: str, severity: Severity) -> None:
        self._findings.note(
            check, text, receipt=self.state.receipts, number=self._number, severity=severity
        )

    def _error(self, check: str, text: str) -> None:
        self._note(check, text, "error")


def letter_of(fields: Fields) -> bytes:
    """Return the receipt's part in an outage."""
    if not fields.signed:
        return OUTAGE
    return SAMMELBELEG if fields.kind is Kind.NULL else OTHER
