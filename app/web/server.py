"""The web server below the page: the live WebSocket, its limit of sessions, and the page's own files."""

from __future__ import annotations

import threading
from pathlib import Path

from fastapi import FastAPI, WebSocket, WebSocketDisconnect

from app.core.catalogue import Catalogue
from app.core.protocols import MakeEstimator, make_live_mediapipe
from app.web.answers import told
from app.web.conversation import Conversation, Patience
from app.web.events import Events
from app.web.outbox import Outbox
from app.web.page_files import ASKED_EACH_TIME, PageFiles
from app.web.school import School
from app.web.session import LiveSession

STATIC = Path(__file__).parents[1] / "static"
STATIC_ROUTE = "/pose2action"  # /static and /assets are Gradio's

MAX_SESSIONS = 4
"""Cameras served at once; each takes about a processor core and 70 MB."""


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


def create_server(
    catalogue: Catalogue,
    make_estimator: MakeEstimator = make_live_mediapipe,
    limit: SessionLimit | None = None,
    patience: Patience | None = None,
    school: School | None = None,
    events: Events | None = None,
) -> FastAPI:
    """The application without its page: ``/live``, the static files, and ``/events`` if wanted."""
    limit, patience, school = limit or SessionLimit(), patience or Patience(), school or School()
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    app.mount(STATIC_ROUTE, PageFiles(STATIC, ASKED_EACH_TIME), name="page-files")

    @app.websocket("/live")
    async def live(socket: WebSocket) -> None:
        try:
            await socket.accept()
            if not limit.enter():
                await socket.send_text(told("refused", message=limit.sentence))
                await socket.close()
                return
        except (WebSocketDisconnect, RuntimeError):
            return  # the page went away before it heard that

        def begin(outbox: Outbox) -> LiveSession:
            camera = None if events is None else events.camera()

            def ended() -> None:
                limit.leave()
                outbox.finish()

            try:
                return LiveSession(catalogue, make_estimator, outbox, ended, school, camera)
            except BaseException:  # its thread did not start, so it will not end either
                limit.leave()
                raise

        await Conversation(socket, begin, patience).run()

    if events is not None:
        events.serve(app)
    return app
