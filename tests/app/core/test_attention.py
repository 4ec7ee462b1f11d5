"""The log of attention: what goes in comes out, one moment at a time and as a file."""

from __future__ import annotations

import gc
import os
import sys

import numpy as np
import pytest

from app.core.attention import AttentionLog, WindowAttention
from pose.layouts import KINETICS_18
from recognizer.attention import ActiveVoxels, AttentionMaps
from tests.disks import small_disk


def looked(person: int, end: float, seed: int = 0, **kinds) -> WindowAttention:
    body = np.random.default_rng(seed).normal(size=(18, 2)).astype(np.float32)
    return WindowAttention(person, end - 3, end, KINETICS_18, body, 32, AttentionMaps(**kinds))


def everything(seed: int, voxels: int) -> dict:
    rng = np.random.default_rng(seed)

    def random(*shape: int) -> np.ndarray:
        return rng.random(shape).astype(np.float32)

    return {
        "joints": random(8, 18), "frames": random(8), "relations": (random(18, 18), random(18, 5)),
        "regularisation": np.eye(18, dtype=np.float32),
        "voxels": ActiveVoxels(random(voxels, 2), rng.integers(0, 32, voxels), random(voxels), 0.125 + seed),
    }  # fmt: skip


@pytest.fixture
def log():
    made = AttentionLog()
    yield made
    made.close()


def test_a_moment_is_the_window_that_ends_nearest_to_it(log):
    for seed, (person, end) in enumerate([(0, 3.0), (2, 3.1), (0, 3.25), (0, 3.5)]):
        log.add(looked(person, end, seed, **everything(seed, 3 + seed)))
    assert log.spans() == {0: (3.0, 3.5), 2: (3.1, 3.1)}
    assert [log.at(0, time).end for time in (0, 3.1, 3.2, 9)] == [3.0, 3.0, 3.25, 3.5]
    assert log.at(1, 3.0) is None
    found, expected = log.at(2, 0.0), looked(2, 3.1, 1, **everything(1, 4))
    assert (found.person, found.start, found.end, found.frames) == (2, expected.start, 3.1, 32)
    np.testing.assert_array_equal(found.body, expected.body)
    for name in ("joints", "frames", "regularisation"):
        np.testing.assert_array_equal(getattr(found.maps, name), getattr(expected.maps, name))
    for a, b in zip(found.maps.relations, expected.maps.relations, strict=True):
        np.testing.assert_array_equal(a, b)
    np.testing.assert_array_equal(found.maps.voxels.positions, expected.maps.voxels.positions)
    assert found.maps.voxels.side == 1.125


def test_the_file_holds_the_windows_of_the_persons_asked_for(log, tmp_path):
    for seed, (person, end) in enumerate([(3, 3.0), (0, 3.0), (1, 3.0), (3, 3.25)]):
        log.add(looked(person, end, seed, **everything(seed, 3 + seed)))
    log.save(tmp_path / "a.npz", (0, 3))
    with np.load(tmp_path / "a.npz", allow_pickle=False) as read:
        table = dict(read)
    assert table["person"].tolist() == [0, 3, 3] and table["end"].tolist() == [3, 3, 3.25]
    assert str(table["layout"]) == "kinetics-18" and table["joint_names"][4] == "right_wrist"
    assert table["joints"].shape == (3, 8, 18) and table["frames"].shape == (3, 8)
    assert table["relations_0"].shape == (3, 18, 18) and table["relations_1"].shape == (3, 18, 5)
    assert table["regularisation"].shape == (18, 18) and table["body"].shape == (3, 18, 2)
    np.testing.assert_array_equal(table["joints"][2], everything(3, 6)["joints"])
    assert table["voxel_window"].tolist() == [0] * 4 + [1] * 3 + [2] * 6
    assert len(table["voxel_positions"]) == len(table["voxel_frames"]) == len(table["voxel_magnitudes"]) == 13
    assert table["voxel_side"].tolist() == [1.125, 0.125, 3.125]
    assert os.listdir(tmp_path) == ["a.npz"]


def test_only_what_the_network_tells_is_in_the_file(log, tmp_path):
    log.add(looked(0, 3.0, joints=np.ones((1, 18), np.float32)))
    log.save(tmp_path / "a.npz", (0,))
    with np.load(tmp_path / "a.npz") as read:
        assert set(read) == {
            "person", "start", "end", "window_frames", "layout", "joint_names", "body", "joints",
        }  # fmt: skip
    log.save(tmp_path / "none.npz", ())
    with np.load(tmp_path / "none.npz") as read:
        assert len(read["person"]) == 0


def test_a_file_that_cannot_be_written_is_an_error_and_leaves_nothing(log, tmp_path):
    with pytest.raises(OSError):
        log.save(tmp_path / "missing" / "a.npz", ())
    assert os.listdir(tmp_path) == []


def test_a_closed_log_knows_nothing(log):
    log.add(looked(0, 3.0))
    log.close()
    log.close()
    assert log.spans() == {} and log.at(0, 3.0) is None


def test_a_full_disk_keeps_the_older_file_and_prints_nothing(log, tmp_path, monkeypatch):
    lost = []
    monkeypatch.setattr(sys, "unraisablehook", lambda each: lost.append(str(each.exc_value)))
    for seed in range(20):
        log.add(looked(0, 3.0 + seed, seed, **everything(seed, 5)))
    with small_disk(tmp_path / "disk", "8k") as disk:
        (disk / "a.npz").write_bytes(b"older")
        try:
            log.save(disk / "a.npz", (0,))
        except OSError as error:
            assert (error.strerror, error.filename) == ("No space left on device", str(disk / "a.npz"))
        else:
            pytest.fail("the disk is not full")
        assert os.listdir(disk) == ["a.npz"] and (disk / "a.npz").read_bytes() == b"older"
    gc.collect()  # zip files that were not closed complain when they go
    assert lost == []
