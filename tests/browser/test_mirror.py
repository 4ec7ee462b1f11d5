"""The mirror: whatever becomes of the program, the picture goes on, and skeletons lie where people are."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
from playwright.sync_api import Browser, Page, Playwright, expect

from app.core.catalogue import Catalogue
from app.web.server import STATIC_ROUTE
from benchmarks.chromium import launch
from tests.browser.conftest import Server, serving
from tests.browser.dots import BLUE, RED, WAVER, DotEstimator, film, to_and_fro

ROOT = Path(__file__).parents[2]

HERE = Path(__file__).parent
WATCH, CANVAS = ((HERE / name).read_text() for name in ("watch.js", "canvas_camera.js"))


class Program:
    """A server in a process of its own."""

    def __init__(self, folder: Path) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.address = f"http://127.0.0.1:{self.port}/"
        self._delay = folder / "delay"
        self.slow(0.0)
        self.start()

    def slow(self, seconds: float) -> None:
        """Makes it take so long for each picture."""
        new = self._delay.with_suffix(".new")
        new.write_text(str(seconds))
        new.replace(self._delay)

    def start(self) -> None:
        command = [sys.executable, "-m", "tests.browser.dots", str(self.port), str(self._delay)]
        self.process = subprocess.Popen(command, cwd=ROOT)
        give_up = time.monotonic() + 120
        while time.monotonic() < give_up:
            try:
                urllib.request.urlopen(self.address, timeout=5).read()
                return
            except OSError:
                time.sleep(0.2)
        raise TimeoutError("the server did not start")

    def kill(self) -> None:
        self.process.send_signal(signal.SIGCONT)
        self.process.kill()
        self.process.wait(20)


@pytest.fixture
def program(tmp_path: Path) -> Iterator[Program]:
    running = Program(tmp_path)
    yield running
    running.kill()


@pytest.fixture(params=["straight to the packer", "by way of the page"])
def straight(request: pytest.FixtureRequest) -> bool:
    """How pictures are sent: as in Chromium, or as where there is no MediaStreamTrackProcessor."""
    return request.param == "straight to the packer"


def lead_by_the_page(page: Page) -> None:
    page.evaluate("delete window.MediaStreamTrackProcessor")


@pytest.fixture
def stand(playwright: Playwright, visit, tmp_path: Path) -> Iterator[Callable[..., Page]]:
    """Opens a page before whose camera dots move, and starts it."""
    browsers, pages = [], []

    def opened(address: str, *dots, seconds: float = 4.0, straight: bool = True) -> Page:
        browsers.append(launch(playwright, film(tmp_path / "dots.mjpeg", dots, seconds)))
        page = visit(browsers[-1], address)
        pages.append(page)
        if not straight:
            lead_by_the_page(page)
        page.evaluate(WATCH, [RED, BLUE])
        page.click(".p2a-start")
        page.wait_for_selector("pose-live[data-state=on]", timeout=60_000)
        page.wait_for_function("watched.drawn.length > 10")
        return page

    yield opened
    for page in pages:
        page.evaluate("document.querySelector('pose-live').stop()")  # or the browser misses its last pictures
    for browser in browsers:
        browser.close()


@pytest.fixture
def page(chromium: Browser, visit, server: Server) -> Page:
    return visit(chromium, server.address)


def rates(page: Page, seconds: float) -> tuple[float, float]:
    """Pictures and answers a second from now on."""
    page.evaluate("Object.values(watched).forEach((each) => each.splice(0))")
    page.wait_for_timeout(1000 * seconds)
    pictures, answers = page.evaluate("[watched.pictures.length, watched.answers.length]")
    return pictures / seconds, answers / seconds


def state(page: Page) -> str | None:
    return page.get_attribute("pose-live", "data-state")


def test_the_picture_keeps_its_rate_whatever_becomes_of_the_program(program: Program, stand):
    page = stand(program.address, (RED, to_and_fro(0.3)))
    usual, poses = rates(page, 4)
    assert poses > 0.5

    program.process.send_signal(signal.SIGSTOP)
    page.wait_for_timeout(3500)
    stopped, poses = rates(page, 4)
    assert stopped > 0.8 * usual and poses == 0
    assert state(page) == "lost"
    expect(page.locator(".p2a-note")).to_contain_text("does not answer")
    assert page.evaluate("document.querySelector('pose-live').mirror.marks([0, 0, 1, 1]).length") == 0, (
        "no ghosts"
    )
    program.process.send_signal(signal.SIGCONT)
    page.wait_for_selector("pose-live[data-state=on]")
    expect(page.locator(".p2a-note")).to_be_hidden()

    program.slow(1.0)
    page.wait_for_timeout(1500)
    slowed, poses = rates(page, 6)
    assert slowed > 0.8 * usual and 0.4 < poses < 1.4
    assert state(page) == "on"
    program.slow(0.0)

    program.kill()
    page.wait_for_selector("pose-live[data-state=lost]")
    killed, poses = rates(page, 4)
    assert killed > 0.8 * usual and poses == 0
    program.start()
    page.wait_for_selector("pose-live[data-state=on]", timeout=60_000)
    page.wait_for_timeout(1000)
    again, poses = rates(page, 4)
    print(f"pictures a second: {usual:.1f}, {stopped:.1f} stopped, {slowed:.1f} slow, {killed:.1f} killed")
    assert again > 0.8 * usual and poses > 0.5


SHOWN_LATER = """
async ([address, late, speed]) => {
  // A figure that walks at a steady speed, seen 20 times a second and shown 30 times, each time so late.
  const { Mirror } = await import(address);
  const page = document.querySelector("pose-live");
  const video = { videoWidth: 640, videoHeight: 480 };
  const errors = { true: [], false: [] };
  for (const ahead of [true, false]) {
    const mirror = new Mirror(video, document.createElement("canvas"), () => {});
    Object.assign(mirror, { drawing: page.mirror.drawing, colours: ["red"], ahead });
    const where = (time) => 0.2 + speed * (time / 1000);
    mirror.picture(0);
    let next = 0;
    for (let shown = 0; shown < 2000; shown += 1000 / 30) {
      for (; next <= shown - late; next += 50) {
        const place = (i) => 10_000 * (i % 2 ? 0.1 + i / 100 : where(next) + (i % 3) / 20);
        const points = Array.from({ length: 66 }, (_, i) => place(i));
        const person = { id: 0, label: "wave", score: 1, top: [["wave", 1]], points };
        mirror.seen({ captured: next, persons: [{ ...person, visibility: Array(33).fill(100) }] });
      }
      mirror.picture(shown);
      const [mark] = mirror.marks([0, 0, 4, 3]);
      if (mark && shown > 500) errors[ahead].push(1 - mark.points[0][0] / 4 - where(shown));
    }
  }
  return [errors.true, errors.false];
}
"""


@pytest.mark.parametrize(("late", "speed"), [(50, 0.5), (50, -0.5), (90, 0.4)])
def test_landmarks_are_drawn_where_they_are_now(page: Page, late: float, speed: float):
    """Of a known speed, in widths of the picture a second, by a clock of the test's own."""
    moved, left_behind = (
        np.abs(each) for each in page.evaluate(SHOWN_LATER, [f"{STATIC_ROUTE}/mirror.js", late, speed])
    )
    assert len(moved) > 30 and len(left_behind) == len(moved)
    assert left_behind.min() > 0.9 * abs(speed) * late / 1000
    assert moved.max() < 0.15 * left_behind.mean()


