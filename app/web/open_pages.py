"""Which pages are open: those that hold a connection to the server.

Gradio tells when a page is closed that has kept its heartbeat, and of no other: a script that asks for an
analysis and goes away, or a page that never came as far as the heartbeat, is not missed by anyone. A
connection is there or it is not.
"""

from __future__ import annotations

import re
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from urllib.parse import parse_qs

from starlette.types import ASGIApp, Receive, Scope, Send

_HEARTBEAT = re.compile(r"/heartbeat/([^/]+)/?")
_EVENTS = "/queue/data"


class OpenPages:
    """The sessions of pages that are open: ``session in pages``. Safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._connections: Counter[str] = Counter()

    def __contains__(self, session: str) -> bool:
        with self._lock:
            return session in self._connections

    @contextmanager
    def connected(self, session: str) -> Iterator[None]:
        """A connection of a session, as long as the block lasts."""
        with self._lock:
            self._connections[session] += 1
        try:
            yield
        finally:
            with self._lock:
                self._connections[session] -= 1
                if not self._connections[session]:
                    del self._connections[session]


class Connections:
    """Notes the connections that Gradio's pages hold: their heartbeat, and the events of what they run.

    Args:
        app: Gradio's application.
        pages: where they are noted.
        tidy: is called when a connection has ended.
    """

    def __init__(self, app: ASGIApp, pages: OpenPages, tidy: Callable[[], None]) -> None:
        self._app, self._pages, self._tidy = app, pages, tidy

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        session = _session(scope)
        if session is None:
            await self._app(scope, receive, send)
            return
        try:
            with self._pages.connected(session):
                await self._app(scope, receive, send)
        finally:
            self._tidy()


def _session(scope: Scope) -> str | None:
    """The session that a request stays connected for; None for all others."""
    if scope["type"] != "http":
        return None
    beat = _HEARTBEAT.search(scope["path"])
    if beat is not None:
        return beat[1]
    if scope["path"].rstrip("/").endswith(_EVENTS):
        return parse_qs(scope["query_string"].decode("latin-1")).get("session_hash", [None])[0]
    return None
