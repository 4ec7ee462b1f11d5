"""Parts of an uploaded video teach an own action, and the next look names it: the whole way in a browser."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from app.core.catalogue import Catalogue
from recognizer.own.collection import Collections
from tests.browser.conftest import Server, serving
from tests.browser.dots import BLUE, RED, film, to_and_fro
from tests.browser.teach import PuppetEstimator
from tests.browser.test_video import ANALYSIS, analyse, upload

BORDER, LENGTH = 5.0, 10.0
"""Seconds: an arm is lifted again and again before the one, then somebody crouches until the other."""
LIFTS = ((0.5, 2.5), (1.5, 3.5), (2.5, 4.5))


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Collections:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    return Collections()


@pytest.fixture
def estimators(monkeypatch: pytest.MonkeyPatch) -> list[PuppetEstimator]:
    """Those that analyses have made."""
    made: list[PuppetEstimator] = []

    def make(landmarks) -> PuppetEstimator:
        made.append(PuppetEstimator())
        return made[-1]

    monkeypatch.setattr("app.video.process.make_mediapipe", make)
    return made


@pytest.fixture
def program(home: Collections, estimators: list) -> Iterator[Server]:
    with serving(Catalogue.shipped("kinetics-18-lsta-daily")) as running:
        yield running


@pytest.fixture
def video(tmp_path: Path) -> Path:
    way = to_and_fro(0.6)
    dots = [(RED, lambda t: way(t) if t < BORDER else -1), (BLUE, lambda t: way(t) if t >= BORDER else -1)]
    raw, path = film(tmp_path / "dots.mjpeg", dots, LENGTH), tmp_path / "dots.mp4"
    command = ["ffmpeg", "-v", "error", "-f", "mjpeg", "-framerate", "30", "-i", str(raw)]
    subprocess.run([*command, "-c:v", "libx264", "-pix_fmt", "yuv420p", str(path)], check=True)
    return path


@pytest.fixture
def tab(program: Server, chromium: Browser, visit, video: Path) -> Page:
    """The Video tab, with the video analysed and the controls open."""
    page = visit(chromium, program.address)
    page.get_by_role("tab", name="Video").click()
    upload(page, video)
    analyse(page)
    expect(page.locator("#video-status")).to_contain_text("The clip as a whole", timeout=ANALYSIS)
    page.get_by_role("button", name="Teach a part of this video").click()
    expect(start(page)).to_be_visible()
    return page


def start(page: Page) -> Locator:
    return page.get_by_label("Start (seconds)")


def end(page: Page) -> Locator:
    return page.get_by_label("End (seconds)")


def collection(page: Page) -> Locator:
    return page.get_by_role("combobox", name="Collection")


def said(page: Page) -> Locator:
    return page.locator("#video-part-said")


def test_cut_taught_and_named_by_the_next_analysis_without_pose_estimation(
    tab: Page, home: Collections, estimators: list
):
    expect(start(tab)).to_have_value("0")
    expect(end(tab)).to_have_value("10")
    tab.get_by_label("Action", exact=True).fill("my lift")
    collection(tab).fill("gym")
    for number, (since, until) in enumerate(LIFTS, 1):
        start(tab).fill(str(since))
        end(tab).fill(str(until))
        tab.get_by_role("button", name="Teach this part").click()
        many = f"It has {number} of three to five" if number < 3 else "in gym. The next analysis knows it"
        expect(said(tab).get_by_role("status")).to_contain_text(many)
    recordings = home.open("gym").recordings("my lift")
    assert [home.open("gym").read("my lift", each).duration for each in recordings] == pytest.approx(
        [2.0] * 3, abs=0.1
    )
    expect(tab.locator("#video-own input")).to_have_value("gym")
    expect(tab.locator("#video-table")).not_to_contain_text("my lift")
    before = tab.locator("#video-out video").get_attribute("src")
    analyse(tab)
    expect(tab.locator("#video-table")).to_contain_text("my lift", timeout=ANALYSIS)
    assert tab.locator("#video-out video").get_attribute("src") != before
    tab.wait_for_function("document.querySelector('#video-out video')?.readyState >= 2")
    assert len(estimators) == 1, "who was there is known"
    bars = tab.evaluate("document.querySelector('#video-timeline .js-plotly-plot').data[0].customdata")
    (lift,) = [bar for bar in bars if bar[0].startswith("my lift")]
    assert lift[1] < 1.0 and lift[2] == pytest.approx(BORDER, abs=1.5)


def test_the_keyboard_alone_teaches(tab: Page, home: Collections):
    start(tab).focus()
    tab.keyboard.press("ControlOrMeta+a")
    tab.keyboard.type("1")
    tab.keyboard.press("Tab")
    expect(end(tab)).to_be_focused()
    tab.keyboard.press("ControlOrMeta+a")
    tab.keyboard.type("3")
    tab.keyboard.press("Tab")
    expect(tab.get_by_label("Action", exact=True)).to_be_focused()
    tab.keyboard.type("lift")
    tab.keyboard.press("Tab")
    expect(collection(tab)).to_be_focused()
    tab.keyboard.press("ControlOrMeta+a")
    tab.keyboard.type("dance")
    tab.keyboard.press("Tab")
    expect(tab.get_by_role("button", name="Teach this part")).to_be_focused()
    tab.keyboard.press("Enter")
    expect(said(tab)).to_contain_text("Kept 2.0 s of lift in dance")
    assert len(home.open("dance").recordings("lift")) == 1


def test_a_click_into_the_timeline_chooses_the_part(tab: Page):
    area = tab.locator("#video-timeline .nsewdrag").bounding_box()
    bars = tab.evaluate("document.querySelector('#video-timeline .js-plotly-plot').data[0]?.customdata ?? []")

    def click(seconds: float) -> tuple[float, float]:
        tab.mouse.click(area["x"] + area["width"] * seconds / LENGTH, area["y"] + area["height"] / 2)
        expect(end(tab)).not_to_have_value("10")
        return float(start(tab).input_value()), float(end(tab).input_value())

    for seconds in (3.0, 7.5, 9.9):
        chosen = click(seconds)
        bar = next((bar for bar in bars if bar[1] <= seconds <= bar[2]), None)
        around = (min(seconds - 1.25, LENGTH - 2.5), min(seconds + 1.25, LENGTH))
        assert chosen == pytest.approx(around if bar is None else bar[1:3], abs=0.06)
    start(tab).fill("5.5")
    tab.get_by_label("Action", exact=True).fill("duck")
    click(3.0)
    tab.get_by_role("button", name="Teach this part").click()
    span = float(end(tab).input_value()) - float(start(tab).input_value())
    expect(said(tab)).to_contain_text(f"Kept {span:.1f} s of duck", timeout=5000)


def test_what_cannot_be_taught_is_told(tab: Page, home: Collections):
    teach = tab.get_by_role("button", name="Teach this part")
    teach.click()
    expect(said(tab).get_by_role("alert")).to_have_text("Name the action first.")
    tab.get_by_label("Action", exact=True).fill("../lift")
    teach.click()
    expect(said(tab).get_by_role("alert")).to_contain_text("is no name for an action")
    tab.get_by_label("Action", exact=True).fill("lift")
    end(tab).fill("0.2")
    teach.click()
    expect(said(tab).get_by_role("alert")).to_contain_text("record at least 0.4 s")
    assert home.names() == () or home.open("mine").actions() == ()