def test_a_skeleton_sits_on_whoever_moves_although_it_is_late(stand, straight: bool):
    """Before a camera, with what a machine adds to the 50 ms that the program takes."""
    estimator = DotEstimator(lambda: 0.05)
    errors = {True: [], False: []}
    with serving(Catalogue.of({"waver": WAVER}), make_estimator=lambda _: estimator) as server:
        page = stand(server.address, (RED, to_and_fro(0.4)), straight=straight)
        assert page.evaluate("document.querySelector('pose-live').camera.straight") == straight
        give_up = time.monotonic() + 60
        while min(map(len, errors.values())) < 60 and time.monotonic() < give_up:
            for ahead, found in errors.items():
                page.evaluate("(on) => { document.querySelector('pose-live').mirror.ahead = on }", ahead)
                rates(page, 3)
                # Nobody is moved on for longer than 120 ms, however busy the machine.
                found += [
                    abs(mark["x"] - each["dots"][0])
                    for each in page.evaluate("watched.drawn")
                    for mark in each["marks"]
                    if each["dots"][0] and 30 < each["shown"] - each["captured"] < 150
                ]
    moved, left_behind = (float(np.median(errors[ahead])) for ahead in (True, False))
    print(f"median error in widths of the picture: {moved:.4f} moved on, {left_behind:.4f} left behind")
    assert min(map(len, errors.values())) >= 20, "so busy that hardly anything was drawn in time"
    assert moved < 0.5 * left_behind


