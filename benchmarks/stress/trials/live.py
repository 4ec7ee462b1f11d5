"""Conversations over the live WebSocket of a real server."""

from __future__ import annotations

import json
import math
import shutil
import struct
import time
from pathlib import Path
from socket import SHUT_RDWR
from typing import Any

import numpy as np
from websockets.exceptions import ConnectionClosed, InvalidStatus, WebSocketException
from websockets.sync.client import ClientConnection

from benchmarks.stress.inputs.homes import NAME, damage_home, sound_home
from benchmarks.stress.inputs.live import GOOD, Step, conversation
from benchmarks.stress.inputs.pictures import figure
from benchmarks.stress.pool import copy_plain
from benchmarks.stress.server import DemoServer
from benchmarks.stress.tab import Tab, open_live
from benchmarks.stress.trials.served import ServedTrial
from benchmarks.stress.verdict import PROCESSED, Verdict, failed, refused
from pose.errors import UserError
from recognizer.own.collection import Collections as Home
from recognizer.own.recordings import LONGEST

WARM_UP = 120.0
PATIENCE = 20.0
"""Seconds in which an answer comes, or a place is given back."""
SHOWN_SECONDS = 2.0
"""Seconds for which the answer to one of many pictures is waited for."""
TOO_LARGE = 1009
"""The WebSocket's own way to say that a message is too large."""


