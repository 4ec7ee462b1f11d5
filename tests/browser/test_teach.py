"""Teaching in a real browser: shown to a camera, known again, and still there after a restart."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from playwright.sync_api import Page, Playwright, expect

from app.core.catalogue import Catalogue
from benchmarks.chromium import launch
from pose.layouts import MEDIAPIPE_33
from recognizer.own.collection import Collections
from tests.browser.conftest import Server, serving
from tests.browser.dots import BLUE, RED, Way, film, to_and_fro
from tests.browser.teach import PuppetEstimator
from tests.recognizer.own.motions import MOTIONS, pose

SLOW = 60_000
SECONDS = "4"
"""Of a recording: a busy machine sees three pictures a second."""
LONGEST = "10"
RIGHT_WRIST = MEDIAPIPE_33.index("right_wrist")
LONGER = ".p2a-teach-said:has-text('or record for longer')"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Collections:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    return Collections()


@pytest.fixture
def program(home: Collections) -> Iterator[Server]:
    catalogue = Catalogue.shipped("kinetics-18-lsta-daily")
    with serving(catalogue, make_estimator=lambda _: PuppetEstimator()) as running:
        yield running


@pytest.fixture
def stand(playwright: Playwright, visit, tmp_path: Path, program: Server) -> Iterator[Callable[..., Page]]:
    """Opens a page before whose camera a dot moves, and starts it."""
    browsers = []

    def opened(colour: tuple[int, int, int] | None, way: Way = to_and_fro(0.6), seconds: float = 4.0) -> Page:
        dots = [] if colour is None else [(colour, way)]
        path = film(tmp_path / f"{len(browsers)}.mjpeg", dots, seconds)
        browsers.append(launch(playwright, path))
        page = visit(browsers[-1], program.address)
        page.set_viewport_size({"width": 560, "height": 700})  # less to draw for a busy machine
        begin(page)
        return page

    yield opened
    for browser in browsers:
        browser.close()


def begin(page: Page) -> None:
    page.click(".p2a-start")
    expect(page.locator(".p2a-state")).to_have_text("Live", timeout=SLOW)


def teach(page: Page, name: str, times: int, already: int = 0) -> None:
    page.fill("[data-teach=name]", name)
    page.fill("[data-teach=seconds]", SECONDS)
    for number in range(already + 1, already + times + 1):
        page.click("[data-teach=count]")
        many = "1 recording" if number == 1 else f"{number} recordings"
        expect(action(page, name).locator("summary")).to_have_text(many, timeout=SLOW)


def kept(page: Page, name: str, many: str) -> None:
    """Waits for a recording; where too few pictures came, does what the page says: records for longer."""
    summary, said = action(page, name).locator("summary").filter(has_text=many), page.locator(LONGER)
    expect(summary.or_(said).first).to_be_visible(timeout=SLOW)
    if said.is_visible():
        page.fill("[data-teach=seconds]", LONGEST)
        page.click("[data-teach=count]")
    expect(summary).to_be_visible(timeout=SLOW)


def action(page: Page, name: str):
    return page.locator(".p2a-teach-actions > li").filter(has=page.locator(f"strong:text-is('{name}')"))


def test_taught_recognised_deleted_undone_and_there_after_a_restart(
    stand: Callable[..., Page], program: Server, home: Collections
):
    page = stand(RED)
    teach(page, "my lift", 3)
    expect(page.locator("[data-teach=use]")).to_be_checked()
    expect(page.locator(".p2a-cards")).to_contain_text("my lift", timeout=SLOW)
    page.wait_for_function("document.querySelector('.p2a-teach-head meter').value > 0.5", timeout=SLOW)
    expect(action(page, "my lift").locator(".p2a-teach-hints")).to_contain_text("same side")
    drawn = "c => c.getContext('2d').getImageData(0, 0, c.width, c.height).data.some((v) => v > 0)"
    page.wait_for_function(f"({drawn})(document.querySelector('.p2a-teach-actions canvas'))", timeout=SLOW)

    page.get_by_role("button", name="Delete recording 1 of my lift").click()
    expect(action(page, "my lift").locator("summary")).to_have_text("2 recordings", timeout=SLOW)
    page.get_by_role("button", name="Undo").click()
    expect(action(page, "my lift").locator("summary")).to_have_text("3 recordings", timeout=SLOW)

    program.stop()
    program.start()
    page.reload()
    begin(page)
    expect(page.locator(".p2a-cards")).to_contain_text("my lift", timeout=SLOW)

    page.get_by_role("button", name="Delete my lift with all").click()
    expect(page.locator(".p2a-teach-actions > li")).to_have_count(0, timeout=SLOW)
    expect(page.locator(".p2a-cards")).not_to_contain_text("my lift", timeout=SLOW)
    assert home.open("mine").actions() == ()


def test_two_tabs_teach_at_once_and_learn_of_each_other(stand: Callable[..., Page], home: Collections):
    red, blue = stand(RED), stand(BLUE)
    tabs = ((red, "lift"), (blue, "duck"))
    for page, name in tabs:
        page.fill("[data-teach=name]", name)
        page.fill("[data-teach=seconds]", SECONDS)
    for many in ("1 recording", "2 recordings"):
        for page, _ in tabs:
            page.click("[data-teach=count]")
        for page, name in tabs:
            kept(page, name, many)
    for page in (red, blue):
        expect(page.locator(".p2a-teach-actions > li")).to_have_count(2, timeout=SLOW)
    expect(red.locator(".p2a-cards")).to_contain_text("lift", timeout=SLOW)
    expect(blue.locator(".p2a-cards")).to_contain_text("duck", timeout=SLOW)
    made = home.open("mine")
    assert [len(made.recordings(each)) for each in ("duck", "lift")] == [2, 2]


def test_what_cannot_be_taught_is_told_and_nothing_is_lost(stand: Callable[..., Page], home: Collections):
    page = stand(RED)
    said = page.locator(".p2a-teach-said")
    page.click("[data-teach=count]")
    expect(said).to_have_text("Name the action first.")
    page.fill("[data-teach=seconds]", "1")
    for name in ("../out", "a/b"):
        page.fill("[data-teach=name]", name)
        page.click("[data-teach=count]")
        expect(said).to_contain_text("is no name for an action", timeout=SLOW)
    assert home.names() == () or home.open("mine").actions() == ()
    teach(page, "lift", 1)
    page.get_by_role("button", name="Rename lift").click()
    page.get_by_role("textbox", name="New name of lift").fill("../lift")
    page.keyboard.press("Enter")
    expect(said).to_contain_text("is no name for an action", timeout=SLOW)
    page.get_by_role("button", name="Rename lift").click()
    page.get_by_role("textbox", name="New name of lift").fill("hoist")
    page.keyboard.press("Enter")
    expect(action(page, "hoist").locator("summary")).to_have_text("1 recording", timeout=SLOW)


def test_several_in_a_row_are_cut_where_the_body_rests(stand: Callable[..., Page], home: Collections):
    """Three seconds of the action and three of rest, over and over: two whole ones are in 18 s at least."""
    page = stand(RED, lambda t: to_and_fro(0.4)(max(0.0, t - 3.0)), 6.0)
    page.fill("[data-teach=name]", "lift")
    several = page.locator("[data-teach=row]")
    several.click()
    expect(several).to_have_text("Stop")
    expect(page.locator("[data-teach=count]")).to_be_disabled()
    several.click()
    expect(several).to_have_text("Several in a row")
    several.focus()
    page.keyboard.press("Enter")
    expect(several).to_have_text("Done", timeout=SLOW)
    page.wait_for_timeout(18_000)
    page.keyboard.press("Enter")
    expect(page.locator(".p2a-teach-said")).to_contain_text("of lift, of", timeout=SLOW)
    expect(page.locator("[data-teach=use]")).to_be_checked()
    names = home.open("mine").recordings("lift")
    assert 2 <= len(names) <= 4
    assert all(2.0 < home.open("mine").read("lift", name).duration < 4.5 for name in names)


def test_a_video_is_kept_where_that_is_ticked(stand: Callable[..., Page], home: Collections):
    page = stand(RED)
    ticked = page.get_by_role("checkbox", name="Keep the video too")
    expect(ticked).not_to_be_checked()
    ticked.check()
    picture = cv2.imdecode(
        np.frombuffer(ticked.screenshot(animations="disabled"), np.uint8), cv2.IMREAD_COLOR
    )
    assert np.ptp(picture, axis=(0, 1)).max() > 100, "themes draw no tick on checkboxes that are not theirs"
    ticked.uncheck()
    page.fill("[data-teach=name]", "lift")
    for many in ("1 recording", "2 recordings"):
        page.locator("[data-teach=hold]").focus()
        page.keyboard.down(" ")
        page.wait_for_timeout(4000)
        page.keyboard.up(" ")
        expect(action(page, "lift").locator("summary")).to_have_text(many, timeout=SLOW)
        ticked.focus()
        page.keyboard.press(" ")
    expect(action(page, "lift").get_by_text("with video")).to_have_count(1)
    made = home.open("mine")
    first, second = made.recordings("lift")
    assert made.videos("lift") == (second,)
    found = made.read("lift", second)
    with av.open(str(made.video("lift", second))) as video:
        pictures = [(frame.time, frame.to_ndarray(format="rgb24")) for frame in video.decode(video=0)]
    assert [time for time, _ in pictures] == pytest.approx(list(found.times), abs=2e-3)
    for (_, picture), lifted in zip(pictures, found.image[:, RIGHT_WRIST, 1], strict=True):
        assert picture.shape == (360, 480, 3)
        red = (np.abs(picture.astype(int) - RED) < 90).all(-1)
        assert red.sum() > 200, "the dot that the camera shows"
        place = np.nonzero(red)[1].mean() / picture.shape[1]
        seen = pose(MOTIONS["raise"](np.clip((place - 0.2) / 1.2, 0, 0.5))).image[RIGHT_WRIST, 1]
        assert seen == pytest.approx(lifted, abs=25), "it shows what its landmarks tell, not mirrored"


def test_nobody_in_the_picture_is_told(stand: Callable[..., Page], home: Collections):
    page = stand(None)
    page.fill("[data-teach=name]", "lift")
    page.fill("[data-teach=seconds]", "1")
    page.click("[data-teach=count]")
    expect(page.locator(".p2a-teach-said")).to_contain_text("Nobody was in the picture", timeout=SLOW)
    assert home.names() == ()


def test_the_keyboard_alone_teaches(stand: Callable[..., Page], home: Collections):
    page = stand(RED)
    page.locator("[data-teach=name]").focus()
    page.keyboard.type("lift")
    page.locator("[data-teach=hold]").focus()
    page.keyboard.down(" ")
    page.wait_for_timeout(4000)
    page.keyboard.up(" ")
    expect(action(page, "lift").locator("summary")).to_have_text("1 recording", timeout=SLOW)
    (name,) = home.open("mine").recordings("lift")
    assert 2.0 < home.open("mine").read("lift", name).duration < 6.0
