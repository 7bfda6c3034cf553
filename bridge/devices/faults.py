"""Diagnoses of devices that belong to no single driver."""

from __future__ import annotations

from drivers.contract.fault import Fault, Side, Text


class PrinterPaperLow(Fault):
    """The printer's sensor sees the end of the roll coming; it still prints."""

    code = "printer_paper_low"
    side = Side.OPERATOR
    retryable = True
    title = Text("Papier geht zu Ende", "Paper is running low")
    advice = Text(
        "Eine neue Papierrolle bereitlegen und bald wechseln.",
        "Have a new roll of paper at hand and change it soon.",
    )


class DeviceUnknown(Fault):
    """No device of that name is configured."""

    code = "device_unknown"
    side = Side.OPERATOR
    title = Text("Dieses Gerät gibt es nicht", "There is no such device")
    advice = Text(
        "Den Namen mit der Geräteliste der Box vergleichen.",
        "Compare the name with the list of devices of the box.",
    )


class TestUnknown(Fault):
    """The device has no test of that name; fact ``tests``: those it has."""

    code = "device_test_unknown"
    side = Side.OPERATOR
    title = Text("Diesen Test kann das Gerät nicht", "The device does not have that test")
    advice = Text(
        "Einen der Tests wählen, die beim Gerät stehen.",
        "Choose one of the tests that are listed with the device.",
    )


class TestPageLost(Fault):
    """Nobody knows whether the test page was printed, and no fault says why."""

    code = "test_page_lost"
    side = Side.DEVICE
    retryable = True
    title = Text("Unklar, ob die Testseite gedruckt wurde", "Unclear whether the page was printed")
    advice = Text(
        "Am Drucker nachsehen und den Test wiederholen.",
        "Look at the printer and repeat the test.",
    )
