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


class BoxFailed(Fault):
    """The demo's box did not start, or ended by itself."""

    code = "demo_box_failed"
    side = Side.BOX
    title = Text("Die Box der Vorführung läuft nicht", "The demo's box does not run")
    advice = Text(
        "Ihre Meldungen stehen in bonbridge.log im Ausgabeverzeichnis.",
        "Its messages are in bonbridge.log in the output directory.",
    )


class BoxAnswersNot(Fault):
    """The box, or the cloud, gave no answer that the demo can go on with."""

    code = "demo_no_answer"
    side = Side.BOX
    title = Text("Die Vorführung bekommt keine Antwort", "The demo gets no usable answer")
    advice = Text(
        "Die Meldungen der Box stehen in bonbridge.log im Ausgabeverzeichnis.",
        "The box's messages are in bonbridge.log in the output directory.",
    )
