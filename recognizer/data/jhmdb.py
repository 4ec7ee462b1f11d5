"""JHMDB (Jhuang et al. 2013), 14 of its classes: short clips from films and the web, 15 joints in 2-D.

One file ``jhmdb14.npz``: for each official split s and part, ``{train,test}s_joints`` (all frames, 15, 2),
``..._lengths``, ``..._labels``. Coordinates are centred and scaled already (arbitrary unit, y down). The
clips come from HMDB-51, which was brought to 30 fps; the file itself carries no frame rate.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from pose.layouts import KINETICS_18
from pose.skeleton import SkeletonSequence
from recognizer.data.clip import Clip, DataError, Unit, check_numbers, check_times
from recognizer.data.files import check_lengths, read_npz

FPS = 30.0
_UNIT = Unit("units", 100.0)  # about the size of a person; the largest real number is 2.8

# The face goes to the nose; the belly has no counterpart; eyes and ears stay at confidence 0.
JOINT_ORDER = (
    "neck", "belly", "nose", "right_shoulder", "left_shoulder", "right_hip", "left_hip",
    "right_elbow", "left_elbow", "right_knee", "left_knee", "right_wrist", "left_wrist",
    "right_ankle", "left_ankle",
)  # fmt: skip


def read_jhmdb(root: Path, split: int = 1) -> Iterator[Clip]:
    """Yields the clips of one official split, training part first, in the file's order.

    Args:
        root: the folder that holds ``jhmdb14.npz``.
        split: 1, 2 or 3.

    Raises:
        DataError: the file is missing or malformed.
        ValueError: there is no such split.
    """
    if split not in (1, 2, 3):
        raise ValueError(f"JHMDB has splits 1, 2 and 3, not {split}")
    path = Path(root) / "jhmdb14.npz"
    for part in ("train", "test"):
        joints, lengths, labels = _load(path, f"{part}{split}")
        for index, (end, length) in enumerate(zip(np.cumsum(lengths), lengths, strict=True)):
            yield Clip(
                name=f"{part}{split}_{index:03d}",
                dataset="jhmdb",
                action=str(labels[index]),
                subject="",
                split=part,
                sequence=_sequence(joints[end - length : end], path),
            )


def _load(path: Path, prefix: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """joints (sum of lengths, 15, 2), lengths (N,), labels (N,) of one part of one split."""
    if not path.exists():
        raise DataError(f"{path}: the file is missing.")
    names = [f"{prefix}_{key}" for key in ("joints", "lengths", "labels")]
    joints, lengths, labels = read_npz(path, names).values()
    if joints.ndim != 3 or joints.shape[1:] != (15, 2):
        raise DataError(f"{path}: {prefix}_joints must be (frames, 15, 2) and is {joints.shape}.")
    check_lengths(lengths, len(joints), f"{path}: {prefix}_lengths")
    if joints.dtype.kind != "f" or labels.dtype.kind != "U" or labels.shape != lengths.shape:
        raise DataError(f"{path}: {prefix}_joints must be numbers, and {prefix}_labels a text a clip.")
    return joints, lengths, labels


def _sequence(points: np.ndarray, path: Path) -> SkeletonSequence:
    check_numbers(points, _UNIT, path)
    times = np.arange(len(points)) / FPS
    check_times(times, path)
    joints = np.zeros((len(points), len(KINETICS_18), 2))
    confidence = np.zeros(joints.shape[:2])
    for source, name in enumerate(JOINT_ORDER):
        if name in KINETICS_18.joints:
            target = KINETICS_18.index(name)
            joints[:, target] = points[:, source]
            confidence[:, target] = 1.0
    return SkeletonSequence(joints[None], confidence[None], times, KINETICS_18)
