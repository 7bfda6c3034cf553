"""Why a request is refused before any handler sees it, and other faults of the web room."""

from __future__ import annotations

from bridge.web.problems import STATUS
from drivers.contract.fault import Fault, Side, Text


class RequestMalformed(Fault):
    """No HTTP/1.1 request, or one that could be read in two ways."""

    code = "request_malformed"
    side = Side.PEER
    title = Text("Die Anfrage ist kein gültiges HTTP", "The request is not valid HTTP")
    advice = Text(
        "Das Programm muss HTTP/1.1 nach RFC 9112 sprechen, ohne TLS.",
        "The program must speak HTTP/1.1 as in RFC 9112, without TLS.",
    )


class HeadTooLarge(Fault):
    """More headers than any program of the shop sends."""

    code = "head_too_large"
    side = Side.PEER
    title = Text("Die Kopfzeilen der Anfrage sind zu lang", "The request's headers are too large")
    advice = Text(
        "Weniger Kopfzeilen senden. Im Browser: die Cookies dieser Adresse löschen.",
        "Send fewer headers. In a browser: delete the cookies of this address.",
    )


class TargetTooLong(Fault):
    """A path with a query of unusual length."""

    code = "target_too_long"
    side = Side.PEER
    title = Text("Die Adresse der Anfrage ist zu lang", "The address of the request is too long")
    advice = Text(
        "Daten in den Körper der Anfrage schreiben, nicht in die Adresse.",
        "Put data into the body of the request, not into the address.",
    )


class RequestTooSlow(Fault):
    """A request that does not end. Nothing of it was carried out."""

    code = "request_too_slow"
    side = Side.PEER
    retryable = True
    title = Text("Die Anfrage kam zu langsam", "The request came too slowly")
    advice = Text(
        "Nichts wurde geändert. Das Netz des Geschäfts prüfen und noch einmal senden.",
        "Nothing was changed. Check the shop's network and send it again.",
    )


class TooManyConnections(Fault):
    """Every permitted connection has a request under way."""

    code = "too_many_connections"
    side = Side.PEER
    retryable = True
    title = Text("Zu viele Verbindungen zugleich", "Too many connections at once")
    advice = Text(
        "Verbindungen wiederverwenden; Seiten der Box schließen, die niemand braucht.",
        "Reuse connections; close pages of the box that nobody needs.",
    )


class HostInvalid(Fault):
    """No ``Host`` header, or one that is no host."""

    code = "host_invalid"
    side = Side.PEER
    title = Text("Die Kopfzeile „Host“ fehlt oder ist falsch", 'The header "Host" is not right')
    advice = Text(
        "Genau eine Kopfzeile „Host“ mit Name oder Adresse und Anschluss der Box senden.",
        'Send exactly one header "Host" with name or address and port of the box.',
    )


class HostForeign(Fault):
    """A ``Host`` that is no name of this box: a foreign web page may be behind it."""

    code = "host_foreign"
    side = Side.OPERATOR
    title = Text("Unter diesem Namen antwortet die Box nicht", "The box has no such name")
    advice = Text(
        "Die IP-Adresse der Box benutzen, oder den Namen unter `[web]` in `hosts` eintragen.",
        "Use the IP address of the box, or add the name to `hosts` under `[web]`.",
    )


class OriginForeign(Fault):
    """A web page that was not permitted calls the box."""

    code = "origin_foreign"
    side = Side.OPERATOR
    title = Text("Diese Webseite darf die Box nicht benutzen", "This web page may not use the box")
    advice = Text(
        "Wenn sie es soll: ihre Herkunft unter `[web]` in `origins` eintragen. Sonst die Seite "
        "schließen.",
        "If it should: add its origin to `origins` under `[web]`. Otherwise close the page.",
    )


class OriginMissing(Fault):
    """A change with a cookie that does not say which page it comes from."""

    code = "origin_missing"
    side = Side.PEER
    title = Text("Die Herkunft der Anfrage fehlt", "The origin of the request is missing")
    advice = Text(
        "Programme senden „Authorization: Bearer …“ und kein Cookie; im Browser die Seite der Box "
        "benutzen.",
        'Programs send "Authorization: Bearer …" and no cookie; in a browser use the page of the '
        "box.",
    )


class HeaderRepeated(Fault):
    """A header twice of which only one can count."""

    code = "header_repeated"
    side = Side.PEER
    title = Text("Eine Kopfzeile ist doppelt", "A header is repeated")
    advice = Text("Die genannte Kopfzeile nur einmal senden.", "Send the named header once only.")