def test_people_who_cross_keep_their_number_and_colour(stand):
    estimator = DotEstimator(colours=(RED, BLUE))
    ways = (RED, to_and_fro(0.25)), (BLUE, lambda t: 1 - to_and_fro(0.25)(t))
    with serving(Catalogue.of({"waver": WAVER}), make_estimator=lambda _: estimator) as server:
        page = stand(server.address, *ways, seconds=4.8)
        expect(page.locator(".p2a-person")).to_have_count(2)
        rates(page, 10)
        drawn = page.evaluate("watched.drawn")
    whose = {}
    apart = [
        each
        for each in drawn
        if each["dots"][0] and each["dots"][1] and abs(each["dots"][0] - each["dots"][1]) > 0.3
    ]
    for each in apart:
        for mark in each["marks"]:
            nearest = "red" if abs(mark["x"] - each["dots"][0]) < abs(mark["x"] - each["dots"][1]) else "blue"
            whose.setdefault(mark["colour"], []).append(nearest)
    sides = {each["dots"][0] < each["dots"][1] for each in apart}
    assert sides == {True, False}, "they have crossed"
    assert len(whose) == 2
    assert {max(set(dots), key=dots.count) for dots in whose.values()} == {"red", "blue"}
    for dots in whose.values():
        assert max(map(dots.count, set(dots))) > 0.85 * len(dots), "the rest was late"


@pytest.fixture
def camera_of_any_size(chromium, visit, straight: bool) -> Iterator[tuple[Page, DotEstimator]]:
    estimator = DotEstimator()
    with serving(Catalogue.of({"waver": WAVER}), make_estimator=lambda _: estimator) as server:
        page = visit(chromium, server.address)
        if not straight:
            lead_by_the_page(page)
        page.evaluate(CANVAS, RED)
        page.evaluate(WATCH, [RED, BLUE])
        page.click(".p2a-start")
        page.wait_for_function("watched.drawn.length > 5", timeout=60_000)
        yield page, estimator


def test_cameras_of_all_shapes_are_shown_as_they_are_and_sent_small(camera_of_any_size):
    page, estimator = camera_of_any_size
    for size in ((480, 640), (3840, 2160), (640, 480)):
        page.evaluate("(told) => { window.size = told }", list(size))
        page.wait_for_function(
            "([w, h]) => document.querySelector('.p2a-preview').videoWidth === w", arg=list(size)
        )
        page.wait_for_timeout(1500)
        page.evaluate("watched.drawn.splice(0)")
        page.wait_for_function("watched.drawn.length > 3")
        width, height = estimator.sizes[-1]
        assert width / height == pytest.approx(size[0] / size[1], rel=0.01)
        assert max(width, height) <= 640
        for drawn in page.evaluate("watched.drawn"):
            (mark,) = drawn["marks"]
            assert mark["x"] == pytest.approx(0.3, abs=0.02)
        assert page.evaluate("document.documentElement.scrollWidth") <= 1280
        screen = page.locator(".p2a-screen").bounding_box()
        assert screen["height"] < 620, "a tall picture does not push everything else away"


