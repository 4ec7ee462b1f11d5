"""What ``pose2action demo`` does: listens, serves the page, and ends in order."""

from __future__ import annotations

import os
import secrets
import signal
import sys
import threading
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import NoReturn

import uvicorn

from app import __version__
from app.core.catalogue import Catalogue
from app.door.guests import Guests
from app.door.listening import PatientProtocol, Server, addresses, allow_many_connections, is_shared, listen
from app.door.uploads import DEFAULT_LIMIT
from app.web.gradio_import import all_stays
from app.web.memory import giving_back, use_few_arenas
from app.web.page import create_app, page_app
from app.web.warming import FirstEstimator, Visits, warm_up
from pose.files import temporary_folder
from recognizer.predictor import SparseBackend

MOST_CONNECTIONS = 512
"""Connections at once; half of the files that many systems let a process open."""
MOST_ACCEPTED = 128
"""Connections that are taken before those that must make room have gone."""
MAX_MESSAGE = 4 * 2**20
"""Bytes of a message to a live session."""


def launch(
    host: str = "127.0.0.1",
    port: int = 7860,
    weights: str | Path | None = None,
    sparse_backend: SparseBackend = "auto",
    allow_hosts: Sequence[str] = (),
    allow_origins: Sequence[str] = (),
    max_upload: int = DEFAULT_LIMIT,
    events: bool = False,
) -> None:
    """Serves the page until Ctrl-C, and then ends the process. For the main thread.

    Args:
        host, port: where to listen. Where other machines can reach it, the page asks for a token.
        weights: the weights to start with: a name or a file; None takes the default.
        sparse_backend: who computes SPA-Net's convolutions.
        allow_hosts: further names of this machine that the page is opened by.
        allow_origins: further origins, such as https://demo.example.org, that may ask for it.
        max_upload: megabytes of an uploaded video.
        events: whether programs may listen at /events.

    Raises:
        ServerError: the port cannot be used.
        DoorError: a host or an origin is none.
        WeightsError, SparseError: ``weights`` cannot be used.
    """
    guests = Guests.of(host, allow_hosts, allow_origins)
    bound = listen(host, port)
    with bound, temporary_folder("pose2action-page-") as folder:
        if is_shared(bound):
            guests = replace(guests, token=secrets.token_urlsafe(18))
        use_few_arenas()
        catalogue = Catalogue.shipped(weights, sparse_backend, at_once=True)
        estimators = FirstEstimator()
        at = addresses(bound, guests.token)

        os.environ["GRADIO_TEMP_DIR"] = str(folder)  # uploads and results go when the program ends
        allow_many_connections()
        with all_stays():
            app = create_app(catalogue, estimators, guests=guests, max_upload=max_upload, events=events)
        visits = Visits(app)
        needed = (catalogue, visits, estimators)
        warming = threading.Thread(target=warm_up, args=needed, name="warm-up", daemon=True)

        def ready() -> None:
            print(_ready(at, guests.token is not None), flush=True)
            warming.start()

        config = uvicorn.Config(
            visits,
            http=PatientProtocol,
            log_level="warning",
            ws_max_size=MAX_MESSAGE,
            ws_per_message_deflate=False,  # JPEGs get no smaller
            limit_concurrency=MOST_CONNECTIONS,
            backlog=MOST_ACCEPTED,
            timeout_graceful_shutdown=1,
        )
        # Uvicorn ends in order and then raises the signal again: the temporary folder must still go.
        signal.signal(signal.SIGTERM, lambda *_: sys.exit())
        with suppress(KeyboardInterrupt, SystemExit), giving_back():
            Server(config, ready, page_app(app).stop_event.set).run(sockets=[bound])
    _leave()


def _leave() -> NoReturn:
    """Ends the process at once: PyTorch and MediaPipe, still at work in threads, abort a Python that ends."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)


def _ready(at: list[str], shared: bool) -> str:
    """What is printed once the page can be opened: where, and who can reach it."""
    said = f"pose2action {__version__} is ready: open {at[0]} in a browser. Ctrl-C ends it."
    if not shared:
        return said
    others = f" On other machines: {at[1]}" if len(at) > 1 else ""
    return f"{said}{others}\nEverybody in your network who has the whole address can use the page."
