"""Programs that listen to ``/events`` of a real server, while somebody is before a camera."""

from __future__ import annotations

import json
import math
import socket
import time
from contextlib import ExitStack, suppress
from dataclasses import asdict
from pathlib import Path

import numpy as np
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from benchmarks.stress.inputs.listeners import Listener, visit
from benchmarks.stress.inputs.requests import Request
from benchmarks.stress.server import DemoServer
from benchmarks.stress.tab import Tab, film
from benchmarks.stress.trials.requests import judge as judge_request
from benchmarks.stress.trials.served import ServedTrial
from benchmarks.stress.verdict import PROCESSED, Verdict, failed, refused
from benchmarks.stress.wire import send

WARM_UP = 120.0
PATIENCE = 20.0
"""Seconds in which a program is told what somebody does, or gets a place that another has left."""
FPS = 4.0
MOST = 4 * 2**20
"""Bytes of a message; what goes on sending may not hear why the connection was closed."""
FULL, TOO_LARGE = 1013, 1009
_KEYS = {"camera", "time", "person", "label", "score", "count"}


class Events(ServedTrial):
    """One sort of listener an input; an honest one must hear of the figure in the film afterwards."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._film = film(FPS, (320, 240))
        self._tab = self._open()

    def _open(self) -> Tab:
        tab = Tab(self.server, self._film, FPS, weights=None)
        give_up = time.monotonic() + WARM_UP
        while not tab.log.labels and time.monotonic() < give_up:
            time.sleep(0.2)
        return tab

    def talk(self, rng: np.random.Generator, folder: Path) -> Verdict:
        made = visit(rng)
        (folder / "listener.txt").write_text(f"{asdict(made)}\n"[:100_000], errors="replace")
        if isinstance(made, Request):
            verdict = _ask(self.server, made)
        else:
            verdict = _come(self.server, made)
        return verdict if verdict.failed else self._heard(folder) or verdict

    def _heard(self, folder: Path) -> Verdict | None:
        """A fault if an honest program gets no place, or hears nothing."""
        give_up = time.monotonic() + PATIENCE
        said = ""
        while time.monotonic() < give_up:
            try:
                with _connect(self.server, Listener()) as connection:
                    return judge_line(str(connection.recv(timeout=PATIENCE)))
            except (ConnectionClosed, InvalidHandshake, OSError) as error:  # TimeoutError, too
                said = f"{type(error).__name__}: {error}"
                time.sleep(0.2)
        log = self._tab.log
        return failed(
            f"an honest program heard nothing: {said}; the tab has {log.pictures} pictures, {log.lost}"
        )

    def run(self, rng: np.random.Generator, folder: Path) -> Verdict:
        server = self.server
        verdict = super().run(rng, folder)
        if self.server is not server:
            self._tab.close()
            self._tab = self._open()
        return verdict

    def close(self) -> None:
        self._tab.close()
        super().close()


def _connect(server: DemoServer, made: Listener) -> ClientConnection:
    headers = dict(made.headers)
    origin, host = headers.pop("Origin", None), headers.pop("Host", "127.0.0.1")
    options = {"origin": origin, "additional_headers": headers, "open_timeout": PATIENCE, "close_timeout": 1}
    there = socket.create_connection(
        ("127.0.0.1", server.port), timeout=PATIENCE
    )  # whatever the host's name is
    return connect(f"ws://{host}:{server.port}{made.path}", sock=there, proxy=None, **options)


def _come(server: DemoServer, made: Listener) -> Verdict:
    """Has all listeners of an input connect and do what they do; judges how each was treated."""
    verdicts = []
    with ExitStack() as stack:
        for _ in range(made.times):
            try:
                connection = _connect(server, made)
            except InvalidStatus as error:
                status = error.response.status_code
                if status >= 500 and status != 503:
                    return failed(f"HTTP {status}")
                verdicts.append(refused(f"HTTP {status}"))
                continue
            except (InvalidHandshake, ConnectionClosed, OSError) as error:
                if not made.stranger and not made.headers:
                    return failed(f"no connection: {type(error).__name__}: {error}")
                if isinstance(error, TimeoutError):
                    return failed(f"no answer to {made.headers}"[:300])
                verdicts.append(refused(f"{type(error).__name__}: {error}"))
                continue
            if made.stranger:
                return failed(f"{made.path} with {made.headers} was let in")
            stack.callback(_close, connection, made)
            verdicts.append(_behave(connection, made))
    return next((each for each in verdicts if each.failed), verdicts[-1])


def _behave(connection: ClientConnection, made: Listener) -> Verdict:
    try:
        for said in made.says:
            connection.send(said)
        if made.raw:
            connection.socket.sendall(made.raw)
        if made.manner == "reads":
            return judge_line(str(connection.recv(timeout=0.5))) or PROCESSED
    except TimeoutError:
        return PROCESSED
    except ConnectionClosed as error:
        code, reason = (error.rcvd.code, error.rcvd.reason) if error.rcvd else (0, "")
        if code == FULL:
            return refused(reason)
        expected = made.raw or code == TOO_LARGE or any(len(said) > MOST for said in made.says)
        return PROCESSED if expected else failed(f"closed with {code} {reason!r}")
    except OSError as error:
        return PROCESSED if made.raw or made.says else failed(f"{type(error).__name__}: {error}")
    return PROCESSED


def _close(connection: ClientConnection, made: Listener) -> None:
    with suppress(OSError, ConnectionClosed):
        if made.manner == "aborts":
            connection.socket.shutdown(socket.SHUT_RDWR)
        connection.close()


def judge_line(line: str) -> Verdict | None:
    """A fault if a line is none of those that ``docs/events.md`` tells of."""

    def no_number(name: str) -> float:
        raise ValueError(f"{name} in it")

    try:
        told = json.loads(line, parse_constant=no_number)
        sound = (
            told.keys() == _KEYS
            and 0 <= told["score"] <= 1
            and math.isfinite(told["time"])
            and told["time"] >= 0
        )
    except (ValueError, TypeError, AttributeError) as error:
        return failed(f"a line that is none: {error}: {line[:300]!r}")
    return None if sound else failed(f"a line that is none: {line[:300]!r}")


def _ask(server: DemoServer, made: Request) -> Verdict:
    """A request over HTTP: it gets an answer, or the WebSocket that it asked for after all."""
    try:
        answer = send(made, server.port, PATIENCE)
    except (OSError, TimeoutError) as error:
        return failed(f"no answer: {type(error).__name__}: {error}")
    if answer.status == 101:
        return PROCESSED
    return judge_request(made, answer)
