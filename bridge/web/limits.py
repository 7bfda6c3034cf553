"""How much of the box one program or many may take."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits of one listening server. Times are seconds, sizes bytes.

    ``head_s`` from the first byte of a request (of a fresh connection: from its opening) to the
    blank line after its headers; ``body_s`` from there to the end of the body; ``idle_s`` between
    an answer and the next request; ``write_s`` for which a client may leave an answer unread;
    ``linger_s`` for which the rest of a refused request is still taken and thrown away, so that
    the refusal is not lost with the connection.

    ``target_bytes`` is the path with its query, ``head_bytes`` that and all headers;
    ``body_bytes`` is more than any route takes: the guard holds each request to what its own does.
    ``pipelined`` requests may wait behind the one that is being answered. Of ``connections`` one
    peer (IPv4 address, IPv6 network of 64 bits) may have ``per_peer``.
    """

    head_s: float = 5.0
    body_s: float = 30.0
    idle_s: float = 30.0
    write_s: float = 30.0
    linger_s: float = 2.0
    target_bytes: int = 8_192
    head_bytes: int = 32_768
    headers: int = 100
    body_bytes: int = 16_777_216
    pipelined: int = 8
    connections: int = 64
    per_peer: int = 16
