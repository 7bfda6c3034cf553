"""Why a call of the external program to the cloud failed."""

from __future__ import annotations

from drivers.contract.fault import Fault, Side, Text


class ProgramFault(Fault):
    """Base of the external program's faults."""

    code = "program_call_failed"
    side = Side.PEER
    title = Text("Der Aufruf der Cloud ist gescheitert", "The call to the cloud has failed")
    advice = Text("Verbindung zur Cloud prüfen.", "Check the connection to the cloud.")


class CloudNotReached(ProgramFault):
    code = "program_cloud_not_reached"
    retryable = True
    title = Text("Die Cloud antwortet nicht", "The cloud does not answer")
    advice = Text(
        "Vor dem Wiederholen unter der Referenz nachsehen, ob der Aufruf gewirkt hat.",
        "Before repeating look up by reference whether the call had an effect.",
    )


class CloudRefused(ProgramFault):
    """``facts`` hold ``status``, the cloud's ``error`` and ``wait_s`` where it said so."""

    code = "program_cloud_refused"
    title = Text("Die Cloud hat den Aufruf abgelehnt", "The cloud has refused the call")
    advice = Text(
        "Den genannten Grund beheben; nichts wurde geändert.",
        "Settle the reason that is named; nothing was changed.",
    )
