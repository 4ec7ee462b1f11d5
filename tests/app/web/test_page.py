"""The page without a browser: its text, its jobs, its timeline, and how it starts."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from app.commands import demo
from app.core.catalogue import Catalogue
from app.core.failures import explain
from app.door.listening import ServerError
from app.drawing.picture import person_colour
from app.drawing.plots import Bar, timeline_figure
from app.web import page as ui
from app.web.job_box import job_html
from app.web.open_pages import OpenPages
from app.web.video_tab import table_rows
from pose.sources import SourceError

ROOT = Path(__file__).resolve().parents[3]


def test_a_taken_port_is_one_sentence_that_names_another():
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(ServerError, match=rf"Port {port} .*--port {port + 1}\.$"):
            demo.launch(port=port)


def test_the_page_opens_without_any_weights():
    ui.build_page(Catalogue({}), OpenPages())


def test_what_a_file_is_called_is_shown_as_text():
    assert "<img" not in job_html("'<img src=x>.mp4' is empty")


def test_failures_become_sentences(caplog: pytest.LogCaptureFixture):
    assert explain(SourceError("'a.mp4' is empty."), "It broke.") == "'a.mp4' is empty."
    assert not caplog.records
    assert explain(KeyError("inner"), "It broke.") == "It broke."
    assert caplog.records, "the log tells what the page does not"


def test_the_timeline_has_a_row_for_each_person_in_their_colour():
    bars = [
        Bar(0, 0.0, 2.0, "wave", 0.9),
        Bar(0, 2.0, 5.0, "idle_standing", 0.8),
        Bar(1, 1.0, 4.0, "arm_curl", 0.7, 6),
    ]
    figure = timeline_figure(bars, duration=6.0)
    first, second = figure.data
    assert list(first.base) == [0.0, 2.0]
    assert list(first.x) == [2.0, 3.0]
    assert list(first.text) == ["wave", "idle standing"]
    assert set(second.y) == {"Person 2"} and list(second.text) == ["arm curl ×6"]
    assert second.marker.color[0] == "rgba({},{},{},1)".format(*person_colour(1))
    assert tuple(figure.layout.xaxis.range) == (0, 6.0)
    assert table_rows(bars)[1] == [2, "1.0 s", "4.0 s", "arm curl", "70%", 6]
    assert table_rows(bars)[0][-1] == ""
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
        "from app.commands.demo import launch\n"
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
