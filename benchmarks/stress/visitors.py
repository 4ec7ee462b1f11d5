"""Who comes to the server during a soak, each in a thread of its own, again and again."""

from __future__ import annotations

import itertools
import threading
import time
from contextlib import suppress
from pathlib import Path
from socket import SHUT_RDWR

import numpy as np
from websockets.exceptions import ConnectionClosed, InvalidHandshake

from app.core.catalogue import MOST_KEPT, Catalogue
from app.drawing.encoding import VideoWriter
from app.drawing.example_clip import FPS, HEIGHT, WIDTH, render
from benchmarks.stress.inputs.live import conversation
from benchmarks.stress.page import Page
from benchmarks.stress.server import DemoServer
from benchmarks.stress.tab import Tab, film, open_live
from benchmarks.stress.trials.live import converse

SOON = 60.0
"""Seconds in which a tab sees its first picture, on a machine that is busy with others."""
SETTLED = 5.0
"""Seconds in which a tab uses the weights that it was changed to."""


class Visitor:
    """Calls ``visit`` every ``pause`` seconds until it is closed.

    Attributes:
        done: visits that went as they must.
        faults: a sentence for each of the others.
    """

    pause = 10.0

    def __init__(self, server: DemoServer) -> None:
        self.server = server
        self.done = 0
        self.faults: list[str] = []
        self.closing = threading.Event()
        self._may = threading.Event()
        self._may.set()
        self._visiting = threading.Lock()
        self._thread = threading.Thread(target=self._run, name=type(self).__name__, daemon=True)
        self._thread.start()

    def visit(self, number: int) -> None:
        """One visit; raises what was wrong with it."""
        raise NotImplementedError

    @property
    def here(self) -> bool:
        """Whether a visit is on."""
        return self._visiting.locked()

    def leave(self) -> None:
        """What is done before staying away."""

    def stay_away(self) -> None:
        """Begins no visit until ``come_again``; one that is on goes on, and ``leave`` follows."""
        self._may.clear()

    def come_again(self) -> None:
        """Begins visits again."""
        self._may.set()

    def close(self) -> None:
        """Ends the visits; waits for the running one."""
        self.closing.set()
        self._may.set()
        self._thread.join(150)

    def _run(self) -> None:
        for number in itertools.count():
            if not self._may.is_set():
                with self._visiting:
                    self.leave()
            self._may.wait()
            if self.closing.is_set():
                return
            try:
                with self._visiting:
                    self.visit(number)
                self.done += 1
            except Exception as error:  # whatever it is, it is the server's fault or worth a look
                if not self.closing.is_set():
                    self.faults.append(f"{type(self).__name__} {number}: {type(error).__name__}: {error}")
            if self.closing.wait(self.pause):
                return


class Uploader(Visitor):
    """Opens the page, uploads a short film or takes the example, has it analysed, fetches the results."""

    pause = 45.0

    def __init__(self, server: DemoServer, folder: Path) -> None:
        self._film = folder / "uploaded film.mp4"
        with VideoWriter(self._film, (WIDTH, HEIGHT), FPS) as video:
            for number in range(3 * FPS):
                video.write(render(number / FPS), number / FPS)
        super().__init__(server)

    def visit(self, number: int) -> None:
        with Page(self.server) as page:
            weights = next(
                each for each in page.config["components"] if each["id"] == page._ids["video-weights"]
            )
            names = [name for _, name in weights["props"]["choices"]]
            example = number % 8 == 7
            if example:
                *_, last = page.queue("video-example", "click", [])
                source = last["output"]["data"][0]
            else:
                source = page.upload(self._film)
            name = names[number % len(names)]
            page.run("video-weights", "change", [name])
            if number % 5 == 4:
                return self._leave_early(page, source, name)
            outputs = page.analyse(source, name, look=number % 2 == 1)
            waves = "wave" in outputs[0].lower()
            if name.startswith("kinetics-18-lsta") and not waves and not example:  # which has more in it
                raise AssertionError(f"no wave was found: {outputs[0]}")
            for output in (outputs[1], *outputs[5:7]):
                answer = page.file(_path_of(output))
                if answer.status_code != 200 or not answer.content:
                    raise AssertionError(f"a result cannot be fetched: HTTP {answer.status_code}")
        return None

    @staticmethod
    def _leave_early(page: Page, source: dict, name: str) -> None:
        """Closes the tab in the middle of the analysis, as people do."""
        for seen, _ in enumerate(page.queue("video-analyse", "click", page.order(source, name))):
            if seen > 3:
                return


