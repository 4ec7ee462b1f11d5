"""The socket, the connections on it, and the addresses at which people reach it."""

from __future__ import annotations

import asyncio
import logging
import os
import socket
from collections.abc import Callable
from typing import Any, ClassVar

import h11
import uvicorn
from uvicorn.protocols.http.auto import AutoHTTPProtocol

from app.door.guests import is_loopback, is_wildcard
from app.door.sockets import SuspiciousSocket
from pose.errors import UserError

log = logging.getLogger(__name__)

REQUEST_SECONDS = 10.0
"""Seconds in which a request's head must have come."""
UNREAD_SECONDS = 120.0
"""Seconds for which a connection stays that takes nothing of what is sent to it: longer than browsers let a
film wait, and they ask for the rest of it again."""
MOST_WAITING = 256
"""Connections that may be without a whole request at the same time; the oldest make room for new ones."""


class ServerError(UserError, RuntimeError):
    """The page cannot be served; the message is one sentence for the user."""


class PatientProtocol(AutoHTTPProtocol):  # type: ignore[misc,valid-type]
    """HTTP that does not wait for ever: connections that never finish a request are closed.

    Uvicorn limits the time between two requests, and not that of a request itself: some thousand half-sent
    ones would take every file handle of the process.
    """

    _waiting: ClassVar[dict[PatientProtocol, None]] = {}  # those without a whole request, oldest first

    def connection_made(self, transport: asyncio.Transport) -> None:
        super().connection_made(transport)
        self.ws_protocol_class = SuspiciousSocket
        self._answered: Any = None
        self._waiting[self] = None
        self._timer = self.loop.call_later(REQUEST_SECONDS, self._check)
        while len(self._waiting) > MOST_WAITING:
            oldest = next(iter(self._waiting))
            del self._waiting[oldest]
            oldest.transport.close()

    def data_received(self, data: bytes) -> None:
        try:
            super().data_received(data)
        except h11.LocalProtocolError:  # a body that is no body, behind which no answer can be sent any more
            self.transport.close()
        if self._busy():
            self._waiting.pop(self, None)

    def connection_lost(self, exc: Exception | None) -> None:
        self._timer.cancel()
        self._waiting.pop(self, None)
        super().connection_lost(exc)

    def _busy(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    def _check(self) -> None:
        """Closes a connection that has waited for the same request since the last look."""
        if self.transport.get_protocol() is not self:  # it has become a WebSocket, with limits of its own
            self._waiting.pop(self, None)
            return
        if not self._busy() and self.cycle is self._answered:
            self.transport.close()
            return
        self._answered = self.cycle
        self._timer = self.loop.call_later(REQUEST_SECONDS, self._check)


class Server(uvicorn.Server):
    """Tells when the page can be opened, and before it ends.

    Args:
        config: Uvicorn's.
        on_ready: called once connections are taken.
        on_end: called when it begins to end, so that what streams for ever ends as well.
    """

    def __init__(
        self, config: uvicorn.Config, on_ready: Callable[[], None], on_end: Callable[[], None] = lambda: None
    ) -> None:
        super().__init__(config)
        self._on_ready, self._on_end = on_ready, on_end

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._on_ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._on_end()
        logging.getLogger("uvicorn.error").addFilter(_tells_more_than_an_end)
        await super().shutdown(sockets)


def _tells_more_than_an_end(record: logging.LogRecord) -> bool:
    """False for what Uvicorn says of streams that it ends: whoever has pressed Ctrl-C wants just that."""
    cancelled = record.exc_info is not None and isinstance(record.exc_info[1], asyncio.CancelledError)
    return not cancelled and not str(record.msg).startswith("Cancel %s running task")


def listen(host: str, port: int) -> socket.socket:
    """A bound socket.

    Raises:
        ServerError: the port is taken or not allowed, or there is no such host.
    """
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        bound = socket.socket(family, socket.SOCK_STREAM)
        try:
            if os.name == "posix":  # elsewhere it would let two programs share the port
                bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if hasattr(socket, "TCP_USER_TIMEOUT"):  # Linux; connections have what the listening socket has
                unread = round(UNREAD_SECONDS * 1000)
                bound.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, unread)
            bound.bind(address)
            bound.listen(128)
        except OSError:
            bound.close()
            raise
    except socket.gaierror:
        raise ServerError(
            f"There is no host {host!r} to listen on: give an address of this machine."
        ) from None
    except UnicodeError:
        raise ServerError(
            f"{host!r} is no host: give an address of this machine, such as 127.0.0.1."
        ) from None
    except OSError as error:
        reason = error.strerror or str(error)
        other = port + 1 if port < 65535 else port - 1
        raise ServerError(
            f"Port {port} of {host} cannot be used ({reason}): close the program that uses it, perhaps "
            f"another demo, or choose another port with --port {other}."
        ) from None
    return bound


def allow_many_connections() -> None:
    """Lets the process open as many files as the system allows it: a connection is one."""
    try:
        import resource

        _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
        wanted = 65536 if most == resource.RLIM_INFINITY else most
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, most))
    except (ImportError, ValueError, OSError):  # Windows, or a system that is content with fewer
        log.debug("the limit of open files stays as it is")


def addresses(bound: socket.socket, token: str | None) -> list[str]:
    """Where the page is: as this machine calls it, and as others do where they can reach it."""
    host, port = bound.getsockname()[:2]
    query = "" if token is None else f"/?token={token}"
    if is_wildcard(host):
        outside = _address_in_the_network(bound.family)
        hosts = ["localhost", *([outside] if outside else [])]
    else:
        hosts = [host]
    return [f"http://{_bracketed(each)}:{port}{query}" for each in hosts]


def is_shared(bound: socket.socket) -> bool:
    """Whether other machines can reach a socket."""
    return not is_loopback(bound.getsockname()[0])


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _address_in_the_network(family: int) -> str | None:
    """This machine's address as others see it; None where it has none. Nothing is sent to find it out."""
    anywhere = "2001:db8::1" if family == socket.AF_INET6 else "192.0.2.1"  # reserved for documentation
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.connect((anywhere, 9))
            address = probe.getsockname()[0]
    except OSError:
        return None
    return None if is_loopback(address) else address