def test_a_hidden_tab_costs_nothing_and_goes_on_when_it_is_seen_again(camera_of_any_size):
    """Browsers call nothing back for pictures of a tab that is hidden."""
    page, estimator = camera_of_any_size
    page.evaluate("window.paused = true")
    page.wait_for_timeout(2500)
    before = len(estimator.sizes)
    page.wait_for_timeout(2000)
    assert len(estimator.sizes) == before
    page.evaluate(
        "() => { const now = performance.now.bind(performance); performance.now = () => now() + 60_000 }"
    )
    page.evaluate("watched.drawn.splice(0)")
    page.evaluate("window.paused = false")
    page.wait_for_function("watched.drawn.length > 3")
    first = page.evaluate("watched.drawn[0]")
    assert first["fresh"], "nothing is drawn of before"
    assert state(page) == "on"


def test_a_picture_is_saved_with_its_skeletons_mirrored(camera_of_any_size):
    page, _ = camera_of_any_size
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Save picture").click()
    saved = waiting.value
    assert saved.suggested_filename.startswith("pose2action-picture-") and saved.suggested_filename.endswith(
        ".png"
    )
    picture = cv2.cvtColor(cv2.imread(str(saved.path())), cv2.COLOR_BGR2RGB)
    assert picture.shape == (480, 640, 3)
    red = (np.abs(picture.astype(int) - RED) < 60).all(-1)
    assert np.nonzero(red)[1].mean() / 640 == pytest.approx(0.7, abs=0.05), "mirrored"
    grey = (np.abs(picture.astype(int) - 128) < 6).all(-1)
    assert (~red & ~grey).sum() > 2000, "the skeleton is drawn on it"


def test_the_last_seconds_are_saved_as_labels_and_landmarks(camera_of_any_size):
    page, _ = camera_of_any_size
    expect(page.locator(".p2a-action").first).to_have_text("wave")
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Save the last 30 seconds").click()
    saved = waiting.value
    assert saved.suggested_filename.startswith("pose2action-last-30-seconds-")
    record = json.loads(Path(saved.path()).read_text())
    (person,) = record["persons"]
    picture = np.array(person["picture"])
    assert picture.shape == (len(person["times"]), 33, 2)
    assert np.abs(picture[:, 0, 0] - 0.3).max() < 0.02 and person["times"][-1] == 0
    assert record["labels"][-1][3] == "wave"


def test_two_people_fit_on_a_screen_and_no_column_is_half_empty(stand):
    estimator = DotEstimator(colours=(RED, BLUE))
    ways = (RED, lambda t: 0.3), (BLUE, lambda t: 0.7)
    with serving(Catalogue.of({"waver": WAVER}), make_estimator=lambda _: estimator) as server:
        page = stand(server.address, *ways, seconds=1.0)
        expect(page.locator(".p2a-strip")).to_have_count(2, timeout=60_000)

        def past_bottom() -> float:
            box = page.locator(".p2a-past").bounding_box()
            return box["y"] + box["height"]

        assert past_bottom() <= 900
        page.get_by_role("checkbox", name="What the network looks at").first.check()
        expect(page.locator(".p2a-live .p2a-heat-panel")).to_have_count(2, timeout=60_000)
        page.evaluate("scrollTo(0, 0)")
        assert past_bottom() <= 900
        # All at one moment: labels of other lengths change the heights.
        boxes = page.evaluate(
            """selectors => selectors.map(selector => [...document.querySelectorAll(selector)].map(
                   element => element.getBoundingClientRect().toJSON()))""",
            [".p2a-heat", ".p2a-now", ".p2a-stage", ".p2a-heat > .p2a-heat-panel", ".p2a-heat-panel canvas"],
        )
        (heat,), (now,), (stage,), panels, canvases = boxes
        assert heat["y"] == pytest.approx(stage["y"], abs=1)
        assert heat["bottom"] == pytest.approx(now["bottom"], abs=1), "as tall as what is beside it"
        assert sum(each["height"] for each in panels) > 0.98 * heat["height"]
        assert min(each["height"] for each in canvases) > 120
