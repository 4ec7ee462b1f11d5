"""The Video tab in a real browser: uploads, results, downloads, cancelling and bad files."""

from __future__ import annotations

import csv
import glob
import json
import subprocess
import time
from pathlib import Path

import pytest
from gradio.utils import get_upload_folder
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import Server

ANALYSIS = 120_000


@pytest.fixture
def tab(server: Server, chromium: Browser, visit) -> Page:
    """A page with the Video tab open."""
    page = visit(chromium, server.address)
    page.get_by_role("tab", name="Video").click()
    return page


def upload(page: Page, path: Path) -> None:
    page.set_input_files("#video-file input[type=file]", str(path))
    expect(page.locator("#video-file")).to_contain_text(path.stem, timeout=30_000)


def analyse(page: Page) -> None:
    page.click("#video-analyse")
    page.wait_for_selector("#video-cancel:not([disabled])")


def cut(clip: Path, path: Path, seconds: float, *options: str) -> Path:
    """The clip's first seconds, written anew."""
    subprocess.run(
        ["ffmpeg", "-v", "error", "-y", "-i", str(clip), "-t", str(seconds), "-an", *options, str(path)],
        check=True,
    )
    return path


def download(page: Page, button: str, folder: Path) -> Path:
    with page.expect_download() as event:
        page.click(button)
    path = folder / event.value.suggested_filename
    event.value.save_as(path)
    return path


def test_an_uploaded_clip_gives_a_video_a_timeline_a_table_and_downloads(
    tab: Page, clip: Path, tmp_path: Path
):
    upload(tab, cut(clip, tmp_path / "my clip.mp4", 4, "-c:v", "libx264", "-pix_fmt", "yuv420p"))
    analyse(tab)
    expect(tab.locator("#video-status")).to_contain_text("person 1: wave (60%)", timeout=ANALYSIS)
    tab.wait_for_function("document.querySelector('#video-out video')?.readyState >= 2")
    duration, width = tab.eval_on_selector(
        "#video-out video", "(video) => [video.duration, video.videoWidth]"
    )
    assert duration == pytest.approx(4, abs=0.3)
    assert width > 0
    tab.evaluate("document.querySelector('#video-out video').play()")
    tab.wait_for_function("document.querySelector('#video-out video').currentTime > 0.2")
    expect(tab.locator("#video-timeline")).to_contain_text("Person 1")
    expect(tab.locator("#video-table")).to_contain_text("wave")

    saved = download(tab, "#video-json", tmp_path)
    assert saved.suffix == ".json"
    found = json.loads(saved.read_text())
    assert found["source"].endswith(".mp4")
    assert "/" not in found["source"]
    assert found["weights"] == "waver"
    (person,) = found["persons"]
    assert person["summary"][0] == {"label": "wave", "score": pytest.approx(0.6, abs=0.01)}
    segment = person["segments"][0]
    assert 0 <= segment["start"] < segment["end"] <= found["duration"] + 0.1
    rows = list(csv.DictReader(download(tab, "#video-csv", tmp_path).read_text().splitlines()))
    assert rows[0]["action"] == "wave"
    assert float(rows[0]["end"]) == pytest.approx(segment["end"], abs=0.01)


def test_what_the_network_looked_at_is_shown_along_the_timeline(tab: Page, clip: Path, tmp_path: Path):
    upload(tab, cut(clip, tmp_path / "clip.mp4", 5, "-c:v", "libx264", "-pix_fmt", "yuv420p"))
    tab.locator("#video-look input").check()
    analyse(tab)
    body = tab.locator("#video-heat").get_by_role("img", name="Joints. Strongest joints: right wrist")
    expect(body).to_be_visible(timeout=ANALYSIS)
    expect(tab.locator("#video-heat")).to_contain_text("Person 1, window from 1.0 s to 4.0 s")
    before = body.evaluate("(canvas) => canvas.toDataURL()")
    moment = tab.locator("#video-moment input[type=number]")
    moment.fill("3")
    moment.press("Enter")
    expect(tab.locator("#video-heat")).to_contain_text("Person 1, window from 0.0 s to 3.0 s")
    assert body.evaluate("(canvas) => canvas.toDataURL()") != before, "the body at another moment"
    tab.locator("#video-look input").uncheck()
    analyse(tab)
    expect(tab.locator("#video-attention")).to_be_hidden()
    expect(tab.locator("#video-status")).to_contain_text("person 1: wave", timeout=ANALYSIS)
    expect(tab.locator("#video-attention")).to_be_hidden()


