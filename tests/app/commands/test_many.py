"""``pose2action run --out``: many files, worked off by processes that may be stopped or killed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from app.cli import cli
from app.commands.gathering import SETTINGS, Task, gather, share
from app.commands.outputs import OutputError, Outputs
from recognizer import weights
from recognizer.predictor import Recognizer

ROOT = Path(__file__).resolve().parents[3]
FRAMES = 90


@pytest.fixture(scope="module")
def weights_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    recognizer = Recognizer.untrained()
    return weights.save(weights.build_network(recognizer.card), recognizer.card, tmp_path_factory.mktemp("w"))


def landmarks(path: Path, frames: int = FRAMES) -> None:
    """A file of somebody who stands: as quick to analyse as anything."""
    from tests.doubles import standing

    pose = standing(640, 480)
    image, world = np.zeros((frames, 33, 4), np.float32), np.zeros((frames, 33, 4), np.float32)
    image[..., :2], world[..., :3] = pose.image / (640, 480), pose.world
    image[..., 3] = world[..., 3] = 1
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savez(
        path, time=np.arange(frames) / 30, persons=np.zeros(1, np.int64), size=np.array([640, 480]),
        landmarks_0=image, world_0=world, detected_0=np.ones(frames, bool),
    )  # fmt: skip


def clips(folder: Path, count: int, frames: int = FRAMES) -> list[Path]:
    paths = [folder / f"{number:02}.npz" for number in range(count)]
    for path in paths:
        landmarks(path, frames)
    return paths


def run(*arguments):
    return CliRunner().invoke(cli, ["run", *map(str, arguments)])


def written(out: Path) -> list[str]:
    return sorted(str(path.relative_to(out)) for path in out.rglob("*") if path.is_file())


def names(tasks: list[Task], folder: Path) -> list[str]:
    return [str(Path(task.source).relative_to(folder)) for task in tasks]


# Which files are meant.


def test_folders_are_searched_and_results_keep_their_places(tmp_path: Path):
    for name in ("b.mp4", "a/c.MOV", "a/notes.txt", ".hidden.mp4", ".git/d.mp4", "out/e.npz"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    out = tmp_path / "out"
    tasks = gather([str(tmp_path)], out, ("csv", "attention"))
    assert names(tasks, tmp_path) == ["a/c.MOV", "b.mp4"]
    assert tasks[0].outputs == Outputs(
        json=out / "a/c.MOV.json", csv=out / "a/c.MOV.csv", attention=out / "a/c.MOV.attention.npz"
    )


def test_one_file_named_twice_is_one_and_two_of_one_name_are_refused(tmp_path: Path):
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "c.mp4").touch()
    a, b = str(tmp_path / "a" / "c.mp4"), str(tmp_path / "b" / "c.mp4")
    assert len(gather([a, a], tmp_path / "out", ())) == 1
    with pytest.raises(OutputError, match="one name"):
        gather([a, b], tmp_path / "out", ())
    assert len(gather([str(tmp_path)], tmp_path / "out", ())) == 2


@pytest.mark.parametrize("source", ["rtsp://camera/1", "http://127.0.0.1/a", "0"])
def test_what_may_have_no_end_is_refused(tmp_path: Path, source: str):
    with pytest.raises(OutputError, match="may have no end"):
        gather([source], tmp_path, ())


def test_nothing_there(tmp_path: Path):
    with pytest.raises(OutputError, match="no videos"):
        gather([str(tmp_path)], tmp_path / "out", ())
    with pytest.raises(OutputError, match="no file or folder"):
        gather([str(tmp_path / "none.mp4")], tmp_path / "out", ())


@pytest.mark.parametrize("count", [1, 3, 8, 20, 25])
def test_shares_together_are_the_whole(count: int):
    tasks = [Task(f"{number}.mp4", Outputs()) for number in range(20)]
    shares = [share(tasks, f"{index}/{count}") for index in range(1, count + 1)]
    assert sorted(task.source for each in shares for task in each) == sorted(task.source for task in tasks)
    assert max(map(len, shares)) - min(map(len, shares)) <= 1
    assert share(tasks, None) == tasks


@pytest.mark.parametrize("shard", ["0/3", "4/3", "3", "a/b", "1/0", "-1/3", "1/3/5", "", "1/99999999999"])
def test_shares_that_are_none(shard: str):
    with pytest.raises(OutputError, match="I/N"):
        share([], shard)


# The work.


def test_one_damaged_among_twenty(tmp_path: Path, weights_file: Path):
    clips(tmp_path / "in", 20)
    damaged = tmp_path / "in" / "07.npz"
    damaged.write_bytes(damaged.read_bytes()[:1000])
    out = tmp_path / "out"
    done = run(tmp_path / "in", "--out", out, "-w", weights_file, "--also", "csv", "--jobs", 2)
    assert done.exit_code == 1, done.output
    assert len(list(out.glob("*.json"))) == 19 + 1 and not (out / "07.npz.json").exists()
    assert len(list(out.glob("*.csv"))) == 19
    (line,) = [line for line in done.stderr.splitlines() if line]
    assert line.startswith("pose2action: ") and "07.npz" in line
    assert "20 files: 19 done, 0 done before, 1 failed." in done.stdout
    read = json.loads((out / "03.npz.json").read_text())
    assert read["source"] == str(tmp_path / "in" / "03.npz") and len(read["persons"]) == 1

    landmarks(damaged)
    before = {path: path.stat().st_mtime_ns for path in out.iterdir()}
    again = run(tmp_path / "in", "--out", out, "-w", weights_file, "--also", "csv")
    assert again.exit_code == 0 and "1 done, 19 done before, 0 failed" in again.stdout
    assert all(path.stat().st_mtime_ns == time for path, time in before.items()), "nothing is made again"
    # What else is asked for, and what has changed, is made.
    os.utime(tmp_path / "in" / "02.npz", (time.time() + 60, time.time() + 60))
    (out / "05.npz.csv").unlink()
    third = run(tmp_path / "in", "--out", out, "-w", weights_file, "--also", "csv")
    assert "2 done, 18 done before" in third.stdout


def test_results_of_other_settings_are_not_mixed(tmp_path: Path, weights_file: Path):
    clips(tmp_path / "in", 1)
    arguments = [tmp_path / "in", "--out", tmp_path / "out", "-w", weights_file]
    assert run(*arguments, "--threshold", 0.4).exit_code == 0
    for other in (["--threshold", 0.5], []):
        done = run(*arguments, *other)
        assert done.exit_code == 1 and "choose another folder" in done.stderr
    (tmp_path / "out" / SETTINGS).write_text("no JSON")
    assert "choose another folder" in run(*arguments, "--threshold", 0.4).stderr


def test_weights_that_are_none_end_all_at_once(tmp_path: Path):
    clips(tmp_path / "in", 3)
    done = run(tmp_path / "in", "--out", tmp_path / "out", "-w", "no-such-weights")
    assert done.exit_code == 1 and "no weights 'no-such-weights'" in done.stderr
    assert done.stderr.startswith("pose2action: ") and done.stderr.count("\n") == 1
    assert not (tmp_path / "out").exists(), "other weights are free to use it"


@pytest.mark.parametrize(
    "options",
    [
        ["--jobs", "2"], ["--shard", "1/2"], ["--also", "csv"],
        ["--out", "o", "--json", "a.json"], ["--out", "o", "--follow"],
        ["--out", "o", "--also", "csv,nonsense"], ["--out", "o", "--shard", "3/2"],
    ],
)  # fmt: skip
def test_options_that_do_not_go_together(tmp_path: Path, options: list[str], monkeypatch):
    monkeypatch.chdir(tmp_path)
    landmarks(tmp_path / "a.npz")
    done = run("a.npz", *options)
    assert done.exit_code == 1 and done.stderr.startswith("pose2action: ") and done.stderr.count("\n") == 1
    assert written(tmp_path) == ["a.npz"]


def started(*arguments) -> subprocess.Popen:
    return subprocess.Popen(
        [sys.executable, "-m", "app", "run", *map(str, arguments)], cwd=ROOT, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True,
    )  # fmt: skip


def workers_of(process: subprocess.Popen) -> list[int]:
    """The processes that a process has started, but not the tracker of its resources."""
    text = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text()
    found = [int(child) for child in text.split()]
    return [child for child in found if b"spawn_main" in Path(f"/proc/{child}/cmdline").read_bytes()]


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def wait_until(condition, process: subprocess.Popen, seconds: float = 120) -> None:
    until = time.monotonic() + seconds
    while not condition():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < until
        time.sleep(0.05)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looks into /proc")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_stopped_in_the_middle_it_goes_on(tmp_path: Path, weights_file: Path, number: signal.Signals):
    clips(tmp_path / "in", 6, frames=400)
    out = tmp_path / "out"
    arguments = [tmp_path / "in", "--out", out, "-w", weights_file]
    process = started(*arguments)
    wait_until(lambda: len(list(out.glob("*.npz.json"))) >= 2, process)
    workers = workers_of(process)
    assert workers
    process.send_signal(number)
    _, errors = process.communicate(timeout=60)
    wait_time = time.monotonic() + 10
    while any(map(alive, workers)):
        assert time.monotonic() < wait_time, "the processes end with their parent"
        time.sleep(0.05)
    if number == signal.SIGINT:
        assert process.returncode == 130 and "of 6 are done, the same command goes on" in errors
        assert "Traceback" not in errors
    finished = {path.name: path.stat().st_mtime_ns for path in out.glob("*.npz.json")}
    assert 2 <= len(finished) < 6
    done = run(*arguments)
    assert done.exit_code == 0, done.output
    assert f"6 files: {6 - len(finished)} done, {len(finished)} done before" in done.stdout
    assert all((out / name).stat().st_mtime_ns == time for name, time in finished.items())
    assert written(out) == sorted([f"0{n}.npz.json" for n in range(6)] + [SETTINGS]), "no leftovers"


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looks into /proc")
def test_a_process_that_is_killed_stops_nothing(tmp_path: Path, weights_file: Path):
    clips(tmp_path / "in", 4, frames=400)
    out = tmp_path / "out"
    process = started(tmp_path / "in", "--out", out, "-w", weights_file)
    wait_until(lambda: list(out.glob("*.npz.json")), process)
    (worker,) = workers_of(process)
    os.kill(worker, signal.SIGKILL)
    said, errors = process.communicate(timeout=120)
    assert process.returncode == 1
    assert "4 files: 3 done, 0 done before, 1 failed." in said
    assert "died (signal 9" in errors and errors.count("pose2action: ") == 1