class MethodUnknown(Fault):
    """A method that this address does not have."""

    code = "method_not_allowed"
    side = Side.PEER
    title = Text("Diese Methode gibt es hier nicht", "That method is not available here")
    advice = Text(
        "Die Beschreibung der Schnittstelle nennt die Methoden: /docs auf der Box.",
        "The description of the API names the methods: /docs on the box.",
    )


class PathUnknown(Fault):
    """An address that the box does not have."""

    code = "path_unknown"
    side = Side.PEER
    title = Text("Diese Adresse gibt es nicht", "There is no such address")
    advice = Text(
        "Schreibweise prüfen; die Beschreibung der Schnittstelle steht unter /docs auf der Box.",
        "Check the spelling; the description of the API is at /docs on the box.",
    )


class MediaTypeWrong(Fault):
    """A body of another type than the call takes (nearly always JSON), as pages of foreign servers
    can send without asking."""

    code = "media_type_wrong"
    side = Side.PEER
    title = Text("Der Inhaltstyp ist falsch", "The content type is not right")
    advice = Text(
        "JSON mit „Content-Type: application/json“ senden, wenn die Beschreibung des Aufrufs "
        "(/docs) keinen anderen Inhaltstyp nennt.",
        'Send JSON with "Content-Type: application/json" unless the description of the call '
        "(/docs) names another type.",
    )


class BodyUnexpected(Fault):
    """A body with a request that only reads."""

    code = "body_unexpected"
    side = Side.PEER
    title = Text("Diese Anfrage hat keinen Inhalt", "This request takes no body")
    advice = Text(
        "Lesende Anfragen ohne Inhalt senden.",
        "Send requests that only read without a body.",
    )


class TooManyTries(Fault):
    """More wrong tokens from one place than a mistake explains. Fact ``retry_after``: seconds."""

    code = "too_many_tries"
    side = Side.OPERATOR
    retryable = True
    title = Text("Zu viele falsche Schlüssel", "Too many wrong tokens")
    advice = Text(
        "Den Schlüssel prüfen, die genannte Zeit warten und dann noch einmal versuchen.",
        "Check the token, wait for the time that is named, and then try again.",
    )


class InternalError(Fault):
    """A defect of the box's program; the log has the traceback."""

    code = "internal_error"
    side = Side.BOX
    title = Text("In der Box ist ein Fehler aufgetreten", "The box has a defect")
    advice = Text(
        "Den Stand des Belegs ansehen, bevor etwas wiederholt wird. Den Techniker rufen.",
        "Look at the state of the receipt before repeating anything. Call the technician.",
    )


class TokenWeak(Fault):
    """A token that could be guessed."""

    code = "token_weak"
    side = Side.OPERATOR
    title = Text("Ein Schlüssel ist zu kurz", "A token is too short")
    advice = Text(
        "Einen neuen Schlüssel erzeugen: `openssl rand -hex 24`, und in die genannte Datei "
        "schreiben.",
        "Make a new token: `openssl rand -hex 24`, and write it into the file that is named.",
    )


class TokenRepeated(Fault):
    """Two entries with the same token: nobody could say which of them calls."""

    code = "token_repeated"
    side = Side.OPERATOR
    title = Text("Zwei Schlüssel sind gleich", "Two tokens are the same")
    advice = Text(
        "Jedem `[[web.token]]` einen eigenen Schlüssel geben.",
        "Give each `[[web.token]]` a token of its own.",
    )


class HostNameInvalid(Fault):
    """An entry of ``hosts`` that is no host."""

    code = "host_name_invalid"
    side = Side.OPERATOR
    title = Text(
        "Ein Name unter `hosts` ist kein Rechnername", "An entry of `hosts` is not a host name"
    )
    advice = Text(
        'Namen ohne „http://“ und ohne Pfad eintragen, etwa "box.local" oder "box.local:80".',
        'Write names without "http://" and path, such as "box.local" or "box.local:80".',
    )


STATUS.update(
    {
        RequestMalformed.code: 400,
        HeadTooLarge.code: 431,
        TargetTooLong.code: 414,
        RequestTooSlow.code: 408,
        TooManyConnections.code: 503,
        HostInvalid.code: 400,
        HostForeign.code: 421,
        OriginForeign.code: 403,
        OriginMissing.code: 403,
        HeaderRepeated.code: 400,
        MethodUnknown.code: 405,
        PathUnknown.code: 404,
        MediaTypeWrong.code: 415,
        BodyUnexpected.code: 400,
        TooManyTries.code: 429,
        InternalError.code: 500,
    }
)
