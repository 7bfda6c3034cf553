"""Diagnoses of files and codes that cannot be read at all.

What can be read but is wrong is a finding (``verify.finding``), not a fault.
"""

from __future__ import annotations

from typing import ClassVar

from drivers.contract.fault import Fault, Side, Text


class DepUnreadable(Fault):
    """A file that is no JSON, or ends too early: no verdict on its receipts is possible."""

    code = "dep_unreadable"
    side = Side.OPERATOR
    exit_code: ClassVar[int] = 2
    title = Text("Die DEP-Datei ist nicht lesbar", "The DEP file cannot be read")
    advice = Text(
        "Prüfen, ob die Datei vollständig ist; den Export sonst noch einmal erstellen.",
        "Check that the file is complete; otherwise make the export again.",
    )


class KeysUnreadable(Fault):
    """A key container that is damaged, or holds a key that the RKSV does not know."""

    code = "key_container_unreadable"
    side = Side.OPERATOR
    exit_code: ClassVar[int] = 2
    title = Text("Die Schlüsseldatei ist nicht lesbar", "The key container cannot be read")
    advice = Text(
        "Eine cryptographicMaterialContainer.json angeben, wie sie der Export daneben schreibt.",
        "Name a cryptographicMaterialContainer.json as the export writes it beside the DEP.",
    )


class CodeUnreadable(Fault):
    """A text that is none of the machine-readable forms of a receipt."""

    code = "receipt_code_unreadable"
    side = Side.OPERATOR
    exit_code: ClassVar[int] = 2
    title = Text("Das ist kein Beleg-Code", "This is no code of a receipt")
    advice = Text(
        "Den ganzen Text des QR- oder OCR-Codes angeben, in einfachen Anführungszeichen.",
        "Give the whole text of the QR or OCR code, in single quotes.",
    )


class LinkAlone(CodeUnreadable):
    """The link form: a hash says which receipt is meant, and nothing else."""

    code = "receipt_link_alone"
    title = Text("Ein Link allein lässt sich nicht prüfen", "A link alone cannot be verified")
    advice = Text(
        "Den Link öffnen und den Code angeben, den er liefert.",
        "Open the link and give the code that it delivers.",
    )


class VerifierBroken(Fault):
    """A worker process of the verification ended without an answer."""

    code = "verifier_broken"
    side = Side.BOX
    retryable = True
    exit_code: ClassVar[int] = 2
    title = Text("Die Prüfung wurde unterbrochen", "The verification was interrupted")
    advice = Text(
        "Wahrscheinlich fehlt Arbeitsspeicher. Noch einmal mit `--workers 1` versuchen.",
        "Memory is probably short. Try again with `--workers 1`.",
    )
