"""The web server below the page: the live WebSocket, its limit of sessions, and the page's own files."""

from __future__ import annotations

import asyncio
import json
import threading
from pathlib import Path

from fastapi import FastAPI, WebSocket, WebSocketDisconnect
from fastapi.staticfiles import StaticFiles

from app.catalogue import Catalogue
from app.live import CameraFrame, LiveSession, Message
from app.parts import MakeEstimator, make_mediapipe
from pose.errors import UserError

STATIC = Path(__file__).parent / "static"
STATIC_ROUTE = "/pose2action"  # /static and /assets are Gradio's

MAX_SESSIONS = 4
"""Cameras served at once; each takes about a processor core and 100 MB."""


class ServerError(UserError, RuntimeError):
    """The page cannot be served; the message is one sentence for the user."""


class SessionLimit:
    """Counts the live sessions of all tabs."""

    def __init__(self, most: int = MAX_SESSIONS) -> None:
        self.most = most
        self.running = 0
        self._lock = threading.Lock()

    def enter(self) -> bool:
        """Takes a place; False where none is free."""
        with self._lock:
            if self.running >= self.most:
                return False
            self.running += 1
            return True

    def leave(self) -> None:
        """Gives a place back."""
        with self._lock:
            self.running -= 1

    @property
    def sentence(self) -> str:
        """What a tab is told for which there is no place."""
        cameras = "1 camera" if self.most == 1 else f"{self.most} cameras"
        return f"This demo already serves {cameras}; close another tab and press Start again."


class _Files(StaticFiles):
    """Files that the browser asks about each time, so that a new version shows at once."""

    def file_response(self, *args, **kwargs):
        response = super().file_response(*args, **kwargs)
        response.headers["Cache-Control"] = "no-cache"
        return response


def create_server(
    catalogue: Catalogue,
    make_estimator: MakeEstimator = make_mediapipe,
    limit: SessionLimit | None = None,
) -> FastAPI:
    """The application without its page: ``/live`` and the static files."""
    limit = limit or SessionLimit()
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    app.mount(STATIC_ROUTE, _Files(directory=STATIC), name="page-files")

    @app.websocket("/live")
    async def live(socket: WebSocket) -> None:
        await socket.accept()
        if not limit.enter():
            await socket.send_text(json.dumps({"type": "refused", "message": limit.sentence}))
            await socket.close()
            return
        try:
            await _serve(socket, catalogue, make_estimator)
        finally:
            limit.leave()

    return app


async def _serve(socket: WebSocket, catalogue: Catalogue, make_estimator: MakeEstimator) -> None:
    """Carries messages between a page and its session until the page leaves."""
    loop = asyncio.get_running_loop()
    answers: asyncio.Queue[Message] = asyncio.Queue()
    session = LiveSession(
        catalogue, make_estimator, lambda message: loop.call_soon_threadsafe(answers.put_nowait, message)
    )
    sender = asyncio.create_task(_send(socket, answers))
    try:
        while True:
            message = await socket.receive()
            if message["type"] == "websocket.disconnect":
                break
            try:
                if message.get("bytes"):
                    session.frame(CameraFrame.parse(message["bytes"]))
                elif message.get("text"):
                    session.change(_settings(message["text"]))
            except ValueError as error:
                await socket.send_text(json.dumps({"type": "failed", "message": f"Not understood: {error}."}))
    except (WebSocketDisconnect, RuntimeError):
        pass  # the page went away in the middle of a message
    finally:
        sender.cancel()
        await asyncio.shield(asyncio.to_thread(session.close))


async def _send(socket: WebSocket, answers: asyncio.Queue[Message]) -> None:
    try:
        while True:
            message = await answers.get()
            if isinstance(message, bytes):
                await socket.send_bytes(message)
            else:
                await socket.send_text(message)
    except (WebSocketDisconnect, RuntimeError):
        pass  # the receiving side notices too and ends the session


def _settings(text: str) -> dict[str, str | float | bool | None]:
    """The settings of a text message.

    Raises:
        ValueError: not a JSON object of settings.
    """
    settings = json.loads(text)
    if not isinstance(settings, dict) or not settings.keys() <= {"weights", "threshold", "attention"}:
        raise ValueError("settings are an object with weights, threshold and attention")
    if not isinstance(settings.get("weights"), (str, type(None))):
        raise ValueError("weights must be a name")
    if not isinstance(settings.get("threshold"), (int, float, type(None))):
        raise ValueError("threshold must be a number")
    if not isinstance(settings.get("attention", False), bool):
        raise ValueError("attention must be true or false")
    return settings
