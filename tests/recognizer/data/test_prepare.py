"""Preparing a data set: what comes out, what is skipped, and going on after a stop."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from recognizer.data import ntu, prepare
from recognizer.data.clip import DataError
from recognizer.data.prepared import CLIPS, INFO, JOINTS, TEST, TRAIN, PreparedClips
from tests.recognizer.data.raw import prepared_ntu, write_ntu

ROOT = Path(__file__).resolve().parents[3]


def contents(folder: Path) -> dict[str, bytes]:
    return {name: (folder / name).read_bytes() for name in (INFO, CLIPS, JOINTS)}


@pytest.fixture(scope="module")
def raw(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """430 files, six of them bad: three groups."""
    root = tmp_path_factory.mktemp("ntu")
    paths = write_ntu(root, 430)
    paths[3].write_text("")
    paths[100].write_text(paths[100].read_text()[:2000])
    paths[250].write_text("2\r\n0\r\n0\r\n")  # frames, but nobody in them
    paths[251].rename(root / "odd.skeleton")
    paths[252].write_bytes(b"\xff\xfe\x00binary")
    return root


@pytest.fixture(scope="module")
def prepared(raw: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    told = []
    out = tmp_path_factory.mktemp("out") / "ntu60"
    without = frozenset({sorted(raw.glob("S*"))[-1].stem})
    prepare.prepare("ntu60", raw, out, 2, without, lambda *each: told.append(each))
    assert told[0] == (0, 430) and told[-1] == (430, 430)
    assert [done for done, _ in told] == sorted(done for done, _ in told)
    return out


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A prepared data set for what does not depend on how many clips it has."""
    return prepared_ntu(tmp_path_factory.mktemp("small"), 4)


def test_every_good_file_is_there_and_every_bad_one_is_named(raw: Path, prepared: Path):
    clips = PreparedClips(prepared)
    skipped = clips.info.skipped
    assert len(clips) == 424 and len(skipped) == 6
    for reason in (
        "odd.skeleton",
        "list of samples to leave out",
        "no skeleton",
        "line 1: there is no",
        "line [0-9]+",
    ):
        assert any(re.search(reason, line) for line in skipped), reason
    assert sorted(path.name for path in prepared.iterdir()) == sorted((INFO, CLIPS, JOINTS))


def test_a_clip_comes_back_as_its_file_says(raw: Path, prepared: Path):
    clips = PreparedClips(prepared)
    names = [clips.name(index) for index in range(len(clips))]
    assert names == sorted(names)
    for index in (0, 17, 200, len(clips) - 1):
        path = raw / f"{names[index]}.skeleton"
        wanted = ntu.main_bodies(ntu.read_bodies(path), path)
        joints, confidence = clips.arrays(index)
        np.testing.assert_array_equal(joints, wanted)
        assert confidence.min() == 1
        assert clips.labels("action")[index] == int(names[index][-3:]) - 1
        assert clips.sequence(index).duration == pytest.approx((joints.shape[1] - 1) / 30)
    for protocol in ("xsub", "xview"):
        parts = [set(clips.part(protocol, part)) for part in (TRAIN, TEST)]
        assert len(parts[0] | parts[1]) == len(clips) and not parts[0] & parts[1]


def test_unknown_tasks_and_protocols_are_told(small: Path):
    clips = PreparedClips(small)
    with pytest.raises(DataError, match="'xset' is no protocol .* xsub, xview"):
        clips.part("xset", TRAIN)
    with pytest.raises(DataError, match="'14' is no task .* action"):
        clips.labels("14")


def test_one_process_gives_the_same_bytes_as_two(raw: Path, prepared: Path, tmp_path: Path):
    without = frozenset({sorted(raw.glob("S*"))[-1].stem})
    prepare.prepare("ntu60", raw, tmp_path / "one", 1, without)
    assert contents(tmp_path / "one") == contents(prepared)


def test_killed_in_the_middle_it_goes_on_where_it_was(tmp_path: Path):
    raw, out = tmp_path / "raw", tmp_path / "out"
    write_ntu(raw, 1000)
    command = [sys.executable, "-m", "app", "prepare", "ntu60", str(raw), str(out), "--workers", "1"]
    running = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    work = tmp_path / "out.partial"
    deadline = time.monotonic() + 120
    while len(list(work.glob("group-*.npz"))) < 2 and time.monotonic() < deadline:
        time.sleep(0.01)
    running.send_signal(signal.SIGKILL)
    running.wait()
    assert not out.exists()
    kept = {path.name: path.stat().st_mtime_ns for path in work.glob("group-*.npz")}
    assert 2 <= len(kept) < 5
    seen = []
    prepare.prepare("ntu60", raw, out, 1, progress=lambda done, total: seen.append(done))
    assert seen[0] >= 400, "what was done is not done again"
    prepare.prepare("ntu60", raw, tmp_path / "whole", 1)
    assert contents(out) == contents(tmp_path / "whole")
    assert not work.exists()