def test_the_example_needs_no_video(tab: Page):
    tab.click("#video-example")
    expect(tab.locator("#video-file")).to_contain_text("example", timeout=30_000)
    analyse(tab)
    expect(tab.locator("#video-status")).to_contain_text("person 1: wave", timeout=ANALYSIS)
    tab.wait_for_function("document.querySelector('#video-out video')?.readyState >= 2")


@pytest.mark.parametrize(
    ("ending", "options"),
    [("gif", ("-vf", "scale=240:-2,fps=10")), ("webm", ("-c:v", "libvpx", "-deadline", "realtime")),
     ("avi", ("-c:v", "mpeg4", "-q:v", "4")), ("mov", ("-c:v", "libx264", "-pix_fmt", "yuv420p"))],
)  # fmt: skip
def test_other_kinds_of_files_work(
    tab: Page, clip: Path, tmp_path: Path, ending: str, options: tuple[str, ...]
):
    upload(tab, cut(clip, tmp_path / f"clip.{ending}", 2, *options))
    analyse(tab)
    expect(tab.locator("#video-status")).to_contain_text("person 1: wave", timeout=ANALYSIS)
    tab.wait_for_function("document.querySelector('#video-out video')?.readyState >= 2")


def bad_file(kind: str, clip: Path, path: Path) -> Path:
    if kind == "text":
        path.write_text("This is no video.\n")
    elif kind == "empty":
        path.write_bytes(b"")
    else:
        subprocess.run(
            ["ffmpeg", "-v", "error", "-f", "lavfi", "-i", "sine=duration=2", "-c:a", "aac", str(path)],
            check=True,
        )
    return path


@pytest.mark.parametrize(
    ("kind", "words"),
    [("text", "cannot be read as a video"), ("empty", "is empty"), ("audio", "no video track")],
)
def test_a_bad_file_is_one_sentence_and_the_page_goes_on(
    tab: Page, clip: Path, tmp_path: Path, kind: str, words: str
):
    upload(tab, bad_file(kind, clip, tmp_path / "bad.mp4"))
    tab.click("#video-analyse")
    expect(tab.locator("#video-status .p2a-error")).to_contain_text(words, timeout=30_000)
    said = tab.locator("#video-status").inner_text()
    assert "Traceback" not in said
    assert said.count("\n") == 0
    expect(tab.locator("#video-analyse")).to_be_enabled()
    expect(tab.locator("#video-out")).to_be_hidden()


def test_a_video_that_ends_early_is_analysed_as_far_as_it_goes(tab: Page, clip: Path, tmp_path: Path):
    whole = cut(clip, tmp_path / "whole.mkv", 6, "-c:v", "libx264", "-pix_fmt", "yuv420p", "-g", "15")
    part = tmp_path / "part.mkv"
    part.write_bytes(whole.read_bytes()[: int(whole.stat().st_size * 0.55)])
    upload(tab, part)
    analyse(tab)
    expect(tab.locator("#video-status")).to_contain_text("person 1: wave", timeout=ANALYSIS)
    expect(tab.locator("#video-status")).to_contain_text("could be read")


