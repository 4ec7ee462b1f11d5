"""``/events``: what the live page knows, as lines of JSON over a WebSocket, for the user's own programs.

Each line is an ``app.core.events.Event`` with the number of its camera (each tab's is one)::

    {"camera": 0, "time": 12.3, "person": 0, "label": "squat", "score": 0.93, "count": 4}

Who connects is told at once what everybody does now, and from then on each change. A program that reads more
slowly than things change is told the newest of each person; one that does not read at all is let go.
"""

from __future__ import annotations

import asyncio
import itertools
import threading
from collections import deque
from contextlib import suppress

from fastapi import FastAPI, WebSocket, WebSocketDisconnect

from app.core.events import Event
from app.core.protocols import ActionRecognizer
from app.core.repeating import repeating
from app.live.view import LiveView
from app.video.following import Following

ROUTE = "/events"

MOST_LISTENERS = 16
"""Programs that are told at once."""
MOST_WAITING = 64
"""Lines that wait for one program, at most."""
UNREAD = 10.0
"""Seconds in which a line must be read."""
FAREWELL = 2.0
"""Seconds for closing the connection to one that does not read."""
FULL = 1013
"""The code of a WebSocket that may be tried again later."""

Who = tuple[int, int]
"""A camera and a person."""


class Events:
    """Tells events of all cameras to all programs that listen. Any thread may tell."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._listeners: set[_Listener] = set()
        self._now: dict[Who, str] = {}
        self._cameras = itertools.count()

    def camera(self) -> CameraEvents:
        """What a live session tells of its camera through."""
        return CameraEvents(self, next(self._cameras))

    def tell(self, camera: int, event: Event) -> None:
        """Hands an event to everybody who listens."""
        who, line = (camera, event.person), event.as_json(camera=camera)
        with self._lock:
            if event.label is None and event.score == 0:
                self._now.pop(who, None)  # somebody who has gone
            else:
                self._now[who] = line
            for listener in self._listeners:
                listener.put(who, line)

    def serve(self, app: FastAPI) -> None:
        """Adds the WebSocket to an application."""

        @app.websocket(ROUTE)
        async def events(socket: WebSocket) -> None:
            listener = _Listener(asyncio.get_running_loop())
            with suppress(WebSocketDisconnect, RuntimeError, asyncio.TimeoutError):
                await socket.accept()
                if not self._enter(listener):
                    await socket.close(FULL, "too many programs listen already")
                    return
                try:
                    await _run(socket, listener)
                finally:
                    with self._lock:
                        self._listeners.discard(listener)

    def _enter(self, listener: _Listener) -> bool:
        with self._lock:
            if len(self._listeners) >= MOST_LISTENERS:
                return False
            for who, line in self._now.items():
                listener.put(who, line)
            self._listeners.add(listener)
            return True


class CameraEvents:
    """Finds what changes from view to view of one camera, and tells it. For one thread.

    Args:
        events: whom it is told to.
        camera: its number.
    """

    def __init__(self, events: Events, camera: int) -> None:
        self._events, self._camera = events, camera
        self._following: Following | None = None
        self._began: float | None = None
        self._last = 0.0

    def use(self, recognizer: ActionRecognizer) -> None:
        """Counts what this recogniser names, from now on."""
        self._leave()
        self._following = Following(recognizer.layout, repeating(recognizer))

    def look(self, view: LiveView) -> None:
        """Takes what was seen in a frame."""
        if self._following is None:
            return
        if self._began is None or view.timestamp < self._began + self._last:
            self._leave()  # the camera starts anew
            self._began = view.timestamp
        self._last = view.timestamp - self._began
        poses = {person.id: person.pose for person in view.persons if person.pose is not None}
        shown = {person.id: person for person in view.persons if person.top5}
        for event in self._following.update(self._last, poses, shown):
            self._events.tell(self._camera, event)

    def close(self) -> None:
        """Everybody has gone."""
        self._leave()

    def _leave(self) -> None:
        if self._following is not None:
            for event in self._following.leave(self._last):
                self._events.tell(self._camera, event)


class _Listener:
    """What waits to be sent to one program."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._lock = threading.Lock()
        self._waiting: deque[tuple[Who, str]] = deque()
        self._changed = asyncio.Event()

    def put(self, who: Who, line: str) -> None:
        """Puts a line behind those that wait; of too many, the newest of each person stay."""
        with self._lock:
            self._waiting.append((who, line))
            if len(self._waiting) > MOST_WAITING:
                newest = dict(self._waiting)
                self._waiting = deque(list(newest.items())[-MOST_WAITING:])
        with suppress(RuntimeError):  # the loop has ended, and with it whoever would read
            self._loop.call_soon_threadsafe(self._changed.set)

    async def take(self) -> str:
        """The next line."""
        while True:
            with self._lock:
                if self._waiting:
                    return self._waiting.popleft()[1]
                self._changed.clear()
            await self._changed.wait()


async def _run(socket: WebSocket, listener: _Listener) -> None:
    """Sends what waits until the program leaves or does not read."""

    async def listen() -> None:
        with suppress(WebSocketDisconnect, RuntimeError):
            while (await socket.receive())["type"] != "websocket.disconnect":
                pass  # whatever it says

    async def speak() -> None:
        with suppress(WebSocketDisconnect, RuntimeError, asyncio.TimeoutError):
            while True:
                await asyncio.wait_for(socket.send_text(await listener.take()), UNREAD)

    tasks = [asyncio.create_task(listen()), asyncio.create_task(speak())]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        if tasks[0] not in done:  # it does not read
            await asyncio.wait_for(socket.close(), FAREWELL)
    finally:
        for task in tasks:
            task.cancel()
