"""Landmarks of many frames and people go through the disk and come back as they were."""

import os
import tempfile
from contextlib import closing

import numpy as np
import pytest

from app.video import skeletons
from app.video.skeletons import SkeletonWriter
from tests.disks import small_disk


@pytest.mark.parametrize("block", [1, 7, 20, 4096])
def test_people_who_come_and_go(tmp_path, fakes, monkeypatch, block):
    monkeypatch.setattr(skeletons, "_BLOCK", block)
    there = {0: range(20), 1: range(5, 9), 4: [0, 6, 7, 19]}
    with closing(SkeletonWriter()) as writer:
        for frame in range(20):
            writer.add(
                frame / 10,
                {person: fakes.pose(x=100 * person + frame) for person in there if frame in there[person]},
            )
        writer.save(tmp_path / "a.npz", (0, 4))
    with np.load(tmp_path / "a.npz", allow_pickle=False) as read:
        assert set(read) == {"time", "persons", "size"} | {
            f"{name}_{person}" for name in ("detected", "landmarks", "world") for person in (0, 4)
        }
        assert read["size"].tolist() == [640, 480]
        assert read["persons"].tolist() == [0, 4] and read["time"] == pytest.approx(np.arange(20) / 10)
        for person in (0, 4):
            for frame in range(20):
                seen = frame in there[person]
                assert read[f"detected_{person}"][frame] == seen
                pose = fakes.pose(x=100 * person + frame)
                landmarks = np.column_stack([pose.image / (640, 480), np.zeros(33), np.ones(33)])
                world = np.column_stack([pose.world, np.ones(33)])
                np.testing.assert_allclose(read[f"landmarks_{person}"][frame], landmarks * seen, atol=1e-6)
                np.testing.assert_allclose(read[f"world_{person}"][frame], world * seen, atol=1e-6)
        assert read["landmarks_0"].dtype == np.float32


def test_nobody_at_all(tmp_path):
    with closing(SkeletonWriter()) as writer:
        writer.save(tmp_path / "a.npz", ())
    with np.load(tmp_path / "a.npz") as read:
        assert read["time"].shape == (0,) and read["persons"].shape == (0,)


@pytest.mark.skipif(os.name != "posix", reason="files without names are a thing of POSIX")
def test_a_killed_program_leaves_nothing(tmp_path, fakes, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with closing(SkeletonWriter()) as writer:
        for frame in range(20):
            writer.add(frame / 10, {0: fakes.pose(), 1: fakes.pose()})
        assert os.listdir(tmp_path) == []


def test_many_people_need_no_more_open_files(fakes):
    with closing(SkeletonWriter()) as writer:
        writer.add(0.0, {person: fakes.pose() for person in range(2000)})  # the usual limit is 1024


def test_a_full_disk_for_temporary_files(tmp_path, fakes, monkeypatch):
    with small_disk(tmp_path / "disk") as disk:
        monkeypatch.setattr(tempfile, "tempdir", str(disk))
        with pytest.raises(OSError, match="No space left") as error, closing(SkeletonWriter()) as writer:
            for frame in range(1000):
                writer.add(frame / 10, {0: fakes.pose()})
        assert error.value.filename == str(disk)


def test_a_full_disk_keeps_the_older_file(tmp_path, fakes):
    with small_disk(tmp_path / "disk", "8k") as disk, closing(SkeletonWriter()) as writer:
        (disk / "a.npz").write_bytes(b"older")
        for frame in range(200):
            writer.add(frame / 10, {0: fakes.pose(x=float(np.random.default_rng(frame).normal()))})
        with pytest.raises(OSError, match="No space left") as error:
            writer.save(disk / "a.npz", (0,))
        assert error.value.filename == str(disk / "a.npz")
        assert os.listdir(disk) == ["a.npz"] and (disk / "a.npz").read_bytes() == b"older"
