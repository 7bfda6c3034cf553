"""Diagnoses of kassomat's flows."""

from __future__ import annotations

from bridge.model.faults import VendorNotConfigured
from bridge.vendors.engine.faults import (
    StateConflict,
    VendorBroken,
    VendorRejected,
)
from drivers.contract.fault import Side, Text


class ReturnRefused(VendorRejected):
    """The answer holds ``error``, whatever its status says (201 in the vendor's own example)."""

    code = "kassomat_refused"
    title = Text("kassomat lehnt ab", "kassomat refuses")
    advice = Text(
        "Es wurde nichts an ELSTER gesendet. Die Angaben prüfen; die Meldung steht in "
        "„vendor_body“.",
        'Nothing was sent to ELSTER. Check the data; the message is in "vendor_body".',
    )


class AccountMissing(VendorNotConfigured):
    code = "kassomat_account_missing"
    title = Text("Es gibt keinen Zugang bei kassomat", "There is no account at kassomat")
    advice = Text(
        "Zugangsdateien „email“ und „password“ einrichten und neu starten, oder mit "
        "„demo-account“ einen Testzugang anlegen.",
        'Set up the credentials "email" and "password" and restart, or make a test account by '
        '"demo-account".',
    )


class AccountPresent(StateConflict):
    code = "kassomat_account_present"
    title = Text("Es gibt schon einen Zugang bei kassomat", "There is an account at kassomat")
    advice = Text(
        "Nichts wurde gesendet. Ein eingerichteter Zugang wird nicht durch einen Testzugang "
        "ersetzt.",
        "Nothing was sent. A configured account is not replaced by a test account.",
    )


class OtherAccount(StateConflict):
    code = "kassomat_other_account"
    title = Text("Die Box verwendet einen anderen Zugang", "The box uses another account")
    advice = Text(
        "Nichts wurde gesendet. Zugangsdaten stehen in den Zugangsdateien der Box; ohne Inhalt "
        "meldet sich die Box mit ihrem eigenen Zugang an.",
        "Nothing was sent. Credentials are files of the box; without a body the box logs in with "
        "its own account.",
    )


class ChoiceNeeded(StateConflict):
    """``choices`` lists what there is: ids and names."""

    code = "kassomat_choice_needed"
    title = Text(
        "Mandant und Kassenbuch müssen gewählt werden", "A tenant and a cashbook must be chosen"
    )
    advice = Text(
        "Nichts wurde gesendet. Mit „PUT choice“ wählen, oder „tenant“ und „cashbook“ in der "
        "Adresse nennen.",
        'Nothing was sent. Choose by "PUT choice", or name "tenant" and "cashbook" in the query.',
    )


class RatesForeign(StateConflict):
    """The journal has turnover at rates that a German return does not know."""

    code = "kassomat_rates_foreign"
    title = Text(
        "Die Umsätze dieser Box haben keine Sätze von 7 % und 19 %",
        "The turnover of this box has no rates of 7 % and 19 %",
    )
    advice = Text(
        "Nichts wurde gesendet. Die Voranmeldung gilt für Deutschland; diese Box führt "
        "österreichische Steuersätze. Die vier Summen selbst angeben.",
        "Nothing was sent. The return is for Germany; this box keeps Austrian tax rates. Give the "
        "four sums yourself.",
    )


class ReturnUndecided(StateConflict):
    """``run`` names the earlier one."""

    code = "kassomat_return_undecided"
    title = Text(
        "Eine Voranmeldung dieses Zeitraums ist noch nicht entschieden",
        "A return of this period is not decided yet",
    )
    advice = Text(
        "Nichts wurde gesendet: es würde eine berichtigte Voranmeldung daraus. Erst den früheren "
        "Vorgang auf der Seite „Anbieter“ abschließen.",
        "Nothing was sent: it would become a corrected return. Close the earlier run on the page "
        '"Vendors" first.',
    )


class ReturnNotThere(StateConflict):
    """``state`` is that of the run."""

    code = "kassomat_return_not_there"
    title = Text(
        "Zu diesem Vorgang kennt kassomat keine Voranmeldung", "kassomat has no return for this run"
    )
    advice = Text(
        "Den Stand des Vorgangs unter /v1/runs ansehen.",
        "Look at the state of the run at /v1/runs.",
    )


class ReportNotReady(StateConflict):
    """There is a report only once ELSTER has taken the return."""

    code = "kassomat_report_not_ready"
    title = Text("Es gibt noch kein ELSTER-Protokoll", "There is no ELSTER report yet")
    advice = Text(
        "Später wiederholen. Ist die Voranmeldung fehlgeschlagen, gibt es keines.",
        "Repeat later. There is none if the return has failed.",
    )


class ReportElsewhere(VendorBroken):
    """The report is said to be on another host: it would get a confidential request."""

    code = "kassomat_report_elsewhere"
    side = Side.PEER
    title = Text(
        "Das ELSTER-Protokoll liegt an fremder Stelle", "The ELSTER report is at a foreign place"
    )
    advice = Text(
        "Es wurde nicht abgeholt. kassomat anrufen: das Protokoll gehört auf den eigenen Server.",
        "It was not fetched. Call kassomat: the report belongs on their own server.",
    )
