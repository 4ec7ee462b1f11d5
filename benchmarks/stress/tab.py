"""A browser tab's live camera without a browser: speaks ``/live`` as ``connection.js`` does."""

from __future__ import annotations

import json
import logging
import struct
import threading
import time
from dataclasses import dataclass, field

import cv2
from websockets.exceptions import ConnectionClosed, WebSocketException
from websockets.sync.client import ClientConnection, connect

from app.drawing.example_clip import FPS, SECONDS, render
from benchmarks.stress.server import DemoServer

logging.getLogger("websockets.client").setLevel(logging.CRITICAL)  # it tells of connections that we cut

MOST_IN_FLIGHT = 2
LARGEST_ANSWER = 16 * 2**20
JPEG_QUALITY = 75
FIRST_WAIT, LONGEST_WAIT = 0.5, 8.0


def open_live(server: DemoServer, seconds: float = 10.0, **options: object) -> ClientConnection:
    """A WebSocket to ``/live``, with the page's own origin unless ``options`` tell another."""
    options = {"origin": server.address, "max_size": LARGEST_ANSWER, **options}
    return connect(f"ws://127.0.0.1:{server.port}/live", proxy=None, open_timeout=seconds, **options)


def film(fps: float, size: tuple[int, int] = (640, 480)) -> list[bytes]:
    """The project's own figure as JPEGs, as a camera with that rate sees it."""
    pictures = []
    for number in range(round(SECONDS * fps)):
        picture = cv2.resize(render(round(number / fps * FPS) / FPS), size)
        bgr = cv2.cvtColor(picture, cv2.COLOR_RGB2BGR)
        pictures.append(cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])[1].tobytes())
    return pictures


def frame(milliseconds: float, picture: bytes) -> bytes:
    """A message that carries a picture."""
    return struct.pack("<d", milliseconds) + picture


@dataclass
class TabLog:
    """What a tab was told.

    Attributes:
        pictures: answered ones.
        labels: of the persons in them, and how often.
        refused: sentences of a server that is full.
        failed: sentences about something that went wrong.
        lost: how often the connection broke without the tab having closed it.
    """

    pictures: int = 0
    labels: dict[str, int] = field(default_factory=dict)
    refused: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)


class Tab:
    """Shows a film to the server in a thread of its own, in a loop, until it is closed.

    Args:
        server: where to.
        pictures: the film.
        fps: pictures a second.
        settings: what the server is told first.
    """

    def __init__(self, server: DemoServer, pictures: list[bytes], fps: float, **settings: object) -> None:
        self.log = TabLog()
        self.settings = {"threshold": 0.5, "attention": False, **settings}
        self._server, self._pictures, self._fps = server, pictures, fps
        self._changes: list[dict] = []
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="tab", daemon=True)
        self._thread.start()

    def change(self, **settings: object) -> None:
        """Tells other settings, as the page's controls do."""
        self.settings.update(settings)
        self._changes.append({"type": "settings", **settings})

    def close(self) -> None:
        """Closes the tab."""
        self._closing.set()
        self._thread.join(30)

    def _run(self) -> None:
        wait = FIRST_WAIT
        while not self._closing.is_set():
            began = time.monotonic()
            try:
                with open_live(self._server) as socket:
                    self._talk(socket)
            except (ConnectionClosed, WebSocketException, OSError, TimeoutError) as error:
                if not self._closing.is_set():
                    self.log.lost.append(f"{type(error).__name__}: {error}")
            wait = FIRST_WAIT if time.monotonic() - began > LONGEST_WAIT else min(2 * wait, LONGEST_WAIT)
            self._closing.wait(wait)

    def _talk(self, socket: ClientConnection) -> None:
        self._changes.clear()
        socket.send(json.dumps({"type": "settings", **self.settings}))
        in_flight: list[float] = []
        due = began = time.monotonic()
        number = 0
        while not self._closing.is_set():
            while self._changes:
                socket.send(json.dumps(self._changes.pop(0)))
            if time.monotonic() >= due and len(in_flight) < MOST_IN_FLIGHT:
                captured = round(1000 * (time.monotonic() - began), 3)
                socket.send(frame(captured, self._pictures[number % len(self._pictures)]))
                in_flight.append(captured)
                number += 1
                due = max(due + 1 / self._fps, time.monotonic() - 1.0)
            try:
                message = socket.recv(timeout=min(0.5, max(due - time.monotonic(), 0.005)))
            except TimeoutError:
                continue
            if not self._take(message, in_flight):
                return

    def _take(self, message: str, in_flight: list[float]) -> bool:
        """Takes note of an answer; False where the server has none for this tab."""
        told = json.loads(message)
        if "captured" in told:
            in_flight[:] = [each for each in in_flight if each > told["captured"]]
        if told["type"] == "seen":
            self.log.pictures += 1
            for person in told["persons"]:
                label = person["label"] or "unsure"
                self.log.labels[label] = self.log.labels.get(label, 0) + 1
        elif told["type"] == "refused":
            self.log.refused.append(told["message"])
            return False
        elif told["type"] in ("failed", "weights-failed"):
            self.log.failed.append(told["message"])
        return True
