"""Figures for a monitoring program, in Prometheus' text format 0.0.4."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Final

from bridge.health import Level
from bridge.web.parts import WebParts

MEDIA_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"


class Counts:
    """What the guard has seen since the start: answers by class of status, refusals by code."""

    def __init__(self) -> None:
        self.answers: Counter[str] = Counter()
        self.refusals: Counter[str] = Counter()

    def answered(self, status: int) -> None:
        """Count an answer."""
        self.answers[f"{status // 100}xx"] += 1

    def refused(self, code: str) -> None:
        """Count a request that the guard did not let through."""
        self.refusals[code] += 1


def metrics_text(parts: WebParts, counts: Counts) -> str:
    """Return all figures as they are now."""
    return "".join(f"{line}\n" for line in _lines(parts, counts))


def _lines(parts: WebParts, counts: Counts) -> Iterator[str]:
    yield from _head("bonbridge_info", "gauge", "Version of the software.")
    yield f"bonbridge_info{_labels(version=parts.version)} 1"
    yield from _head("bonbridge_journal_seq", "gauge", "Number of the last durable event.")
    yield f"bonbridge_journal_seq {parts.journal.last_seq}"
    yield from _head("bonbridge_receipts_open", "gauge", "Receipts that have not ended.")
    for name, register in parts.till.registers.items():
        yield f"bonbridge_receipts_open{_labels(register=name)} {len(register.open)}"
    yield from _head("bonbridge_register_latched", "gauge", "1 if the register may not sign.")
    for name, register in parts.till.registers.items():
        latched = int(register.latch is not None)
        yield f"bonbridge_register_latched{_labels(register=name)} {latched}"
    yield from _head("bonbridge_part_level", "gauge", "1 at the level that a part is at.")
    for part in parts.board.parts():
        for level in Level:
            value = int(part.level is level)
            yield f"bonbridge_part_level{_labels(part=part.name, level=level)} {value}"
    yield from _head("bonbridge_http_answers_total", "counter", "Answers by class of status.")
    for status, number in sorted(counts.answers.items()):
        yield f"bonbridge_http_answers_total{_labels(status=status)} {number}"
    yield from _head("bonbridge_http_refusals_total", "counter", "Refusals of the guard by code.")
    for code, number in sorted(counts.refusals.items()):
        yield f"bonbridge_http_refusals_total{_labels(code=code)} {number}"


def _head(name: str, kind: str, text: str) -> Iterator[str]:
    yield f"# HELP {name} {text}"
    yield f"# TYPE {name} {kind}"


def _labels(**labels: str) -> str:
    inside = ",".join(f'{name}="{_escaped(value)}"' for name, value in labels.items())
    return f"{{{inside}}}"


def _escaped(value: str) -> str:
    return value.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