def test_ctrl_c_says_how_to_go_on(tmp_path: Path):
    raw, out = tmp_path / "raw", tmp_path / "out"
    write_ntu(raw, 1000)
    command = [sys.executable, "-m", "app", "prepare", "ntu60", str(raw), str(out), "--workers", "1"]
    running = subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    while not list((tmp_path / "out.partial").glob("group-*.npz")) and running.poll() is None:
        time.sleep(0.01)
    running.send_signal(signal.SIGINT)
    _, errors = running.communicate(timeout=60)
    assert running.returncode == 130
    assert "call again to go on" in errors and "Traceback" not in errors
    assert not out.exists()


def test_other_files_begin_anew(tmp_path: Path):
    raw, out = tmp_path / "raw", tmp_path / "out"
    write_ntu(raw, 5)
    work = tmp_path / "out.partial"
    work.mkdir()
    (work / "signature.json").write_text("{}")
    (work / "group-000000.npz").write_bytes(b"of something else")
    assert len(prepare.prepare("ntu60", raw, out, 1)) == 5


@pytest.mark.parametrize(
    "dataset, said",
    [("ntu61", "'ntu61': choose one of ntu60"), ("ntu60", "no file called"), ("shrec17", "train_gestures")],
)
def test_what_is_no_data_set_is_told(tmp_path: Path, dataset, said):
    raw = tmp_path / "raw"
    raw.mkdir()
    with pytest.raises(DataError, match=said):
        prepare.prepare(dataset, raw, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_an_existing_folder_is_not_touched(tmp_path: Path):
    write_ntu(tmp_path / "raw", 1)
    (tmp_path / "out").mkdir()
    with pytest.raises(DataError, match="exists already"):
        prepare.prepare("ntu60", tmp_path / "raw", tmp_path / "out")


def test_not_one_good_file_is_told_with_a_reason(tmp_path: Path):
    (path,) = write_ntu(tmp_path / "raw", 1)
    path.write_text("0\r\n")
    with pytest.raises(DataError, match="Not one of 1 files can be used. The first: .*no frames"):
        prepare.prepare("ntu60", tmp_path / "raw", tmp_path / "out", 1)
    assert not (tmp_path / "out").exists()


def test_the_same_name_in_two_folders_is_told(tmp_path: Path):
    write_ntu(tmp_path / "raw" / "a", 2)
    write_ntu(tmp_path / "raw" / "b", 1)
    with pytest.raises(DataError, match="S001C001P001R001A001 2 times"):
        prepare.prepare("ntu60", tmp_path / "raw", tmp_path / "out", 1)


@pytest.mark.parametrize("missing", [INFO, CLIPS, JOINTS])
def test_a_folder_that_lacks_a_file_is_told(small: Path, tmp_path: Path, missing):
    for name, content in contents(small).items():
        if name != missing:
            (tmp_path / name).write_bytes(content)
    with pytest.raises(DataError, match="is no prepared data set, or one of an older version: make one"):
        PreparedClips(tmp_path)


@pytest.mark.parametrize("version", [None, 1, 3])
def test_what_another_version_has_prepared_is_told(small: Path, tmp_path: Path, version: int | None):
    for name, content in contents(small).items():
        (tmp_path / name).write_bytes(content)
    info = json.loads((tmp_path / INFO).read_text())
    assert info.pop("version") == 2
    (tmp_path / INFO).write_text(json.dumps(info if version is None else {**info, "version": version}))
    with pytest.raises(DataError, match="of an older version: make one"):
        PreparedClips(tmp_path)


def test_index_and_joints_that_do_not_fit_are_told(small: Path, tmp_path: Path):
    for name, content in contents(small).items():
        (tmp_path / name).write_bytes(content)
    np.save(tmp_path / CLIPS, np.load(small / CLIPS)[:-1])
    with pytest.raises(DataError, match="damaged"):
        PreparedClips(tmp_path)
