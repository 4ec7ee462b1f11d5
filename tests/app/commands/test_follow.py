"""``pose2action run --follow``: lines of JSON for other programs, and nothing else."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from typer.testing import CliRunner

from app.cli import cli
from tests.app.commands.test_many import ROOT, landmarks, weights_file  # noqa: F401
from tests.pose.test_streams import live, serving, written


def started(*arguments) -> subprocess.Popen:
    return subprocess.Popen(
        [sys.executable, "-m", "app", "run", *map(str, arguments), "--follow"], cwd=ROOT, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )  # fmt: skip


def test_lines_of_json_and_nothing_else(tmp_path: Path, weights_file: Path):  # noqa: F811
    landmarks(tmp_path / "a.npz", 300)
    done = CliRunner().invoke(
        cli, ["run", str(tmp_path / "a.npz"), "-w", str(weights_file), "--threshold", "0", "--follow",
              "--json", str(tmp_path / "a.json")],
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    events = [json.loads(line) for line in done.stdout.splitlines()]
    assert events and all(list(event) == ["time", "person", "label", "score", "count"] for event in events)
    assert events[0]["person"] == 0 and 0.9 <= events[0]["time"] <= 2 and events[0]["label"]
    changes = [(event["label"], event["count"]) for event in events]
    assert all(before != after for before, after in zip(changes, changes[1:], strict=False))
    read = json.loads((tmp_path / "a.json").read_text())
    assert len(read["persons"]) == 1, "outputs are written beside"


def test_nobody_reads_on(tmp_path: Path, weights_file: Path):  # noqa: F811
    landmarks(tmp_path / "a.npz", 3000)
    process = started(tmp_path / "a.npz", "-w", weights_file, "--threshold", 0, "--json", tmp_path / "a.json")
    process.stdout.close()
    errors = process.stderr.read()
    assert process.wait(200) == 0
    assert "Traceback" not in errors and "Broken pipe" not in errors and "Exception" not in errors
    ended = json.loads((tmp_path / "a.json").read_text())["duration"]
    assert ended < 50, "as if the source had ended there"


@pytest.mark.skipif(sys.platform == "win32", reason="sends SIGINT")
def test_ctrl_c_ends_quietly(weights_file: Path):  # noqa: F811
    with serving(live(written(2.0, "mpegts") * 60, 120.0)) as server:
        process = started(server.address, "-w", weights_file)
        until = time.monotonic() + 150
        while not server.asked:
            assert process.poll() is None and time.monotonic() < until
            time.sleep(0.1)
        maps = Path(f"/proc/{process.pid}/maps")
        while maps.exists() and "mediapipe" not in maps.read_text():  # it has begun to look
            assert process.poll() is None and time.monotonic() < until
            time.sleep(0.2)
        time.sleep(2)
        process.send_signal(signal.SIGINT)
        said, errors = process.communicate(timeout=60)
    assert process.returncode == 0, errors
    assert said == "" and "Traceback" not in errors and "stopped" not in errors
