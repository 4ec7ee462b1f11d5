"""Live sessions over real sockets: pages that are silent, hostile, deaf or gone, and whose place it is."""

from __future__ import annotations

import json
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import numpy as np
import pytest
import uvicorn
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from app.core.catalogue import Catalogue
from app.web.conversation import Patience
from app.web.messages import MAX_FRAME
from app.web.server import SessionLimit, create_server
from app.web.session import MOST_WAITING
from tests.app.web.test_jpeg import encode, frame_header, insert
from tests.doubles import StandingEstimator, SteadyRecognizer, standing

WEIGHTS = {name: SteadyRecognizer(name, {"wave": 0.7, "clap": 0.3}) for name in ("waver", "curler")}
CARDS = {name: each.card for name, each in WEIGHTS.items()}
JPEG = encode(64, 48)


class Running:
    """A server on a port of its own, its estimators, and how many places are taken."""

    def __init__(self, catalogue: Catalogue, patience: Patience, most: int) -> None:
        self.limit = SessionLimit(most)
        self.estimators: list[StandingEstimator] = []
        app = create_server(catalogue, self._estimator, self.limit, patience)
        config = uvicorn.Config(
            app, "127.0.0.1", 0, log_level="error", ws_max_size=4 * 2**20, timeout_graceful_shutdown=1
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, daemon=True)
        self._thread.start()
        while not self._server.started and self._thread.is_alive():
            self._thread.join(0.02)
        self._listening = self._server.servers[0].sockets[0]
        self.port = self._listening.getsockname()[1]

    def _estimator(self, landmarks) -> StandingEstimator:
        self.estimators.append(StandingEstimator(landmarks))
        return self.estimators[-1]

    def hold_little(self) -> None:
        """Lets the system keep little of what pages that come later have not read; it is megabytes else."""
        self._listening.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)

    def page(self, **options) -> ClientConnection:
        return connect(f"ws://127.0.0.1:{self.port}/live", compression=None, **options)

    @contextmanager
    def started(self, **options) -> Iterator[ClientConnection]:
        """A page whose weights are loaded."""
        with self.page(**options) as page:
            page.send('{"type": "settings", "weights": "waver"}')
            assert told(page)["type"] == "ready"
            yield page

    def stop(self) -> None:
        self._server.should_exit = True
        self._thread.join(20)
        assert not self._thread.is_alive()


@pytest.fixture
def serve() -> Iterator[Callable[..., Running]]:
    servers = []

    def start(
        patience: Patience | None = None, most: int = 1, load: Callable = WEIGHTS.__getitem__
    ) -> Running:
        servers.append(Running(Catalogue(CARDS, load), patience or Patience(), most))
        return servers[-1]

    yield start
    for server in servers:
        server.stop()


def told(page: ClientConnection) -> dict:
    """The next message."""
    return json.loads(page.recv(timeout=20))


def frame(captured: float, jpeg: bytes = JPEG) -> bytes:
    return struct.pack("<d", captured) + jpeg


def eventually(condition: Callable[[], bool]) -> bool:
    until = time.monotonic() + 20
    while not condition() and time.monotonic() < until:
        time.sleep(0.02)
    return condition()


def assert_closed(page: ClientConnection) -> None:
    with pytest.raises(ConnectionClosed):
        page.recv(timeout=20)


@pytest.mark.parametrize("first", [None, '{"type": "settings", "weights": "waver"}', "garbage"])
def test_a_page_that_sends_no_picture_loses_its_place(serve, first: str | None):
    server = serve(Patience(first_picture=0.4))
    with server.page() as page:
        if first:
            page.send(first)
            assert told(page)["type"] in ("ready", "failed")
        last = told(page)
        assert last["type"] == "idle" and "for 0.4 seconds" in last["message"]
        assert_closed(page)
        assert eventually(lambda: server.limit.running == 0)
        with server.started() as other:
            other.send(frame(0))
            assert told(other)["captured"] == 0


def test_garbage_does_not_keep_a_place(serve):
    server = serve(Patience(first_picture=1.0))
    with server.page() as page:
        until = time.monotonic() + 20
        with pytest.raises(ConnectionClosed):
            while time.monotonic() < until:
                page.send("garbage")
                assert told(page)["type"] in ("failed", "idle")
                time.sleep(0.05)
        assert eventually(lambda: server.limit.running == 0)


def test_a_page_that_has_sent_pictures_may_pause_for_longer(serve):
    server = serve(Patience(first_picture=0.4, pause=1.5))
    with server.started() as page:
        page.send(frame(0))
        assert told(page)["captured"] == 0
        time.sleep(0.8)
        page.send(frame(900))
        assert told(page)["captured"] == 900
        last = told(page)
        assert last["type"] == "idle" and "for 1.5 seconds" in last["message"]
        assert_closed(page)
    assert eventually(lambda: server.limit.running == 0)


