"""What goes back and forth over one page's WebSocket, and when it is over."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Protocol

from fastapi import WebSocket, WebSocketDisconnect

from app.web.answers import told
from app.web.messages import CameraFrame, MessageError, PageMessage, parse_text
from app.web.outbox import Outbox

FAREWELL = 2.0
"""Seconds for the last words to a page."""
LAST_FRAME = 10.0
"""Seconds for which the end of a session's thread is waited for; its place is its own until then anyway."""


@dataclass(frozen=True)
class Patience:
    """How long a page may keep its place without using it, in seconds.

    Attributes:
        first_picture: without a word before the first picture.
        pause: without a word after it.
        unread: in which one message is not read.
    """

    first_picture: float = 20.0
    pause: float = 60.0
    unread: float = 10.0


class Session(Protocol):
    """What a page talks to (``app.web.session.LiveSession``)."""

    worked_until: float

    def frame(self, frame: CameraFrame) -> None: ...

    def hear(self, message: PageMessage) -> None: ...

    def close(self) -> None: ...

    def wait(self, timeout: float) -> None: ...


class Conversation:
    """Carries messages between a page and its session until one of them leaves or the page wears out all
    patience.

    Args:
        socket: accepted.
        begin: gives the session that speaks through an outbox and finishes it when it ends.
        patience: how long to wait for a page that does nothing.
    """

    def __init__(self, socket: WebSocket, begin: Callable[[Outbox], Session], patience: Patience) -> None:
        self._socket, self._patience = socket, patience
        self._outbox = Outbox(asyncio.get_running_loop())
        self._session = begin(self._outbox)
        self._heard = time.monotonic()
        self._silence = patience.first_picture

    async def run(self) -> None:
        """Returns when it is over, with the socket closed and the session's thread ended or about to."""
        watching = asyncio.create_task(self._watch())
        tasks = [asyncio.create_task(self._listen()), asyncio.create_task(self._speak()), watching]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            self._session.close()
            for task in done:
                task.result()
            await self._part(watching.result() if watching in done else None)
        finally:
            self._session.close()
            for task in tasks:
                task.cancel()
            await asyncio.shield(asyncio.to_thread(self._session.wait, LAST_FRAME))

    async def _listen(self) -> None:
        """Hands on what the page says, until it leaves."""
        while True:
            try:
                message = await self._socket.receive()
            except (WebSocketDisconnect, RuntimeError):
                return  # the page went away in the middle of a message
            if message["type"] == "websocket.disconnect":
                return
            try:
                if message.get("bytes") is not None:
                    self._session.frame(CameraFrame.parse(message["bytes"]))
                    self._silence = self._patience.pause
                else:
                    self._session.hear(parse_text(message.get("text") or ""))
                self._heard = time.monotonic()
            except MessageError as error:
                self._outbox.tell(told("failed", message=f"Not understood: {error}."))

    async def _speak(self) -> None:
        """Sends what the session says, until it ends or the page does not read."""
        while (message := await self._outbox.take()) is not None:
            try:
                await asyncio.wait_for(self._socket.send_text(message), self._patience.unread)
            except (WebSocketDisconnect, RuntimeError, asyncio.TimeoutError):
                return

    async def _watch(self) -> str:
        """Waits until the page has said nothing for too long, and gives what to tell it."""
        while True:
            # A page that waits for its first answer, while weights load, is not idle.
            since = max(self._heard, self._session.worked_until)
            left = since + self._silence - time.monotonic()
            if left <= 0:
                return (
                    f"No picture has come from this page for {self._silence:g} seconds, so others may have "
                    "its place; it asks for one again with the next picture."
                )
            await asyncio.sleep(left)

    async def _part(self, sentence: str | None) -> None:
        """Closes the socket, after a last sentence."""
        with suppress(WebSocketDisconnect, RuntimeError, asyncio.TimeoutError):
            if sentence is not None:
                await asyncio.wait_for(self._socket.send_text(told("idle", message=sentence)), FAREWELL)
            await asyncio.wait_for(self._socket.close(), FAREWELL)
