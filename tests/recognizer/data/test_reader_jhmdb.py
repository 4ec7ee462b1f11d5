"""JHMDB reader, on files in its format and on the real one."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from pose.layouts import KINETICS_18
from recognizer.data.clip import DataError
from recognizer.data.jhmdb import read_jhmdb


def arrays() -> dict[str, np.ndarray]:
    data = {}
    for split in (1, 2, 3):
        joints = np.random.default_rng(split).normal(size=(5, 15, 2)).astype(np.float32)
        data[f"train{split}_joints"], data[f"test{split}_joints"] = joints, joints[:3]
        data[f"train{split}_lengths"] = np.array([2, 3], np.int32)
        data[f"test{split}_lengths"] = np.array([3], np.int32)
        data[f"train{split}_labels"], data[f"test{split}_labels"] = (
            np.array(["clap", "golf"]),
            np.array(["sit"]),
        )
    return data


def test_reads_its_own_format(tmp_path: Path) -> None:
    data = arrays()
    np.savez(tmp_path / "jhmdb14.npz", **data)
    first, second, third = read_jhmdb(tmp_path)
    assert [c.name for c in (first, second, third)] == ["train1_000", "train1_001", "test1_000"]
    assert (second.action, second.split, third.split) == ("golf", "train", "test")
    assert second.sequence.joints.shape == (1, 3, 18, 2)
    np.testing.assert_allclose(second.sequence.timestamps, np.arange(3) / 30)
    # 0-based list of the data set: 0 neck, 2 face, 4 left shoulder, 11 right wrist, 14 left ankle.
    for joint, source in {
        "neck": 0,
        "nose": 2,
        "left_shoulder": 4,
        "right_wrist": 11,
        "left_ankle": 14,
    }.items():
        np.testing.assert_array_equal(
            second.sequence.joints[0, :, KINETICS_18.index(joint)], data["train1_joints"][2:, source]
        )
    unseen = set(np.flatnonzero(second.sequence.confidence[0, 0] == 0))
    assert {KINETICS_18.joints[j] for j in unseen} == {"left_eye", "right_eye", "left_ear", "right_ear"}
    np.testing.assert_array_equal(
        next(read_jhmdb(tmp_path, split=3)).sequence.joints[0, :, 1], data["train3_joints"][:2, 0]
    )
    with pytest.raises(ValueError, match="splits 1, 2 and 3"):
        next(read_jhmdb(tmp_path, split=4))


def test_malformed_files_are_named(tmp_path: Path) -> None:
    path = tmp_path / "jhmdb14.npz"
    with pytest.raises(DataError, match="jhmdb14.npz.*missing"):
        list(read_jhmdb(tmp_path))
    changes = (
        {"train1_joints": np.zeros((5, 14, 2))},
        {"train1_joints": np.full((5, 15, 2), np.nan)},
        {"test1_lengths": np.array([4])},
        {"test1_labels": np.array(["a", "b"])},
        {"test1_labels": np.array([b"a"])},
        {"test1_labels": np.array("a")},
        {"train1_joints": np.full((5, 15, 2), 1e39)},
        {"train1_joints": np.full((5, 15, 2), 500.0)},
        {"train1_joints": np.full((5, 15, 2), "x")},
        {"train1_lengths": np.array([8, -3]), "train1_labels": np.array(["a", "b"])},
        {"train1_lengths": np.array([5.0])},
        {"train1_lengths": np.array(5)},
    )
    for change in changes:
        np.savez(path, **(arrays() | change))
        with pytest.raises(DataError, match="jhmdb14.npz"):
            list(read_jhmdb(tmp_path))
    path.write_bytes(path.read_bytes()[:400])
    with pytest.raises(DataError, match="jhmdb14.npz"):
        list(read_jhmdb(tmp_path))


@pytest.mark.parametrize(("split", "train", "test"), [(1, 433, 176), (2, 433, 176), (3, 434, 175)])
def test_real_data(split: int, train: int, test: int, real_data) -> None:
    clips = list(read_jhmdb(real_data("jhmdb"), split))
    assert Counter(clip.split for clip in clips) == {"train": train, "test": test}
    assert len({clip.name for clip in clips}) == 609 and len({clip.action for clip in clips}) == 14
    assert max(len(clip.sequence.timestamps) for clip in clips) == 40
    upright = []
    for clip in clips:
        assert np.isfinite(clip.sequence.joints).all()
        y = clip.sequence.joints[0, ..., 1]
        upright.append(np.mean(y[:, KINETICS_18.index("neck")] < y[:, KINETICS_18.index("left_hip")]))
    assert np.mean(upright) > 0.95  # y down