def _path_of(output: object) -> str:
    """The path in what a video or a download button is told."""
    found = output
    while isinstance(found, dict) and "path" not in found:
        found = found.get("value") or found.get("video")
    if not isinstance(found, dict):
        raise AssertionError(f"there is no file in {output!r}")
    return found["path"]


class Switcher(Visitor):
    """Changes what the tabs show: at first one goes through all weights, later all do as they like."""

    pause = 7.0

    def __init__(self, server: DemoServer, tabs: list[Tab]) -> None:
        self._tabs, self._rng = tabs, np.random.default_rng(0)
        self._catalogue = Catalogue.shipped()
        with Page(server) as page:
            menu = next(each for each in page.config["components"] if each["id"] == page._ids["live-weights"])
            self._names = [name for _, name in menu["props"]["choices"]]
        super().__init__(server)

    def visit(self, number: int) -> None:
        if number < len(self._names):
            self._tabs[0].change(weights=self._names[number])
            return
        tab = self._tabs[self._rng.integers(len(self._tabs))]
        name = str(self._rng.choice(self._names))
        match self._rng.integers(4):
            case 0:
                tab.change(weights=name, threshold=round(float(self._rng.random()), 2))
            case 1:
                tab.change(attention=bool(self._rng.random() < 0.5))
            case 2:
                partners = self._catalogue.partners(name)
                tab.change(weights="+".join([name, str(self._rng.choice(partners))]) if partners else name)
            case _:
                tab.change(weights=None, threshold=0.5)

    def leave(self) -> None:
        """Leaves all tabs with the default, and the server with the same networks in memory each time."""
        for name in (*self._names[-MOST_KEPT:], None):
            for tab in self._tabs:
                tab.change(weights=name, threshold=0.5, attention=False)
            self.closing.wait(SETTLED)


class Hostile(Visitor):
    """Sends a conversation that no page has, and must not disturb anybody by it."""

    pause = 3.0

    def visit(self, number: int) -> None:
        verdict = converse(self.server, conversation(np.random.default_rng([3, number])))
        if verdict.failed:
            raise AssertionError(f"conversation {number}: {verdict.detail}")


class Silent(Visitor):
    """Tabs that open and say nothing, that go without a word, and that stay for some pictures."""

    pause = 5.0

    def __init__(self, server: DemoServer) -> None:
        self._pictures = film(5.0)
        super().__init__(server)

    def visit(self, number: int) -> None:
        if number % 3 == 2:
            tab = Tab(self.server, self._pictures, 5.0, weights=None)
            until = time.monotonic() + SOON
            while (
                not (tab.log.pictures or tab.log.refused or self.closing.is_set())
                and time.monotonic() < until
            ):
                time.sleep(0.5)
            self.closing.wait(4)
            tab.close()
            if not (tab.log.pictures or tab.log.refused or self.closing.is_set()):
                raise AssertionError(f"a short visit saw nothing: {tab.log}")
            return
        with suppress(ConnectionClosed, InvalidHandshake):
            socket = open_live(self.server)
            if number % 3 == 1:
                socket.socket.shutdown(SHUT_RDWR)  # without a goodbye
                return
            with socket:
                until = time.monotonic() + 40
                while time.monotonic() < until and not self.closing.is_set():
                    with suppress(TimeoutError):
                        socket.recv(timeout=1)
