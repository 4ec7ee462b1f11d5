"""Preparing that stops: damaged groups, full disks, Ctrl-C; what is done is kept, the rest is made anew."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest

from recognizer.data import prepare
from tests.disks import small_disk
from tests.recognizer.data.raw import prepared_bytes, write_ntu

ROOT = Path(__file__).resolve().parents[3]


def command(raw: Path, out: Path, workers: int = 1) -> list[str]:
    return [sys.executable, "-m", "app", "prepare", "ntu60", str(raw), str(out), "--workers", str(workers)]


@pytest.fixture(scope="module")
def raw(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three groups."""
    root = tmp_path_factory.mktemp("raw")
    write_ntu(root, 450)
    return root


@pytest.fixture(scope="module")
def whole(raw: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("whole") / "out"
    prepare.prepare("ntu60", raw, out, 1)
    return out


def partial(raw: Path, out: Path) -> Path:
    """All groups of a preparation that stopped before they were joined."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(prepare, "_join", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt, match="call again to go on from here"):
            prepare.prepare("ntu60", raw, out, 1)
    return out.with_name(f"{out.name}.partial")


def made_again(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The numbers of the groups that are read from now on."""
    made: list[int] = []
    real = prepare.make_groups

    def watched(task, groups, *others):
        made.extend(groups)
        real(task, groups, *others)

    monkeypatch.setattr(prepare, "make_groups", watched)
    return made


def test_damaged_groups_are_made_anew(raw: Path, whole: Path, tmp_path: Path, monkeypatch):
    work = partial(raw, tmp_path / "out")
    first, second, third = sorted(work.glob("group-*.npz"))
    content = third.read_bytes()
    damages = {
        "cut": content[: len(content) // 2],
        "empty": b"",
        "flipped": content[:3000] + bytes(64) + content[3064:],
        "another": first.read_bytes().replace(b"PK\x03\x04", b"PK\x03\x05"),
    }
    for name, damaged in damages.items():
        third.write_bytes(damaged)
        monkeypatch.setattr(prepare, "_join", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        made = made_again(monkeypatch)
        with pytest.raises(KeyboardInterrupt):
            prepare.prepare("ntu60", raw, tmp_path / "out", 1)
        assert made == [2], name
        assert third.read_bytes() == content
        monkeypatch.undo()
    assert prepared_bytes(prepare.prepare("ntu60", raw, tmp_path / "out", 1).folder) == prepared_bytes(whole)


def test_groups_of_another_preparation_are_made_anew(raw: Path, whole: Path, tmp_path: Path, monkeypatch):
    work = partial(raw, tmp_path / "out")
    write_ntu(tmp_path / "other", 450, seed=1)
    foreign = partial(tmp_path / "other", tmp_path / "foreign")
    (work / "group-000001.npz").write_bytes((foreign / "group-000001.npz").read_bytes())
    made = made_again(monkeypatch)
    clips = prepare.prepare("ntu60", raw, tmp_path / "out", 1)
    assert made == [1] and prepared_bytes(clips.folder) == prepared_bytes(whole)


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe", b"[" * 100_000, b"[]"])
def test_a_damaged_signature_begins_anew(tmp_path: Path, content: bytes):
    write_ntu(tmp_path / "raw", 3)
    work = tmp_path / "out.partial"
    work.mkdir()
    (work / "signature.json").write_bytes(content)
    (work / "group-000000.npz").write_bytes(b"of something else")
    assert len(prepare.prepare("ntu60", tmp_path / "raw", tmp_path / "out", 1)) == 3
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out", "raw"]


def test_stopped_at_the_very_end_only_the_end_is_done_again(raw, whole, tmp_path, monkeypatch):
    real, out = Path.rename, tmp_path / "out"

    def stop(self: Path, target: Path) -> Path:
        if target == out:
            raise KeyboardInterrupt
        return real(self, target)

    monkeypatch.setattr(Path, "rename", stop)
    with pytest.raises(KeyboardInterrupt):
        prepare.prepare("ntu60", raw, out, 1)
    monkeypatch.undo()
    made = made_again(monkeypatch)
    prepare.prepare("ntu60", raw, out, 1)
    assert not made and prepared_bytes(out) == prepared_bytes(whole)
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


@pytest.mark.parametrize("when", ["reading", "joining"])
def test_a_full_disk_is_one_sentence_and_the_next_call_goes_on(raw, whole, tmp_path, monkeypatch, when):
    groups = sum(path.stat().st_size for path in partial(raw, tmp_path / "trial").glob("group-*"))
    disk = tmp_path / "disk"
    with small_disk(disk, int(groups * {"reading": 0.6, "joining": 1.2}[when])):
        ended = subprocess.run(
            command(raw, disk / "out"), cwd=ROOT, capture_output=True, text=True, timeout=300, check=False
        )
        assert ended.returncode == 1
        assert "No space left on device" in ended.stderr and str(disk) in ended.stderr
        assert "Traceback" not in ended.stderr and "Exception" not in ended.stderr
        assert ended.stderr.count("pose2action:") == 1
        kept = len(list((disk / "out.partial").glob("group-*.npz")))
        # Which of the groups, that are not equally large, find room depends on who writes first.
        assert kept == 3 if when == "joining" else kept < 3
        assert not list((disk / "out.partial").rglob(".*.part"))
        subprocess.run(["mount", "-o", f"remount,size={groups * 4}", str(disk)], check=True)
        made = made_again(monkeypatch)
        prepare.prepare("ntu60", raw, disk / "out", 1)
        assert len(made) == 3 - kept
        assert prepared_bytes(disk / "out") == prepared_bytes(whole)


def readers(parent: int) -> list[int]:
    """The processes that read for another one."""
    children = Path(f"/proc/{parent}/task/{parent}/children")
    if not children.exists():
        pytest.skip("this system does not tell a process's children")
    found = []
    with suppress(OSError):  # it has ended
        for child in map(int, children.read_text().split()):
            if b"spawn_main" in Path(f"/proc/{child}/cmdline").read_bytes():
                found.append(child)
    return found


def test_processes_that_read_do_not_hear_ctrl_c_at_any_time(tmp_path: Path):
    write_ntu(tmp_path / "raw", 3)
    running = subprocess.Popen(
        command(tmp_path / "raw", tmp_path / "out"), cwd=ROOT, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    told = 0
    while running.poll() is None:
        for reader in readers(running.pid):
            with suppress(OSError):
                os.kill(reader, signal.SIGINT)
                told += 1
        time.sleep(0.005)
    output, errors = running.communicate()
    assert running.returncode == 0 and "Traceback" not in errors
    assert told and "3 clips" in output


@pytest.mark.parametrize("groups", [0, 1])
def test_ctrl_c_of_a_terminal_reaches_all_processes_and_only_one_answers(raw: Path, tmp_path: Path, groups):
    """A terminal sends it to every process of the group, also to those that have only just begun."""
    work = tmp_path / "out.partial"
    running = subprocess.Popen(
        command(raw, tmp_path / "out", 2), cwd=ROOT, start_new_session=True, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    while running.poll() is None and not (readers(running.pid) and len(list(work.glob("group-*"))) >= groups):
        time.sleep(0.005)
    os.killpg(running.pid, signal.SIGINT)
    _, errors = running.communicate(timeout=120)
    assert running.returncode == 130
    assert "Traceback" not in errors
    assert errors.count("pose2action: preparing stopped; call again to go on from here.") == 1
    assert len(list(work.glob("group-*"))) >= groups and not (tmp_path / "out").exists()