def test_a_video_without_people_says_so(tab: Page, tmp_path: Path):
    path = tmp_path / "room.mp4"
    subprocess.run(
        ["ffmpeg", "-v", "error", "-f", "lavfi", "-i", "color=c=gray:s=320x240:r=15:d=1"]
        + ["-pix_fmt", "yuv420p", str(path)],
        check=True,
    )
    upload(tab, path)
    tab.click("#video-analyse")
    expect(tab.locator("#video-status .p2a-error")).to_contain_text("Nobody was seen", timeout=ANALYSIS)


def test_analyse_without_a_file_says_what_to_do(tab: Page):
    tab.click("#video-analyse")
    expect(tab.locator("#video-status .p2a-error")).to_contain_text("Choose a video first")


def test_fused_networks_count_as_much_as_is_said(tab: Page, clip: Path, tmp_path: Path):
    upload(tab, cut(clip, tmp_path / "short.mp4", 1, "-c:v", "libx264", "-pix_fmt", "yuv420p"))
    expect(tab.locator("#video-shares")).to_be_hidden()
    tab.click("#video-partners input")
    tab.get_by_role("option", name="curler").click()
    tab.locator("#video-shares").get_by_text("How much each network counts").click()
    for number, share in enumerate((60, 20)):
        tab.locator(f"#video-share-{number} input[type=number]").fill(str(share))
    tab.locator("#video-share-1 input[type=number]").press("Enter")
    analyse(tab)
    expect(tab.locator("#video-analyse")).to_be_enabled(timeout=ANALYSIS)
    found = json.loads(download(tab, "#video-json", tmp_path).read_text())
    assert found["weights"] == "waver*0.75+curler*0.25"


def test_cancel_stops_the_analysis_and_another_can_start(tab: Page, clip: Path, tmp_path: Path):
    long = tmp_path / "long.mp4"
    subprocess.run(
        ["ffmpeg", "-v", "error", "-stream_loop", "20", "-i", str(clip), "-t", "90", "-an", "-c:v", "libx264"]
        + ["-preset", "ultrafast", "-pix_fmt", "yuv420p", str(long)],
        check=True,
    )
    upload(tab, long)
    analyse(tab)
    tab.wait_for_selector("#video-status [role=progressbar]", timeout=60_000)
    tab.click("#video-cancel")
    expect(tab.locator("#video-status")).to_have_text("Cancelled.", timeout=15_000)
    expect(tab.locator("#video-cancel")).to_be_disabled()
    analyse(tab)
    tab.wait_for_selector("#video-status [role=progressbar]", timeout=60_000)
    tab.click("#video-cancel")
    expect(tab.locator("#video-status")).to_have_text("Cancelled.", timeout=15_000)


def files_of(name: str) -> list[str]:
    """What the server has of an upload; unlike Path.glob, this bears a folder that goes meanwhile."""
    return glob.glob(f"*/{name}*", root_dir=get_upload_folder())


def wait_for(there: bool, name: str) -> None:
    until = time.monotonic() + 60
    while bool(files_of(name)) != there:
        assert time.monotonic() < until, files_of(name)
        time.sleep(0.1)


def test_an_upload_goes_with_its_tab_or_when_another_is_chosen(tab: Page, clip: Path, tmp_path: Path):
    upload(tab, bad_file("text", clip, tmp_path / "first-to-go.mp4"))
    wait_for(True, "first-to-go")
    tab.get_by_role("button", name="Clear").or_(tab.get_by_label("Remove file")).first.click()
    wait_for(False, "first-to-go")
    second = cut(clip, tmp_path / "second-to-go.mp4", 1, "-c:v", "libx264", "-pix_fmt", "yuv420p")
    upload(tab, second)
    for _ in range(2):
        analyse(tab)
        expect(tab.locator("#video-analyse")).to_be_enabled(timeout=ANALYSIS)
        tab.wait_for_function("document.querySelector('#video-out video')?.readyState >= 4")
        assert files_of("second-to-go"), "it can be analysed again"
    result = tab.locator("#video-out video").get_attribute("src").partition("file=")[2]
    assert Path(result).exists()
    tab.close()
    wait_for(False, "second-to-go")
    assert not Path(result).exists()
