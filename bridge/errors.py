"""Diagnoses that belong to no single room of the box."""

from __future__ import annotations

from drivers.contract.fault import Fault, Side, Text


class CommandNotBuilt(Fault):
    """A command that the table names but this installation does not contain."""

    code = "command_not_built"
    side = Side.BOX
    title = Text(
        "Diesen Befehl gibt es in dieser Version noch nicht",
        "This version does not have that command yet",
    )
    advice = Text(
        "Eine neuere Version von bonbridge installieren. `bonbridge --help` zeigt, was diese kann.",
        "Install a newer version of bonbridge. `bonbridge --help` shows what this one can do.",
    )


class LibraryMissing(Fault):
    """A Python library that only some devices need is not installed.

    ``detail`` names the library. Extras of the distribution are in ``pyproject.toml``.
    """

    code = "library_missing"
    side = Side.OPERATOR
    title = Text("Eine Programmbibliothek fehlt", "A program library is missing")
    advice = Text(
        "Mit `pip install 'bonbridge[all]'` nachinstallieren und den Befehl wiederholen.",
        "Install it with `pip install 'bonbridge[all]'` and run the command again.",
    )
