"""The page without a browser: its text, its jobs, its timeline, and how it starts."""

from __future__ import annotations

import html
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import urllib.request
from pathlib import Path

import pytest

from app import ui
from app.analyses import Analyses
from app.catalogue import Catalogue
from app.drawing import person_colour
from app.failures import explain
from app.jobs import Job, JobQueue
from app.plots import Bar, timeline_figure
from app.server import ServerError
from app.ui_attention import AttentionView, panel_html
from app.ui_video import job_html, table_rows
from pose.sources import SourceError
from tests.doubles import SteadyRecognizer

ROOT = Path(__file__).resolve().parents[2]
CATALOGUE = Catalogue.of({"waver": SteadyRecognizer("waver", {"wave": 0.7, "arm_curl": 0.3}, threshold=0.42)})


def test_a_taken_port_is_one_sentence_that_names_another():
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(ServerError, match=rf"Port {port} .*--port {port + 1}\.$"):
            ui.launch(port=port)


def test_the_page_opens_without_any_weights():
    ui.build_page(Catalogue({}))


def test_what_a_file_is_called_is_shown_as_text():
    assert "<img" not in job_html("'<img src=x>.mp4' is empty")


def test_jobs_wait_their_turn_and_say_how_many_are_ahead():
    queue, go_on, order = JobQueue(most=2), threading.Event(), []

    def work(job: Job) -> int:
        order.append(job)
        go_on.wait(10)
        return len(order)

    jobs = []
    for number in range(4):
        jobs.append(queue.start(work))
        while number < 2 and len(order) <= number:
            jobs[-1].wait(0.01)
    assert [job.ahead for job in jobs] == [0, 0, 1, 2]
    jobs[2].cancel()
    assert jobs[2].wait(10), "a cancelled job leaves the queue without running"
    go_on.set()
    assert all(job.wait(10) for job in jobs)
    assert jobs[2] not in order
    assert [job.error for job in jobs] == [None] * 4


def test_what_a_job_raises_is_kept():
    job = JobQueue().start(lambda job: 1 / 0)
    assert job.wait(10)
    assert isinstance(job.error, ZeroDivisionError)


def test_failures_become_sentences(caplog: pytest.LogCaptureFixture):
    assert explain(SourceError("'a.mp4' is empty."), "It broke.") == "'a.mp4' is empty."
    assert not caplog.records
    assert explain(KeyError("inner"), "It broke.") == "It broke."
    assert caplog.records, "the log tells what the page does not"


def test_a_failed_analysis_leaves_no_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path))
    text = tmp_path / "text.mp4"
    text.write_text("no video")
    job = Analyses(CATALOGUE).start("tab", str(text), "waver", 0.5)
    assert job.wait(60)
    assert isinstance(job.error, SourceError)
    assert list(tmp_path.iterdir()) == [text]


def test_what_was_looked_at_can_be_asked_for_until_the_analysis_goes(example_clip: Path):
    analyses = Analyses(CATALOGUE)
    job = analyses.start("tab", str(example_clip), "waver", 0.5, attention=True)
    assert job.wait(120) and job.error is None
    (person,) = job.result.result.persons
    first, last = analyses.span("tab", person.id)
    assert (first, last) == pytest.approx((person.windows[0].time, person.windows[-1].time))
    looked = analyses.looked("tab", person.id, 4.1)
    assert looked.end == pytest.approx(4.0, abs=0.13)
    assert analyses.looked("tab", 99, 4.1) is analyses.span("tab", 99) is None
    assert analyses.looked("other", person.id, 4.1) is None
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


def test_without_attention_there_is_nothing_to_see(example_clip: Path):
    analyses = Analyses(CATALOGUE)
    job = analyses.start("tab", str(example_clip), "waver", 0.5)
    assert job.wait(120) and job.error is None
    assert AttentionView.shown(job.result) == AttentionView.hidden()
    assert analyses.span("tab", 0) is None
    analyses.close("tab")


def test_the_timeline_has_a_row_for_each_person_in_their_colour():
    bars = [
        Bar(0, 0.0, 2.0, "wave", 0.9),
        Bar(0, 2.0, 5.0, "idle_standing", 0.8),
        Bar(1, 1.0, 4.0, "arm_curl", 0.7),
    ]
    figure = timeline_figure(bars, duration=6.0)
    first, second = figure.data
    assert list(first.base) == [0.0, 2.0]
    assert list(first.x) == [2.0, 3.0]
    assert list(first.text) == ["wave", "idle standing"]
    assert set(second.y) == {"Person 2"}
    assert second.marker.color[0] == "rgba({},{},{},1)".format(*person_colour(1))
    assert tuple(figure.layout.xaxis.range) == (0, 6.0)
    assert table_rows(bars)[1] == [2, "1.0 s", "4.0 s", "arm curl", "70%"]
    assert not timeline_figure([], 0.0).data


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM])
def test_the_demo_starts_asks_nobody_and_ends_in_order(tmp_path: Path, ending: signal.Signals):
    # The audit hook sees every connection and every name that the process asks for.
    script = (
        "import sys\n"
        "def watch(event, args):\n"
        "    where = args[1][0] if event == 'socket.connect' and isinstance(args[1], tuple) else "
        "args[0] if event == 'socket.getaddrinfo' else None\n"
        "    if where not in (None, '127.0.0.1', 'localhost', b'127.0.0.1'):\n"
        "        print('OUTSIDE', where, flush=True)\n"
        "sys.addaudithook(watch)\n"
        "from app.ui import launch\n"
        "launch(port=int(sys.argv[1]))\n"
    )
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = subprocess.Popen(
        [sys.executable, "-c", script, str(port)],
        cwd=ROOT,
        env={**os.environ, "TMPDIR": str(tmp_path)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        line = server.stdout.readline()
        assert f"http://127.0.0.1:{port}" in line
        page = urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=30).read().decode()
        assert "live.js" in page
        assert list(tmp_path.glob("pose2action-*"))
        server.send_signal(ending)
        rest, _ = server.communicate(timeout=60)
    finally:
        server.kill()
    assert server.returncode == 0
    assert "Traceback" not in rest
    assert "OUTSIDE" not in rest
    assert not list(tmp_path.glob("pose2action-*")), "temporary files go with the program"
