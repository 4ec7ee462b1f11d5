"""The Video tabs' analyses: their bounds, their ends, their files, and the pages that go away."""

from __future__ import annotations

import errno
import html
import json
import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from app import analyses as module
from app import example
from app.analyses import DISK_FULL, KEEP_PATIENCE, NO_MEMORY, WORK_PATIENCE, Analyses, AnalysisError
from app.attention import AttentionLog
from app.catalogue import Catalogue
from app.failures import explain
from app.jobs import Job
from app.orders import Order, OrderError
from app.results import VideoResult
from app.ui_attention import AttentionView, panel_html
from app.video import Cancelled
from pose.sources import SourceError
from tests.doubles import SteadyRecognizer

CATALOGUE = Catalogue.of({"waver": SteadyRecognizer("waver", {"wave": 0.7, "arm_curl": 0.3}, threshold=0.42)})
SOON = 20.0
"""Seconds that only a failing test waits."""
NOTHING = VideoResult("clip.mp4", 1.0, 30.0, "waver", "kinetics-18", 3.0, (), None, None)


class Video:
    """Stands in for ``process_video``: tells when it has begun and ends when it is let, or cancelled."""

    def __init__(self) -> None:
        self.begun = threading.Semaphore(0)
        self.go_on = threading.Event()
        self.patient = False
        self.sources: list[Path] = []
        self.error: BaseException | None = None

    def __call__(self, source: Path, recognizer: Any, *, video_out: Path, cancelled: Callable, **_: Any):
        self.sources.append(source)
        assert source.exists()
        video_out.write_bytes(b"half a video")
        self.begun.release()
        while not self.go_on.wait(0.005):
            if cancelled() and not self.patient:
                raise Cancelled
        if self.error is not None:
            raise self.error
        return NOTHING


class Pages:
    """A clock, and which pages are open."""

    def __init__(self) -> None:
        self.now, self.open = 0.0, set()

    def is_open(self, session: str) -> bool:
        return session in self.open