def test_a_page_that_waits_for_its_weights_is_not_idle(serve):
    go_on = threading.Event()

    def load(name: str) -> SteadyRecognizer:
        assert go_on.wait(20)
        return WEIGHTS[name]

    server = serve(Patience(first_picture=0.5, pause=0.5), load=load)
    with server.page() as page:
        page.send('{"type": "settings", "weights": "waver"}')
        page.send(frame(0))
        with pytest.raises(TimeoutError):
            page.recv(timeout=1.8)
        go_on.set()
        assert told(page)["type"] == "ready"
        assert told(page)["captured"] == 0
        assert told(page)["type"] == "idle"


def test_a_page_that_does_not_read_loses_its_place(serve):
    server = serve(Patience(unread=0.5))
    server.hold_little()
    narrow = socket.create_connection(("127.0.0.1", server.port))
    narrow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    page = server.page(max_queue=1, sock=narrow)
    page.send('{"type": "settings", "weights": "waver"}')
    closed = threading.Event()

    def send() -> None:
        number = 0
        with suppress(ConnectionClosed, OSError):
            while not closed.is_set():
                number += 1
                page.send(frame(5.0 * number))
                page.send('{"type": "record"}')  # answers to frames are so short that many lie unread
                time.sleep(0.001)

    sender = threading.Thread(target=send, daemon=True)  # nobody reads at the other end either, in the end
    sender.start()
    try:
        assert eventually(lambda: server.estimators and server.estimators[0].closed)
        assert eventually(lambda: server.limit.running == 0)
        assert len(server.estimators[0].times) > 1
    finally:
        closed.set()
        page.socket.shutdown(socket.SHUT_RDWR)
        sender.join(20)


def test_the_place_of_a_page_that_has_left_is_free_when_its_core_is(serve):
    server = serve()
    begun, go_on = threading.Event(), threading.Event()
    with server.started() as page:

        def slow(image, timestamp):
            begun.set()
            assert go_on.wait(20)
            return []

        server.estimators[0].estimate = slow
        page.send(frame(0))
        assert begun.wait(20)
    time.sleep(0.3)
    assert server.limit.running == 1
    with server.page() as other:
        assert told(other)["type"] == "refused"
    go_on.set()
    assert eventually(lambda: server.limit.running == 0)
    assert server.estimators[0].closed
    with server.started():
        pass


def test_a_page_that_leaves_while_its_weights_load_gives_its_place_back_behind_them(serve):
    begun, go_on = threading.Event(), threading.Event()

    def load(name: str) -> SteadyRecognizer:
        begun.set()
        assert go_on.wait(20)
        return WEIGHTS[name]

    server = serve(load=load)
    with server.page() as page:
        page.send('{"type": "settings", "weights": "waver"}')
        assert begun.wait(20)
    time.sleep(0.3)
    assert server.limit.running == 1
    go_on.set()
    assert eventually(lambda: server.limit.running == 0)


def test_a_session_that_fails_gives_its_place_back_although_the_page_stays(serve):
    server = serve()
    with server.started() as page:
        server.estimators[0].estimate = lambda image, timestamp: 1 / 0
        page.send(frame(0))
        assert told(page)["type"] == "failed"
        assert_closed(page)
        assert eventually(lambda: server.limit.running == 0)
    assert server.estimators[0].closed


def test_a_place_is_not_lost_where_closing_fails(serve):
    server = serve()
    with server.started():
        server.estimators[0].close = lambda: 1 / 0
    assert eventually(lambda: server.limit.running == 0)


def test_a_place_is_not_lost_where_no_thread_can_be_had(serve, monkeypatch: pytest.MonkeyPatch):
    server = serve()
    start = threading.Thread.start

    def fail(thread: threading.Thread) -> None:
        if thread.name == "live-session":
            raise RuntimeError("can't start new thread")
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", fail)
    with server.page() as page:
        assert_closed(page)
    monkeypatch.undo()
    assert server.limit.running == 0
    with server.started():
        pass


@pytest.mark.parametrize(
    "message",
    [
        frame(0, b"x" * MAX_FRAME),
        frame(float("nan")),
        frame(1e300),
        b"",
        "",
        '{"type": "settings", "threshold": NaN}',
        f'{{"type": "settings", "threshold": 1{"0" * 400}}}',
        "[" * 100_000,
        '{"type": "settings", "weights": "\\ud800"}',
        '{"type": "settings", "weights": "waver", "more": 1}',
        '{"type": "settings", "weights": "' + "a" * 100_000 + '"}',
        '{"weights": "waver"}',
        '{"type": "nothing"}',
        '{"type": "record", "seconds": 30}',
    ],
    ids=range(14),
)
def test_hostile_messages_are_a_sentence_and_the_session_lives(serve, message: str | bytes):
    server = serve()
    with server.started() as page:
        page.send(message)
        answer = told(page)
        assert answer["type"] == "failed" and answer["message"].startswith("Not understood: ")
        assert len(answer["message"]) < 300
        page.send(frame(5))
        assert told(page)["captured"] == 5


