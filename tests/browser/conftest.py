"""A server in this process, real browsers with fake cameras, pages watched for stray requests."""

from __future__ import annotations

import os
import shutil
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlparse

import numpy as np
import pytest
import uvicorn
from playwright.sync_api import Browser, Page, Playwright, expect, sync_playwright

from app.core.catalogue import Catalogue
from app.core.protocols import MakeEstimator
from app.door.guests import Guests
from app.drawing.example_clip import write_example
from app.web.page import create_app
from app.web.server import SessionLimit
from benchmarks.chromium import find_chromium, launch, make_camera
from pose.estimators import MediaPipePose
from tests.doubles import SteadyRecognizer

expect.set_options(timeout=30_000)  # only a failing test waits that long

CLIPS = Path(__file__).parents[2] / "../shared/videos"

WAVER = SteadyRecognizer("waver", {"wave": 0.6, "clap": 0.25, "arm_curl": 0.1, "squat": 0.05}, threshold=0.4)
CURLER = SteadyRecognizer("curler", {"wave": 0.1, "clap": 0.0, "arm_curl": 0.9, "squat": 0.0}, threshold=0.6)
CLAPPER = SteadyRecognizer("clapper", {"idle_standing": 0.3, "clap": 0.7}, threshold=0.5, layout="ntu-25")


@pytest.fixture(scope="session", autouse=True)
def tools() -> None:
    """The browser and ffmpeg; continuous integration must have them."""
    found = {"Chromium": find_chromium(), "ffmpeg": shutil.which("ffmpeg")}
    missing = [name for name, path in found.items() if path is None]
    if missing:
        reason = f"{' and '.join(missing)} not found (CHROMIUM names the browser)"
        pytest.fail(reason) if os.environ.get("CI") == "true" else pytest.skip(reason)


@pytest.fixture(scope="session")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A person who waves: a real one where the real clips are, otherwise the drawn one."""
    real = CLIPS / "wave__omkarnagarkar55__1.mp4"
    return real if real.exists() else write_example(tmp_path_factory.mktemp("clip") / "figure.mp4")


@pytest.fixture(scope="session")
def camera(clip: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_camera(clip, tmp_path_factory.mktemp("camera") / "camera.mjpeg", seconds=6)


class WatchedPose(MediaPipePose):
    """Keeps the newest picture that reached pose estimation."""

    newest: np.ndarray | None = None

    def estimate(self, image, timestamp):
        WatchedPose.newest = image
        return super().estimate(image, timestamp)


class Server:
    """The application on a port of its own; can be stopped and started again."""

    def __init__(
        self,
        catalogue: Catalogue,
        most: int = 4,
        guests: Guests | None = None,
        make_estimator: MakeEstimator = lambda landmarks: WatchedPose(),
    ) -> None:
        self.limit = SessionLimit(most)
        self._guests, self._make_estimator = guests, make_estimator
        self._catalogue = catalogue
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.start()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}/"

    def start(self) -> None:
        app = create_app(self._catalogue, self._make_estimator, self.limit, self._guests)
        config = uvicorn.Config(app, "127.0.0.1", self.port, log_level="error", timeout_graceful_shutdown=1)
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, daemon=True)
        self._thread.start()
        while not self._server.started and self._thread.is_alive():
            self._thread.join(0.02)
        assert self._server.started

    def stop(self) -> None:
        self._server.should_exit = True
        self._thread.join(20)
        assert not self._thread.is_alive()


@contextmanager
def serving(catalogue: Catalogue, *given, **options) -> Iterator[Server]:
    server = Server(catalogue, *given, **options)
    try:
        yield server
    finally:
        server.stop()


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    with serving(Catalogue.of({"waver": WAVER, "curler": CURLER, "clapper": CLAPPER})) as running:
        yield running


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as driver:
        yield driver


@pytest.fixture(scope="session")
def chromium(playwright: Playwright, camera: Path) -> Iterator[Browser]:
    """A browser whose camera shows the clip and whose user allows it."""
    browser = launch(playwright, camera)
    yield browser
    browser.close()


@pytest.fixture
def visit() -> Iterator[Callable[..., Page]]:
    """Opens pages; afterwards none of them may have asked anyone else or complained."""
    pages: list[Page] = []
    complaints: list[str] = []
    asked: set[str] = set()

    def opened(browser: Browser, address: str, **context) -> Page:
        page = browser.new_context(viewport={"width": 1280, "height": 900}, **context).new_page()
        page.set_default_timeout(30_000)
        page.on("request", lambda request: asked.add(request.url))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
        page.goto(address)
        page.wait_for_selector("pose-live .p2a-start")
        pages.append(page)
        return page

    yield opened
    for page in pages:
        page.context.close()
    outside = [url for url in asked if urlparse(url).scheme in ("http", "https", "ws", "wss")
               and urlparse(url).hostname not in ("127.0.0.1", "pose.test")]  # fmt: skip
    assert not outside
    gone = ("ERR_CONNECTION", "ERR_INCOMPLETE_CHUNKED")  # a server that a test has stopped or killed
    # Chromium itself drops a picture that is on its way while a camera's stream is handed to a worker (four
    # times in eighty, in a page of twenty lines that does nothing else). Where we close none,
    # the page stands still.
    dropped = [text for text in complaints if "VideoFrame was garbage collected" in text]
    assert len(dropped) <= 1, "the page closes no pictures"
    said = [text for text in complaints if text not in dropped and not any(each in text for each in gone)]
    assert not said, "the page complained"
