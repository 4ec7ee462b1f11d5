"""The Video tabs' files: what pages that have gone leave, uploads, and the example."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest

from app.web import analyses as module
from app.web import shared_example as example
from app.web.analyses import KEEP_PATIENCE, WORK_PATIENCE
from app.web.analysis import AnalysisError
from app.web.orders import OrderError
from pose.sources import SourceError
from tests.app.rooms import CATALOGUE, SOON, Room, Video, begun, finished, full_disk


@pytest.fixture
def quick_example(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The paths that were drawn, in no time."""
    drawn: list[Path] = []

    def write(path: Path) -> Path:
        drawn.append(path)
        path.write_bytes(b"a figure")
        return path

    monkeypatch.setattr(example, "write_example", write)
    return drawn


# Pages that have gone


def test_an_analysis_is_cancelled_when_its_page_has_gone(room: Room, video: Video):
    running = [begun(room, video, name) for name in ("open", "gone")]
    waiting = room.start("gone too")
    room.pages.open.add("open")
    room.pages.now = WORK_PATIENCE
    room.analyses.sweep()
    assert not any(job.cancelled for job in (*running, waiting))
    room.pages.now += 0.1
    room.analyses.sweep()
    assert [job.cancelled for job in (*running, waiting)] == [False, True, True]
    assert waiting.done and running[1].wait(SOON)
    room.analyses.sweep()
    assert len(room.results) == 1
    assert {path.parent.name for path in room.folder.glob("*/clip.mp4")} == {"open"}


def test_the_patience_begins_anew_when_the_page_comes_back(room: Room, video: Video):
    job = begun(room, video, "tab")
    room.pages.open.add("tab")
    room.pages.now = 10 * KEEP_PATIENCE
    room.analyses.sweep()
    room.pages.open.clear()
    room.pages.now += WORK_PATIENCE
    room.analyses.sweep()
    assert not job.cancelled
    room.pages.now += 1
    room.analyses.sweep()
    assert job.cancelled


def test_results_and_uploads_go_when_their_page_has_gone(room: Room, video: Video):
    video.go_on.set()
    job = room.start("tab", attention=True)
    assert job.wait(SOON)
    room.analyses.choose("other tab", str(room.upload("only chosen")))
    room.pages.now = KEEP_PATIENCE
    room.analyses.sweep()
    assert job.result.video.exists() and len(list(room.folder.glob("*/clip.mp4"))) == 2
    room.pages.now += 0.1
    room.analyses.sweep()
    assert list(room.folder.iterdir()) == []


def test_a_page_that_looks_at_its_result_is_there(room: Room, video: Video):
    job = finished(room, video, "tab")
    room.pages.now = KEEP_PATIENCE
    room.analyses.looked("tab", 0, 1.0)
    room.pages.now += 1
    room.analyses.sweep()
    assert job.result.video.exists()


def test_the_sweeper_outlives_a_failure(room: Room, monkeypatch: pytest.MonkeyPatch, caplog):
    swept = threading.Semaphore(0)

    def sweep() -> None:
        swept.release()
        raise OSError("what is this disk doing")

    monkeypatch.setattr(module, "SWEEP_EVERY", 0.001)
    monkeypatch.setattr(room.analyses, "sweep", sweep)
    room.analyses.watch()
    assert swept.acquire(timeout=SOON) and swept.acquire(timeout=SOON)
    monkeypatch.setattr(module, "SWEEP_EVERY", 3600)


# Uploads


def test_an_upload_stays_while_its_tab_may_analyse_it_again(room: Room, video: Video):
    upload = room.upload()
    video.go_on.set()
    for _ in range(2):
        assert room.start("tab", upload).wait(SOON)
        room.analyses.sweep()
        assert upload.exists()
    room.analyses.close("tab")
    assert list(room.folder.iterdir()) == []


def test_an_upload_goes_when_another_is_chosen(room: Room):
    first, second = room.upload("first"), room.upload("second")
    room.analyses.choose("tab", str(first))
    room.analyses.choose("tab", str(second))
    assert not first.parent.exists() and second.exists()
    room.analyses.choose("tab", None)
    assert not second.parent.exists()