@pytest.mark.parametrize(
    "picture",
    [encode(64, 48, kind=".png"), insert(JPEG, frame_header(20_000, 20_000)), encode(4097, 2), b"no picture"],
    ids=["png", "two sizes", "wide", "text"],
)
def test_pictures_that_cannot_be_used_are_told(serve, picture: bytes):
    with serve().started() as page:
        page.send(frame(1, picture))
        answer = told(page)
        assert (answer["type"], answer["captured"]) == ("skipped", 1) and "JPEG" in answer["message"]
        page.send(frame(2))
        assert told(page)["captured"] == 2


@pytest.mark.parametrize("weights", ["+".join(["waver"] * 1000), "waver+waver", "waver+nobody", "+"])
def test_fusions_that_make_no_sense_are_told_and_the_old_weights_stay(serve, weights: str):
    with serve().started() as page:
        page.send(json.dumps({"type": "settings", "weights": weights, "threshold": 0.9}))
        answer = told(page)
        assert answer["type"] == "weights-failed" and len(answer["message"]) < 300
        page.send('{"type": "settings", "weights": "waver+curler"}')
        assert told(page)["weights"] == "waver+curler"


def test_a_clock_that_jumps_about_ends_no_session(serve):
    server = serve()
    times = [0.0, 1e-9, 0.0, 1e11, -1e11, 5e-324, 1e12, 1e12 - 0.001, 3.6e6, 7.3e6, -1e12, 0.0]
    with server.started() as page:
        for captured in times:
            page.send(frame(captured))
            assert told(page)["captured"] == captured
    assert np.isfinite(server.estimators[0].times).all()


def test_a_threshold_told_before_the_weights_counts(serve):
    server = serve()
    with server.page() as page:
        page.send('{"type": "settings", "threshold": 0.95, "weights": "nobody"}')
        assert told(page)["type"] == "weights-failed"
        page.send('{"type": "settings", "weights": "waver"}')
        assert told(page)["type"] == "ready"
        for number in range(40):
            page.send(frame(1000 / 15 * number))
            view = told(page)
            time.sleep(0.02)
    (person,) = view["persons"]
    assert person["label"] is None and person["top"][0][0] == "wave"


def test_the_last_seconds_are_recorded_with_all_that_is_known_of_the_landmarks(serve):
    with serve().started() as page:
        for number in range(40):
            page.send(frame(1000 / 15 * number, encode(320, 240)))
            assert told(page)["type"] == "seen"
            time.sleep(0.02)
        page.send('{"type": "record"}')
        answer = told(page)
    assert answer["type"] == "recorded"
    record = answer["record"]
    (person,) = record["persons"]
    assert person["times"] == pytest.approx([(number - 39) / 15 for number in range(40)], abs=1e-3)
    truth = standing(320, 240)
    picture, world = np.array(person["picture"]), np.array(person["world"])
    assert picture.shape == (40, 33, 2) and world.shape == (40, 33, 3)
    np.testing.assert_allclose(picture[7] * [320, 240], truth.image, atol=0.05)
    np.testing.assert_allclose(world[7], truth.world, atol=1e-3)
    assert person["visibility"] == [[1.0] * 33] * 40 and person["landmarks"][15] == "left_wrist"
    who, start, end, label = record["labels"][-1]
    assert (who, end, label) == (0, 0.0, "wave") and -2.0 < start < 0
    assert record["seconds"] == pytest.approx(39 / 15, abs=1e-3)


def test_a_page_that_asks_for_too_much_at_once_is_told(serve):
    begun, go_on = threading.Event(), threading.Event()
    server = serve()
    with server.started() as page:

        def slow(image, timestamp):
            begun.set()
            assert go_on.wait(20)
            return []

        server.estimators[0].estimate = slow
        page.send(frame(0))
        assert begun.wait(20)
        for _ in range(MOST_WAITING):
            page.send('{"type": "record"}')
        for number in range(100):
            page.send(f'{{"type": "settings", "threshold": {number / 100}}}')
        assert "16 messages wait already" in told(page)["message"]
        go_on.set()
        kinds: set[str] = set()
        while not {"seen", "recorded"} <= kinds:  # or no message comes any more
            kinds.add(told(page)["type"])
