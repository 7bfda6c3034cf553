"""A client of several HTTP servers: ``python -m … PORT…``.

Each line of standard input is a JSON pair of a server's place in the list and a request text; each
line of standard output the time in µs from the first byte sent to the last byte read. Connections
are kept alive.
"""

from __future__ import annotations

import json
import socket
import sys
import time


class _Connection:
    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port))
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def ask(self, request: bytes) -> float:
        """Send a request and read its answer; return the µs. Raises ``ValueError`` if refused."""
        begin = time.perf_counter_ns()
        self._socket.sendall(request)
        answer = self._socket.recv(65536)
        while True:
            head, blank, body = answer.partition(b"\r\n\r\n")
            if blank and len(body) >= _length(head):
                break
            more = self._socket.recv(65536)
            if not more:
                message = f"the server hung up after {answer!r}"
                raise ValueError(message)
            answer += more
        taken = (time.perf_counter_ns() - begin) / 1000
        if not answer.startswith(b"HTTP/1.1 200"):
            message = f"refused: {answer[:400]!r}"
            raise ValueError(message)
        return taken


def _length(head: bytes) -> int:
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return int(value)
    return 0


def main() -> None:
    """Run with the ports of the command line until standard input ends."""
    servers = [_Connection(int(port)) for port in sys.argv[1:]]
    for line in sys.stdin:
        which, request = json.loads(line)
        print(servers[which].ask(request.encode()), flush=True)


if __name__ == "__main__":
    main()
