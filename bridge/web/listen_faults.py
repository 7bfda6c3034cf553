"""Why the local API cannot be reached: diagnoses of the start of the web server."""

from __future__ import annotations

from drivers.contract.fault import Fault, Side, Text


class PortInUse(Fault):
    """Another program listens there."""

    code = "port_in_use"
    side = Side.OPERATOR
    title = Text("Der Anschluss ist schon belegt", "The port is already in use")
    advice = Text(
        "Das andere Programm beenden (`ss -ltnp` zeigt es), oder `listen` unter `[web]` ändern.",
        "Stop the other program (`ss -ltnp` shows it), or change `listen` under `[web]`.",
    )


class AddressNotOurs(Fault):
    """The configured address belongs to no interface of this box, or is no address."""

    code = "address_not_ours"
    side = Side.OPERATOR
    title = Text("Diese Adresse hat die Box nicht", "The box does not have that address")
    advice = Text(
        "`listen` unter `[web]` berichtigen: 127.0.0.1 für diese Box allein, 0.0.0.0 für das "
        "ganze Netz des Geschäfts.",
        "Correct `listen` under `[web]`: 127.0.0.1 for this box alone, 0.0.0.0 for the whole "
        "network of the shop.",
    )


class PortForbidden(Fault):
    """The system keeps the port for the administrator."""

    code = "port_forbidden"
    side = Side.OPERATOR
    title = Text("Dieser Anschluss ist nicht erlaubt", "That port is not permitted")
    advice = Text(
        "Unter `[web]` in `listen` einen Anschluss ab 1024 wählen, etwa 8377.",
        "Choose a port from 1024 on in `listen` under `[web]`, such as 8377.",
    )


class ListenFailed(Fault):
    """The system refuses to listen for another reason; ``detail`` has its words."""

    code = "listen_failed"
    side = Side.BOX
    retryable = True
    title = Text("Die Box ist nicht erreichbar", "The box cannot be reached")
    advice = Text(
        "Die genannte Ursache beheben und die Box neu starten.",
        "Cure the reason that is named and restart the box.",
    )


class SocketInUse(Fault):
    """A running program answers on the socket file."""

    code = "socket_in_use"
    side = Side.OPERATOR
    title = Text(
        "Ein anderes Programm benutzt die Socket-Datei", "Another program uses the socket file"
    )
    advice = Text(
        "Die andere Box auf diesem Gerät beenden: `systemctl stop bonbridge`.",
        "Stop the other box on this machine: `systemctl stop bonbridge`.",
    )


class SocketUnusable(Fault):
    """The socket file cannot be made safely where it should be."""

    code = "socket_unusable"
    side = Side.OPERATOR
    title = Text("Die Socket-Datei kann nicht angelegt werden", "The socket file cannot be created")
    advice = Text(
        "Das Verzeichnis muss es geben, und nur der Benutzer der Box darf darin schreiben.",
        "The directory must exist, and only the user of the box may write in it.",
    )