class Room:
    """Analyses in a folder, with uploads."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.pages = folder, Pages()
        self.analyses = Analyses(CATALOGUE, folder, self.pages.is_open, lambda: self.pages.now)

    def upload(self, name: str = "clip") -> Path:
        path = self.folder / name / "clip.mp4"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"a video")
        return path

    def start(self, session: str, path: Path | None = None, **options: Any) -> Job:
        path = self.upload(session) if path is None else path
        return self.analyses.start(session, Order(str(path), "waver", 0.5, **options))

    @property
    def results(self) -> list[Path]:
        return list(self.folder.glob("video-*"))


@pytest.fixture
def room(tmp_path: Path) -> Room:
    return Room(tmp_path.resolve())


@pytest.fixture
def video(monkeypatch: pytest.MonkeyPatch):
    double = Video()
    monkeypatch.setattr(module, "process_video", double)
    yield double
    double.patient = False
    double.go_on.set()


def begun(room: Room, video: Video, session: str, **options: Any) -> Job:
    job = room.start(session, **options)
    assert video.begun.acquire(timeout=SOON)
    return job


def finished(room: Room, video: Video, session: str) -> Job:
    video.go_on.set()
    job = room.start(session)
    assert job.wait(SOON) and job.error is None
    video.go_on.clear()
    return job


# How many there are


def test_only_so_many_wait_and_one_more_is_told_so(room: Room, video: Video):
    running = [begun(room, video, f"running {number}") for number in range(module.MOST_AT_ONCE)]
    waiting = [room.start(f"waiting {number}") for number in range(module.MOST_WAITING)]
    assert [job.ahead for job in running + waiting] == [0, 0, *range(1, module.MOST_WAITING + 1)]
    with pytest.raises(OrderError, match=r"already has 8 videos waiting; try again in a moment\.$"):
        room.start("one more")
    room.analyses.cancel("waiting 3")
    assert room.start("one more").ahead == module.MOST_WAITING
    video.go_on.set()
    assert all(job.wait(SOON) for job in running + waiting)
    assert len(video.sources) <= len(running + waiting)


def test_who_is_refused_keeps_the_former_result(room: Room, video: Video):
    former = finished(room, video, "tab")
    for number in range(module.MOST_AT_ONCE + module.MOST_WAITING):
        room.start(f"other {number}")
    with pytest.raises(OrderError):
        room.start("tab")
    assert former.result.video.exists()


def test_a_tab_that_asks_again_takes_its_own_place(room: Room, video: Video):
    for number in range(module.MOST_AT_ONCE + module.MOST_WAITING):
        last = room.start(f"tab {number}")
    again = room.start(f"tab {number}")
    assert last.done and last.cancelled and again.ahead == module.MOST_WAITING


def test_results_are_kept_of_so_many_tabs_and_of_open_pages_last(room: Room, video: Video):
    room.pages.open.add("first")
    jobs = {"first": finished(room, video, "first")}
    for number in range(module.MOST_RESULTS + 1):
        room.pages.now += 1
        jobs[number] = finished(room, video, str(number))
    room.analyses.sweep()
    kept = {name for name, job in jobs.items() if job.result.video.exists()}
    assert kept == jobs.keys() - {0, 1}
    assert len(room.results) == module.MOST_RESULTS


def test_tabs_are_forgotten_when_there_are_too_many(room: Room):
    for number in range(module.MOST_TABS + 10):
        room.pages.now += 1
        room.analyses.choose(str(number), str(room.upload(str(number))))
    left = {path.parent.name for path in room.folder.glob("*/clip.mp4")}
    assert left == {str(number) for number in range(10, module.MOST_TABS + 10)}


# Who comes last deletes


def test_closing_while_the_result_is_handed_over_leaves_nothing(room: Room, video: Video):
    video.patient = True  # it has looked at "cancelled" for the last time
    job = begun(room, video, "tab", attention=True)
    room.analyses.close("tab")
    video.go_on.set()
    assert job.wait(SOON) and job.cancelled and job.result is None
    assert room.results == []


def test_closing_after_the_result_leaves_nothing(room: Room, video: Video):
    job = finished(room, video, "tab")
    assert room.results == [job.result.folder]
    room.analyses.close("tab")
    assert room.results == []


def test_of_two_starts_of_one_tab_at_the_same_time_none_is_lost(
    room: Room, video: Video, monkeypatch: pytest.MonkeyPatch
):
    inside, go_on, late = threading.Event(), threading.Event(), threading.Event()
    queue, start = room.analyses._queue, room.analyses._queue.start

    def slowly(*args: Any) -> Job:
        if not inside.is_set():
            inside.set()
            late.wait(0.3)  # where nothing holds the other back, it comes through now
            assert go_on.wait(SOON)
        return start(*args)

    monkeypatch.setattr(queue, "start", slowly)
    jobs: list[Job] = []

    def begin() -> None:
        jobs.append(room.start("tab", upload))
        late.set()

    upload = room.upload()
    threads = [threading.Thread(target=begin) for _ in range(2)]
    threads[0].start()
    assert inside.wait(SOON)
    threads[1].start()
    go_on.set()
    for thread in threads:
        thread.join(SOON)
    assert sorted(job.cancelled for job in jobs) == [False, True]
    room.analyses.close("tab")
    assert all(job.wait(SOON) and job.cancelled for job in jobs), "both were known"
    assert room.results == []


def test_starting_again_deletes_the_former_result(room: Room, video: Video):
    former = finished(room, video, "tab")
    second = begun(room, video, "tab")
    assert not former.result.folder.exists()
    video.go_on.set()
    assert second.wait(SOON) and room.results == [second.result.folder]


def test_cancelling_after_the_result_keeps_it(room: Room, video: Video):
    job = finished(room, video, "tab")
    room.analyses.cancel("tab")
    assert not job.cancelled and job.result.video.exists()


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
    monkeypatch.setattr(CATALOGUE, "load", lambda name: upload.unlink())
    monkeypatch.setattr(module, "process_video", lambda source, recognizer, **_: VideoResult_of(source))
    job = room.start("tab", upload)
    assert job.wait(SOON) and isinstance(job.error, SourceError)


def VideoResult_of(source: Path) -> VideoResult:
    from pose.sources import VideoFile

    with VideoFile(source):
        return NOTHING


# The example


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


# What goes wrong


def full_disk(*args: Any, **options: Any) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@pytest.mark.parametrize(
    ("error", "said"),
    [(OSError(errno.ENOSPC, "No space left on device"), DISK_FULL), (MemoryError(), NO_MEMORY),
     (OSError(errno.EDQUOT, "Disk quota exceeded"), DISK_FULL), (SourceError("Mend it."), "Mend it."),
     (OSError(errno.EIO, "Input/output error"), "The results could not be written: Input/output error."),
     (KeyError("inner"), "It broke.")],
    ids=lambda value: type(value).__name__,
)  # fmt: skip
@pytest.mark.parametrize("place", ["process_video", "write_json", "AttentionLog"])
def test_whatever_goes_wrong_is_a_sentence_and_the_next_analysis_works(
    room: Room, video: Video, monkeypatch: pytest.MonkeyPatch, error: BaseException, said: str, place: str
):
    def fail(*args: Any, **options: Any) -> None:
        raise error

    video.go_on.set()
    with monkeypatch.context() as patched:
        patched.setattr(module, place, fail)
        job = room.start("tab", attention=True)
        assert job.wait(SOON)
    assert explain(job.error, "It broke.") == said
    assert room.results == []
    assert finished(room, video, "tab").result.video.exists()


def test_a_folder_that_cannot_be_made_is_a_sentence(room: Room, video: Video, monkeypatch):
    monkeypatch.setattr(module.tempfile, "mkdtemp", full_disk)
    job = room.start("tab")
    assert job.wait(SOON) and explain(job.error, "It broke.") == DISK_FULL


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
def test_a_full_disk_ends_the_log_of_what_was_looked_at_in_order(
    room: Room, monkeypatch: pytest.MonkeyPatch, window_attention
):
    monkeypatch.setattr("app.attention.tempfile.TemporaryFile", lambda **_: open("/dev/full", "r+b"))
    logs: list[AttentionLog] = []

    def process(source: Path, recognizer: Any, *, attention: AttentionLog, **_: Any) -> VideoResult:
        logs.append(attention)
        for _ in range(1000):
            attention.add(window_attention)
        return NOTHING

    monkeypatch.setattr(module, "process_video", process)
    job = room.start("tab", attention=True)
    assert job.wait(SOON) and explain(job.error, "It broke.") == DISK_FULL
    assert room.results == []
    assert logs[0].spans() == {}
    logs[0].close()


@pytest.fixture
def window_attention():
    import numpy as np

    from app.attention import WindowAttention
    from pose.layouts import KINETICS_18
    from recognizer.attention import AttentionMaps

    maps = AttentionMaps(joints=np.zeros((8, 18), np.float32), frames=np.zeros(8, np.float32))
    return WindowAttention(0, 0.0, 3.0, KINETICS_18, np.zeros((18, 2), np.float32), 32, maps)


# Real videos


def test_a_failed_analysis_leaves_no_files(room: Room):
    upload = room.upload()
    job = room.start("tab", upload)
    assert job.wait(60) and isinstance(job.error, SourceError)
    assert list(room.folder.iterdir()) == [upload.parent]


def uploaded(room: Room, clip: Path) -> Path:
    upload = room.upload()
    upload.write_bytes(clip.read_bytes())
    return upload


def test_what_was_looked_at_can_be_asked_for_until_the_analysis_goes(room: Room, example_clip: Path):
    analyses = room.analyses
    job = room.start("tab", uploaded(room, example_clip), attention=True)
    assert job.wait(120) and job.error is None
    (person,) = job.result.result.persons
    first, last = analyses.span("tab", person.id)
    assert (first, last) == pytest.approx((person.windows[0].time, person.windows[-1].time))
    looked = analyses.looked("tab", person.id, 4.1)
    assert looked.end == pytest.approx(4.0, abs=0.13)
    assert analyses.looked("tab", person.id, 1e8).end == last
    assert analyses.looked("tab", 99, 4.1) is analyses.span("tab", 99) is None
    assert analyses.looked("other", person.id, 4.1) is None
    for wrong in ("4", float("nan"), float("inf"), 1e300, 10**400, None, [4.1], True):
        assert analyses.looked("tab", person.id, wrong) is None
    for wrong in ("0", 0.5, None, [0], {}):
        assert analyses.looked("tab", wrong, 4.1) is analyses.span("tab", wrong) is None
    assert AttentionView.shown(job.result)[2]["maximum"] == round(last, 2)
    said = panel_html(looked)
    assert "window from 1.0 s to 4.0 s" in said
    written = html.unescape(said.partition('data-panel="')[2].partition('"')[0])
    body, over_time = json.loads(written)["figures"]
    wrist = body["names"].index("right wrist")
    assert body["values"][wrist] == 1 and body["points"][wrist][0] < 0, "not mirrored, as the video is not"
    assert [text for _, text in over_time["ticks"]] == ["1 s", "2 s", "3 s", "4 s"]
    analyses.close("tab")
    assert analyses.looked("tab", person.id, 4.1) is None
    assert job.result.attention.spans() == {}, "nothing is left on the disk"
    assert AttentionView.shown(job.result) == AttentionView.hidden()


def test_without_attention_there_is_nothing_to_see(room: Room, example_clip: Path):
    job = room.start("tab", uploaded(room, example_clip))
    assert job.wait(120) and job.error is None
    assert AttentionView.shown(job.result) == AttentionView.hidden()
    assert room.analyses.span("tab", 0) is None
    room.analyses.close("tab")
