"""Preparing where files are bad, or end the processes that read them."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import numpy as np
import pytest

from recognizer.data import prepare, processes
from recognizer.data.clip import DataError
from recognizer.data.groups import Task, load_group
from recognizer.data.prepared import PreparedClips
from recognizer.data.sources import SOURCES
from tests.recognizer.data.raw import ntu_bodies, ntu_text, write_ntu
from tests.recognizer.data.test_sources import record


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