def test_an_upload_is_not_taken_from_under_an_analysis(room: Room, video: Video):
    job = begun(room, video, "tab", path=room.upload())
    room.analyses.choose("tab", None)
    assert video.sources[0].exists()
    video.go_on.set()
    assert job.wait(SOON)
    room.analyses.sweep()
    assert not video.sources[0].exists()


def test_two_tabs_may_have_the_same_upload(room: Room):
    upload = room.upload()  # Gradio names them after their contents
    room.analyses.choose("first", str(upload))
    room.analyses.choose("second", str(upload))
    room.analyses.close("first")
    assert upload.exists()
    room.analyses.close("second")
    assert not upload.exists()


def test_the_example_is_never_deleted(room: Room, video: Video, quick_example: list):
    clip = room.analyses.example()
    video.go_on.set()
    room.analyses.choose("tab", str(clip))
    assert room.start("tab", clip).wait(SOON)
    room.analyses.close("tab")
    assert clip.exists() and room.analyses.example() == clip


@pytest.mark.parametrize("name", ["clip/gone.mp4", "../elsewhere.mp4", "video-x/annotated.mp4"])
def test_what_is_no_upload_is_refused_and_starts_nothing(room: Room, video: Video, name: str):
    (room.folder / "video-x").mkdir()
    (room.folder / "video-x" / "annotated.mp4").write_bytes(b"somebody's")
    (room.folder.parent / "elsewhere.mp4").write_bytes(b"somebody's")
    room.analyses.choose("tab", str(room.folder / name))
    with pytest.raises(OrderError, match="not here any more: choose it again"):
        room.start("tab", room.folder / name)
    room.analyses.close("tab")
    assert video.sources == []
    assert (room.folder / "video-x" / "annotated.mp4").exists() and (
        room.folder.parent / "elsewhere.mp4"
    ).exists()


def test_an_upload_that_goes_while_it_waits_is_a_sentence(room: Room, monkeypatch: pytest.MonkeyPatch):
    upload = room.upload()
    load = CATALOGUE.load

    def slowly(name: str) -> Any:
        upload.unlink()
        return load(name)

    monkeypatch.setattr(CATALOGUE, "load", slowly)
    job = room.start("tab", upload)
    assert job.wait(SOON) and isinstance(job.error, SourceError)


# The example


def test_the_example_is_drawn_once_and_holds_nobody_up(
    room: Room, video: Video, monkeypatch: pytest.MonkeyPatch
):
    drawn, drawing, go_on = [], threading.Event(), threading.Event()

    def write(path: Path) -> Path:
        drawn.append(path)
        drawing.set()
        assert go_on.wait(SOON)
        path.write_bytes(b"a figure")
        return path

    monkeypatch.setattr(example, "write_example", write)
    got: list[Path] = []
    threads = [threading.Thread(target=lambda: got.append(room.analyses.example())) for _ in range(3)]
    for thread in threads:
        thread.start()
    assert drawing.wait(SOON)

    def others() -> None:
        begun(room, video, "tab")
        room.analyses.looked("tab", 0, 1.0)
        room.analyses.cancel("tab")
        room.analyses.close("tab")

    meanwhile = threading.Thread(target=others)
    meanwhile.start()
    meanwhile.join(SOON)
    assert not meanwhile.is_alive() and got == []
    go_on.set()
    for thread in threads:
        thread.join(SOON)
    assert len(drawn) == 1 and len(got) == 3 and len(set(got)) == 1


def test_an_example_that_failed_can_be_asked_for_again(
    room: Room, monkeypatch: pytest.MonkeyPatch, quick_example: list
):
    with monkeypatch.context() as patched:
        patched.setattr(example, "write_example", full_disk)
        with pytest.raises(AnalysisError, match=r"^The disk is full"):
            room.analyses.example()
    assert room.results == [], "nothing is left of it"
    first = room.analyses.example()
    first.unlink()
    assert room.analyses.example().exists()
    assert len(quick_example) == 2
