"""Certificates of the DEP's groups against the receipts in them.

The certificate may stand before or after the receipts, and receipts are checked later than they
are read: a group is judged when it is closed and its last receipt has come back.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.asymmetric import ec

from bridge.fiscal.rksv.finding import Findings, Severity
from bridge.fiscal.rksv.keys import read_certificate
from bridge.fiscal.rksv.verify.tools import Tools

CHECK = "DEP_GROUP_CERTIFICATE"
"""A name of our own: the BMF check tool takes its keys from the container only."""

_MOST_SERIALS = 1000


@dataclass(slots=True)
class OpenGroup:
    """A group whose receipts are still on their way. ``serials`` are fields 11 with the place of
    the first receipt that bears each."""

    index: int
    receipts: int = 0
    waiting: int = 0
    closed: bool = False
    certificate: bytes = b""
    serials: dict[str, int] = field(default_factory=dict)


class Groups:
    """All groups of a DEP, of which only the unfinished are kept."""

    def __init__(self, tools: Tools, findings: Findings) -> None:
        self._tools = tools
        self._findings = findings
        self._count = 0
        self._without_certificate = 0

    def begin(self, index: int) -> OpenGroup:
        """Open a group."""
        self._count += 1
        return OpenGroup(index)

    def close(self, group: OpenGroup, certificate: bytes) -> None:
        """Close a group, now that its certificate (DER, empty if none) is known."""
        group.closed = True
        group.certificate = certificate
        if not group.receipts:
            self._note(group, "holds no receipts", "warning")
        self._judge(group)

    def came_back(self, group: OpenGroup, place: int, serials: Iterable[tuple[str, int]]) -> None:
        """Take runs of fields 11 of receipts of a group, the first at ``place``."""
        for serial, count in serials:
            if serial and len(group.serials) < _MOST_SERIALS:
                group.serials.setdefault(serial, place)
            place += count
            group.waiting -= count
        self._judge(group)

    def end(self, *, closed_system: bool | None) -> None:
        """Judge the file as a whole."""
        if self._count > 1 and self._without_certificate and not closed_system:
            text = (
                f"{self._without_certificate} of {self._count} groups name no certificate; "
                "with more than one group each should"
            )
            self._findings.note(CHECK, text, severity="warning")

    def _judge(self, group: OpenGroup) -> None:
        if not group.closed or group.waiting:
            return
        if not group.certificate:
            self._without_certificate += 1
            return
        read = _read(group.certificate)
        if read is None:
            self._note(group, "has something else than a certificate with a P-256 key", "error")
            return
        number, key = read
        for serial, place in group.serials.items():
            if not _is_hexadecimal(serial):
                text = f"the group has a certificate, but field 11 is {serial!r} (closed system)"
                self._findings.note(CHECK, text, receipt=place, severity="warning")
            elif int(serial, 16) != number:
                text = f"field 11 is {serial!r}, but its group has the certificate {number:x}"
                self._findings.note(CHECK, text, receipt=place)
            elif (known := self._tools.public_keys.get(serial)) is not None and known != key:
                text = f"the group's certificate {serial!r} has another key than the container"
                self._findings.note(CHECK, text, receipt=place)

    def _note(self, group: OpenGroup, text: str, severity: Severity) -> None:
        self._findings.note(CHECK, f"Group {group.index} {text}", severity=severity)


def _read(certificate: bytes) -> tuple[int, ec.EllipticCurvePublicKey] | None:
    try:
        return read_certificate(certificate)
    except ValueError:
        return None


def _is_hexadecimal(serial: str) -> bool:
    return all(character in "0123456789abcdefABCDEF" for character in serial)
