"""The Video tabs' analyses: how many there are, who comes last deletes, and what goes wrong."""

from __future__ import annotations

import errno
import html
import json
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from app.core.attention import AttentionLog, WindowAttention
from app.core.failures import explain
from app.video.results import VideoResult
from app.web import analyses as module
from app.web import analysis
from app.web.analysis import DISK_FULL, NO_MEMORY
from app.web.attention_view import AttentionView, panel_html
from app.web.jobs import Job
from app.web.orders import OrderError
from pose.layouts import KINETICS_18
from pose.sources import SourceError
from recognizer.attention import AttentionMaps
from tests.app.rooms import NOTHING, SOON, Room, Video, begun, finished, full_disk

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


# What goes wrong


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
        patched.setattr(analysis, place, fail)
        job = room.start("tab", attention=True)
        assert job.wait(SOON)
    assert explain(job.error, "It broke.") == said
    assert room.results == []
    assert finished(room, video, "tab").result.video.exists()


def test_a_folder_that_cannot_be_made_is_a_sentence(room: Room, video: Video, monkeypatch):
    monkeypatch.setattr(analysis.tempfile, "mkdtemp", full_disk)
    job = room.start("tab")
    assert job.wait(SOON) and explain(job.error, "It broke.") == DISK_FULL


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
def test_a_full_disk_ends_the_log_of_what_was_looked_at_in_order(
    room: Room, monkeypatch: pytest.MonkeyPatch, window_attention
):
    monkeypatch.setattr("app.core.attention.tempfile.TemporaryFile", lambda **_: open("/dev/full", "r+b"))
    logs: list[AttentionLog] = []

    def process(source: Path, recognizer: Any, *, attention: AttentionLog, **_: Any) -> VideoResult:
        logs.append(attention)
        for _ in range(1000):
            attention.add(window_attention)
        return NOTHING

    monkeypatch.setattr(analysis, "process_video", process)
    job = room.start("tab", attention=True)
    assert job.wait(SOON) and explain(job.error, "It broke.") == DISK_FULL
    assert room.results == []
    assert logs[0].spans() == {}
    logs[0].close()


@pytest.fixture
def window_attention() -> WindowAttention:
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
