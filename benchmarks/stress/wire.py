"""HTTP by hand: libraries refuse to send what the server must be able to take."""

from __future__ import annotations

import socket
import time
from contextlib import ExitStack, suppress
from dataclasses import dataclass

from benchmarks.stress.inputs.requests import Request

MOST = 4 * 2**20
"""Bytes of an answer that are read."""
IDLE = 1.5
"""Seconds without another byte after which an answer that streams is taken as it is."""


@dataclass(frozen=True)
class Answer:
    """What came back. ``status`` 0: nothing did. ``whole``: the server ended it."""

    status: int
    head: str
    body: bytes
    whole: bool


def as_bytes(request: Request, port: int) -> bytes:
    """A request as it goes over the wire."""
    own = {name.lower() for name, _ in request.headers}
    headers = list(request.headers)
    if "host" not in own:
        headers.insert(0, ("Host", f"127.0.0.1:{port}"))
    if request.body and not own & {"content-length", "transfer-encoding"}:
        headers.append(("Content-Length", str(len(request.body))))
    lines = [
        f"{request.method} {request.target or '/'} HTTP/1.1",
        *(f"{name}: {value}" for name, value in headers),
    ]
    return "\r\n".join([*lines, "Connection: close", "", ""]).encode(errors="replace") + request.body


def half_requests(port: int, count: int, stack: ExitStack) -> int:
    """Opens connections that send half a request and wait; gives how many there are."""
    for number in range(count):
        try:
            waiting = stack.enter_context(socket.create_connection(("127.0.0.1", port), timeout=2))
            waiting.sendall(b"POST /gradio_api/upload HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nContent-" % port)
        except OSError:
            return number
    return count


def send(request: Request, port: int, seconds: float) -> Answer:
    """Sends a request, or its first bytes, and reads the answer.

    Raises:
        TimeoutError: no answer within ``seconds``.
    """
    data = as_bytes(request, port)
    with socket.create_connection(("127.0.0.1", port), timeout=seconds) as connection:
        with suppress(ConnectionError):  # the server may answer, and close, before it has read all
            connection.sendall(data if request.broken_off is None else data[: request.broken_off])
        if request.broken_off is not None:
            connection.settimeout(0.3)
            with suppress(OSError):
                return _read(connection, 0.3)
            return Answer(0, "", b"", False)
        return _read(connection, seconds)


def _read(connection: socket.socket, seconds: float) -> Answer:
    received, whole = b"", False
    give_up = time.monotonic() + seconds
    while len(received) < MOST:
        connection.settimeout(IDLE if b"\r\n\r\n" in received else max(0.01, give_up - time.monotonic()))
        try:
            more = connection.recv(65536)
        except TimeoutError:
            if b"\r\n\r\n" in received:
                break
            raise
        except ConnectionError:
            break
        if not more:
            whole = True
            break
        received += more
        if time.monotonic() > give_up:
            break
    head, _, body = received.partition(b"\r\n\r\n")
    words = head.split(None, 2)
    status = int(words[1]) if len(words) > 1 and words[1].isdigit() else 0
    return Answer(status, head.decode("latin-1"), body, whole)
