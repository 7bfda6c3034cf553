"""What an answer of a vendor means: accepted, or which fault."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from bridge.vendors.engine.faults import (
    AnswerLost,
    VendorAuthFailed,
    VendorBroken,
    VendorBusy,
    VendorFailing,
    VendorRejected,
    VendorSetup,
    VendorUnreachable,
)
from bridge.vendors.engine.policy import retry_after_s
from bridge.vendors.engine.redact import shown
from bridge.vendors.engine.spec import Accepted, Operation, Run
from bridge.vendors.engine.wire import Answer
from drivers.contract.fault import Fault

logger = logging.getLogger(__name__)

PASSING = (VendorUnreachable, AnswerLost, VendorBusy, VendorFailing)
"""Faults of a read that a later repetition may cure."""

LOST = (AnswerLost, VendorFailing, VendorBroken)
"""Faults after which nobody knows whether the request was carried out."""

_SETUP = frozenset({402, 403})


def plain_fault(answer: Answer, now: datetime) -> Fault | None:
    """Return what a status means by itself; ``None``: it is a good one."""
    status = answer.status
    if answer.ok:
        return None
    message = f"status {status}"
    match status:
        case 401:
            return VendorAuthFailed(message)
        case 429:
            return _busy(message, answer, now)
        case _ if status in _SETUP:
            return VendorSetup(message)
        case _ if 400 <= status < 500:
            return VendorRejected(message)
        case _ if status >= 500:
            return VendorFailing(message, **_asked_pause(answer, now), vendor_status=status)
        case _:
            return VendorBroken(f"{message}: a redirection, which is not followed")


def judge(
    answer: Answer, operation: Operation, run: Run, now: datetime, secret_names: Sequence[str] = ()
) -> Accepted:
    """Return what a vendor accepted. Raises the fault that its answer means; with
    ``vendor_status`` and ``vendor_body``."""
    try:
        if answer.ok and operation.accept is not None:
            return operation.accept(answer, run)
        fault = None if operation.refused is None else operation.refused(answer, run)
        fault = fault or plain_fault(answer, now)
    except Fault as raised:
        fault = raised
    except Exception:
        logger.exception("%s: %s does not understand an answer", run.vendor, operation.name)
        fault = VendorBroken(f"status {answer.status} with an answer that was not understood")
    if fault is None:
        return Accepted()
    fault.facts.setdefault("vendor_status", answer.status)
    fault.facts.setdefault("vendor_body", shown(answer.content, secret_names))
    raise fault


def passing_fault(answer: Answer, now: datetime) -> Fault | None:
    """Return the fault of an answer that a repetition may cure, if it is such a one."""
    fault = plain_fault(answer, now)
    if isinstance(fault, PASSING):
        fault.facts.setdefault("vendor_status", answer.status)
        return fault
    return None


def _busy(message: str, answer: Answer, now: datetime) -> VendorBusy:
    return VendorBusy(message, **_asked_pause(answer, now))


def _asked_pause(answer: Answer, now: datetime) -> dict[str, Any]:
    asked = retry_after_s(answer.headers, now)
    return {} if asked is None else {"retry_after": int(asked + 0.999)}