class Live(ServedTrial):
    """One conversation an input."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        # The first picture waits for the weights, longer than any input may take on a busy machine.
        tab = Tab(self.server, [figure()], 5.0, weights=None)
        give_up = time.monotonic() + WARM_UP
        while not tab.log.pictures and time.monotonic() < give_up:
            time.sleep(0.2)
        tab.close()
        self._sound = folder / "sound"
        sound_home(self._sound, np.random.default_rng(0))

    def talk(self, rng: np.random.Generator, folder: Path) -> Verdict:
        steps = conversation(rng)
        rows = [f"{step.kind} x {step.times:g}: {len(step.content)} {step.content[:300]!r}" for step in steps]
        (folder / "conversation.txt").write_text("\n".join(rows) + "\n")
        home = self.server.collections
        if home.is_dir() and not home.is_symlink():
            shutil.rmtree(home, ignore_errors=True)
        else:  # what the one before has made of it
            home.unlink(missing_ok=True)
        shutil.copytree(self._sound, home, dirs_exist_ok=True)
        damaged = rng.random() < 0.2
        if damaged:
            damage_home(home, rng)
        verdict = converse(self.server, steps)
        if verdict.failed:
            shutil.copytree(home, folder / "collections", symlinks=True, copy_function=copy_plain)
        elif not damaged and (fault := _unsound(home)):
            return failed(f"{fault}; {verdict.detail}")
        return verdict


def _unsound(home: Path) -> str | None:
    """What cannot be in a folder of collections, whatever was asked for."""
    if strangers := [path.name for path in home.parent.iterdir() if path != home]:
        return f"beside the collections there is {strangers}"
    give_up = time.monotonic() + PATIENCE
    while True:
        try:
            collections = Home(home)
            for name in collections.names():
                collection = collections.open(name)
                for action in collection.actions():
                    collection.about(action)
                    for recording in collection.recordings(action):
                        collection.read(action, recording)
            return None
        except (UserError, OSError) as error:
            if time.monotonic() > give_up:  # what was asked for last may still be done
                return f"{type(error).__name__}: {error}"
            time.sleep(0.2)


def converse(server: DemoServer, steps: tuple[Step, ...]) -> Verdict:
    """Leads a conversation, asks for a usual answer in the end, and judges all that was said."""
    told: list[dict[str, Any]] = []
    give_up = time.monotonic() + PATIENCE
    while True:
        told.clear()
        try:
            with open_live(server, PATIENCE) as socket:
                end = _lead(socket, steps, told)
        except InvalidStatus as error:
            status = error.response.status_code
            return failed(f"HTTP {status}") if status >= 500 else refused(f"HTTP {status}")
        except (WebSocketException, OSError) as error:
            return failed(f"no connection: {type(error).__name__}: {error}")
        except Garbage as error:
            return failed(str(error))
        if not any(each.get("type") == "refused" for each in told):
            break
        if time.monotonic() > give_up:  # the one before still has the place, as long as it cleans up
            return failed("no place was given back")
        time.sleep(0.2)
    return judge(told, end)


_SENTENCES = ("failed", "weights-failed", "teach-failed", "idle")
"""What tells in a sentence why there will be no answer; "idle": a busy machine holds up the client."""


class Garbage(Exception):
    """An answer that no page can show."""


def judge(told: list[dict[str, Any]], end: str) -> Verdict:
    sentences = [each["message"] for each in told if each.get("type") in _SENTENCES]
    for sentence in sentences:
        if (verdict := refused(sentence)).failed:
            return verdict
    if end == "silent":
        return failed(
            f"no answer to a picture, or a question, within {PATIENCE:.0f} s; told before: {sentences[-3:]}"
        )
    if end.startswith("closed") and not sentences:
        return failed(f"{end} without a sentence")
    return refused(sentences[-1]) if sentences else PROCESSED


def _lead(socket: ClientConnection, steps: tuple[Step, ...], told: list[dict[str, Any]]) -> str:
    """Does the steps; tells how it ended: "answered", "silent", "left", "too large", or "closed ..."."""
    try:
        for step in steps:
            if step.kind == "wait":
                time.sleep(step.times)
            elif step.kind == "close":
                return "left"
            elif step.kind == "abort":
                socket.socket.shutdown(SHUT_RDWR)
                return "left"
            elif step.kind == "raw":
                socket.socket.sendall(step.content)
                return "left"
            else:
                for _ in range(int(step.times)):
                    socket.send(step.content)
            if step.kind == "shown":
                _wait_for(socket, told, *struct.unpack_from("<d", step.content))
            elif step.kind != "unread":
                _listen(socket, told, 0.05)
        # Whatever was said before: an honest page's first message and picture are answered.
        socket.send(GOOD.content)
        last = 1234567.0 + len(steps)
        socket.send(struct.pack("<d", last) + figure(2))
        give_up = time.monotonic() + PATIENCE
        while time.monotonic() < give_up:
            _listen(socket, told, 0.2)
            if any(each.get("captured") == last for each in told):
                return _ask_for_own(socket, told)
            if any(each.get("type") == "failed" and "Start again" in each["message"] for each in told):
                return "ended"
            if any(each.get("type") == "refused" for each in told):
                return "full"
        return "silent"
    except ConnectionClosed as error:
        if error.rcvd is not None and error.rcvd.code == TOO_LARGE:
            told.append({"type": "failed", "message": f"1009 {error.rcvd.reason or 'message too big'}"})
            return "too large"
        if error.rcvd is not None and error.rcvd.reason:
            told.append({"type": "failed", "message": error.rcvd.reason})
        # What came before the end may still lie there.
        return f"closed ({error.rcvd or 'without a goodbye'})"
    except (BrokenPipeError, ConnectionError) as error:
        return f"closed ({error})"


def _wait_for(socket: ClientConnection, told: list[dict[str, Any]], captured: float) -> None:
    """Listens until a picture is answered, or for as long as that takes at most."""
    before, give_up = len(told), time.monotonic() + SHOWN_SECONDS
    while time.monotonic() < give_up and not any(each.get("captured") == captured for each in told[before:]):
        _listen(socket, told, 0.2)


def _ask_for_own(socket: ClientConnection, told: list[dict[str, Any]]) -> str:
    """Asks for the own actions, which are told behind all else that was asked for of them."""
    socket.send(json.dumps({"type": "teach-list", "collection": NAME}))
    before, give_up = len(told), time.monotonic() + PATIENCE
    while time.monotonic() < give_up:
        _listen(socket, told, 0.2)
        if any(each["type"] in ("taught", "teach-failed") for each in told[before:]):
            return "answered"
    return "silent"


def _listen(socket: ClientConnection, told: list[dict[str, Any]], seconds: float) -> None:
    """Takes what has come, and waits a moment for the first of it."""
    try:
        while True:
            told.append(read_answer(socket.recv(timeout=seconds)))
            seconds = 0.0
    except TimeoutError:
        pass


def read_answer(message: str) -> dict[str, Any]:
    """An answer, if a page can show it."""
    told = json.loads(message, parse_constant=_no_number)
    for person in told.get("persons", ()):
        scores = [person["score"], *(score for _, score in person["top"])]
        if not all(math.isfinite(score) and 0 <= score <= 1 for score in scores):
            raise Garbage(f"scores that are none: {person}")
        for numbers in (person["points"], person["visibility"]):
            if not all(isinstance(number, int) for number in numbers or ()):
                raise Garbage(f"landmarks that are none: {person}")
    if told["type"] in ("taught", "teach-shown"):
        _check_taught(told)
    return told


def _check_taught(told: dict[str, Any]) -> None:
    """What is told of own actions: whose names are names, and skeletons that can be drawn."""
    for action in told.get("actions", ()):
        for each in action["recordings"]:
            if not (0 < each["seconds"] <= LONGEST and (each["fit"] is None or -1.01 <= each["fit"] <= 1.01)):
                raise Garbage(f"a recording that cannot be: {each}")
    for loop in told.get("loops", {}).values():
        if not loop or not all(
            isinstance(number, int) and abs(number) <= 1001 for row in loop for number in row
        ):
            raise Garbage(f"a skeleton that cannot be drawn: {str(loop)[:300]}")


def _no_number(name: str) -> float:
    raise Garbage(f"{name} in an answer")
