"""Why a demo cannot run."""

from __future__ import annotations

from drivers.contract.fault import Fault, Side, Text


class DirectoryNotOurs(Fault):
    """A directory with files of somebody else."""

    code = "demo_directory_in_use"
    side = Side.OPERATOR
    title = Text(
        "Im Ausgabeverzeichnis liegen fremde Dateien", "The output directory holds other files"
    )
    advice = Text(
        "Ein leeres oder neues Verzeichnis angeben (OUT=DIR).",
        "Name an empty or new directory (OUT=DIR).",
    )


class SimulatorFailed(Fault):
    """A simulator that did not start."""

    code = "simulator_failed"
    side = Side.BOX
    title = Text("Ein Simulator startet nicht", "A simulator does not start")
    advice = Text(
        "Meldung oben lesen; meist ist ein Port belegt.",
        "Read the message above; most often a port is taken.",
    )
