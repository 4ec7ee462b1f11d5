"""Preparing where something goes wrong: bad files, processes that die, damaged groups, full disks, Ctrl-C."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import numpy as np
import pytest

from recognizer.data import prepare, processes
from recognizer.data.clip import DataError
from recognizer.data.groups import Task, load_group
from recognizer.data.prepared import PreparedClips
from recognizer.data.sources import SOURCES
from tests.recognizer.data.raw import ntu_bodies, ntu_text, prepared_bytes, write_ntu
from tests.recognizer.data.test_sources import record

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


# --- bad files ----------------------------------------------------------------------------------------------


def test_whatever_a_file_is_it_is_skipped_and_named(tmp_path: Path):
    raw = tmp_path / "raw"
    paths = write_ntu(raw, 9)
    rng = np.random.default_rng(0)
    far = ntu_bodies(rng)
    far[0, 2, 3, 1] = 1e30
    bad = {
        paths[1]: (ntu_text(far), "1e+30 metres"),
        paths[2]: (ntu_text(ntu_bodies(rng)).replace("\n25\r", "\n" + "9" * 5000 + "\r"), "number of joints"),
        paths[3]: ("18000\n" + ("0\n" * 17_000), "the file ends"),
        paths[4]: ("1000000000\n", "is no number of frames"),
    }
    for path, (text, _) in bad.items():
        path.write_text(text)
    paths[5].unlink()
    os.mkfifo(paths[5])
    clips = prepare.prepare("ntu60", raw, tmp_path / "out", 1)
    assert len(clips) == 4 and len(clips.info.skipped) == 5
    for path, said in [(path, said) for path, (_, said) in bad.items()] + [(paths[5], "no plain file")]:
        (line,) = (line for line in clips.info.skipped if str(path) in line)
        assert said in line and "\n" not in line


def test_many_bodies_of_few_frames_are_no_reason_for_gigabytes(tmp_path: Path):
    """Each body has one frame in the file, and would have all of them in memory: 6 GB here."""
    joints = "1 1 1 0 0 0 0 0 0 0 0 2\n" * 25
    frames = ["20\n" + "".join(f"{20 * n + b} 0\n25\n{joints}" for b in range(20)) for n in range(60)]
    path = write_ntu(tmp_path / "raw", 2)[1]
    path.write_text("18000\n" + "".join(frames) + "0\n" * 17_940)
    clips = prepare.prepare("ntu60", tmp_path / "raw", tmp_path / "out", 1)
    assert "1200 bodies over 18000 frames are no clip" in clips.info.skipped[0]


def test_names_that_cannot_be_printed(tmp_path: Path):
    raw = tmp_path / "raw"
    write_ntu(raw, 2)
    try:
        (raw / os.fsdecode(b"odd\xff\n.skeleton")).write_text("1\n")
    except OSError:
        pytest.skip("this disk knows no such names")
    clips = prepare.prepare("ntu60", raw, tmp_path / "out", 1)
    assert len(clips) == 2 and "odd" in clips.info.skipped[0] and "\n" not in clips.info.skipped[0]
    assert PreparedClips(tmp_path / "out").info == clips.info


@pytest.mark.parametrize(
    "change, said",
    [
        (dict(time=np.array([0, 1e9] + [1e9] * 10)), "frames over 1e"),
        (dict(time=np.arange(12.0)[::-1]), "run backwards"),
        (dict(time=np.full(12, np.nan)), "not finite"),
        (dict(detected_0=np.ones(5, bool)), "detected must be"),
        (dict(detected_0=np.ones(12) * 7), "detected must be"),
        (dict(world_0=np.full((12, 33, 4), 1e39)), "not finite"),
        (dict(world_0=np.full((12, 33, 4), 60.0, np.float32)), "60 metres"),
        (dict(world_0=np.full((12, 33, 4), 7.0, np.float32)), "confidence is 7"),
        (dict(world_0=np.array([{}], object)), "written by"),
        (dict(persons=np.array(0)), "written by"),
        (dict(persons=np.array([9])), "no array world_9"),
    ],
)
def test_recordings_that_are_none(tmp_path: Path, change: dict, said: str):
    raw = tmp_path / "raw"
    for name in ("good", "bad"):
        record(raw / "wave" / f"{name}.npz", 12, 30.0)
    with np.load(raw / "wave" / "bad.npz") as file:
        content = dict(file)
    np.savez(raw / "wave" / "bad.npz", **(content | change))
    clips = prepare.prepare("recordings", raw, tmp_path / "out", 1)
    assert len(clips) == 1 and len(clips.info.skipped) == 1
    assert "bad.npz" in clips.info.skipped[0] and said in clips.info.skipped[0]


class Faulty(type(Path())):
    """A file whose reading raises what nobody has foreseen."""

    def stat(self, **_: object) -> os.stat_result:
        raise (MemoryError(), RecursionError("too deep"), KeyError("a\nb"))[int(self.stem[-1])]


def test_errors_that_nobody_has_foreseen_are_sentences(tmp_path: Path):
    good = write_ntu(tmp_path / "raw", 2)
    faulty = [Faulty(tmp_path / f"S001C001P001R001A01{number}.skeleton") for number in range(3)]
    group = make(tmp_path, [good[0], *faulty, good[1]], workers=1)
    assert len(group.clips) == 2
    for line, path, said in zip(
        group.skipped, faulty, ("more memory than there is", "too deeply", "KeyError: 'a"), strict=True
    ):
        assert line.startswith(f"{path}: ") and said in line and "\n" not in line


# --- processes that die -------------------------------------------------------------------------------------


class Deadly(type(Path())):
    """A file that ends the process that reads it; one called "once" only the first one."""

    def stat(self, **options: object) -> os.stat_result:
        mark = Path(self).with_suffix(".killed")
        if "once" not in self.parts or not mark.exists():
            mark.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return super().stat(**options)


def make(folder: Path, files: list[Path], workers: int = 2, copies: int = 1):
    work = folder / "work"
    work.mkdir(exist_ok=True)
    told: list[int] = []
    task = Task("ntu60", folder / "raw", work, "signature")
    processes.make_groups(task, dict.fromkeys(range(copies), files), workers, told.append)
    assert sorted(told) == list(range(copies))
    info = prepare.info_of("ntu60", SOURCES["ntu60"](folder / "raw"))
    groups = [load_group(work, number, "signature", info) for number in range(copies)]
    assert all(group.skipped == groups[0].skipped for group in groups)
    return groups[0]


def test_a_file_that_kills_its_process_is_found_and_named(tmp_path: Path):
    good = write_ntu(tmp_path / "raw", 4)
    deadly = [Deadly(tmp_path / "raw" / f"S001C001P001R00{n}A001.skeleton") for n in (2, 3)]
    group = make(tmp_path, [good[0], deadly[0], good[1], deadly[1], good[2], good[3]], copies=3)
    assert len(group.clips) == 4
    for line, path in zip(group.skipped, deadly, strict=True):
        assert line.startswith(f"{path}: the process that read it was killed")


def test_files_that_were_only_beside_it_are_kept(tmp_path: Path):
    """The process was killed once, for whatever reason: nothing is wrong with the file."""
    good = write_ntu(tmp_path / "raw", 3)
    (tmp_path / "raw" / "once").mkdir()
    once = Deadly(good[1].rename(tmp_path / "raw" / "once" / good[1].name))
    group = make(tmp_path, [good[0], once, good[2]])
    assert len(group.clips) == 3 and not group.skipped


def test_processes_that_die_of_no_file_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    good = write_ntu(tmp_path / "raw", 2)
    deadly = Deadly(tmp_path / "raw" / "S001C001P001R002A001.skeleton")
    monkeypatch.setattr(processes, "_kills", lambda task, path: False)
    with pytest.raises(DataError, match="was killed, .*: call again to go on"):
        make(tmp_path, [good[0], deadly], workers=4)


# --- groups -------------------------------------------------------------------------------------------------


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


# --- disks and keys -----------------------------------------------------------------------------------------


@contextmanager
def small_disk(folder: Path, size: int) -> Iterator[None]:
    """A disk of its own at ``folder``; skips the test where it cannot be had."""
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={size}", "none", str(folder)]
    try:
        done = subprocess.run(mount, capture_output=True, check=False).returncode == 0
    except OSError:
        done = False
    if not done:
        pytest.skip("a small disk cannot be mounted here")
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


@pytest.mark.parametrize("when", ["reading", "joining"])
def test_a_full_disk_is_one_sentence_and_the_next_call_goes_on(raw, whole, tmp_path, monkeypatch, when):
    groups = sum(path.stat().st_size for path in partial(raw, tmp_path / "trial").glob("group-*"))
    disk, kept = tmp_path / "disk", {"reading": 1, "joining": 3}[when]
    with small_disk(disk, int(groups * {"reading": 0.6, "joining": 1.2}[when])):
        ended = subprocess.run(
            command(raw, disk / "out"), cwd=ROOT, capture_output=True, text=True, timeout=300, check=False
        )
        assert ended.returncode == 1
        assert "No space left on device" in ended.stderr and str(disk) in ended.stderr
        assert "Traceback" not in ended.stderr and "Exception" not in ended.stderr
        assert ended.stderr.count("pose2action:") == 1
        assert len(list((disk / "out.partial").glob("group-*.npz"))) == kept
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
