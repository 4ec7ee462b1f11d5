"""Recordings of one's own: ``LABEL/NAME.npz``, each written by ``pose2action run NAME.mp4 --skeleton``."""

from __future__ import annotations

import zlib
from pathlib import Path

import numpy as np

from pose.layouts import MEDIAPIPE_HAND_21, NTU_25
from pose.mapping import from_landmarks
from pose.skeleton import SkeletonSequence
from recognizer.data.clip import METRES, DataError, check_numbers, check_times
from recognizer.data.files import read_npz

FPS = 30.0
_PERSONS = 2
_MOST = 2**28  # bytes of the arrays: ten minutes of two people have 40 million
_TEST_PERCENT = 20


def labels(root: Path) -> tuple[str, ...]:
    """Names of the folders, in alphabetical order."""
    return tuple(sorted({path.parent.name for path in root.glob("*/*.npz")}))


def is_test(name: str) -> bool:
    """Whether a recording is one of the fifth that tests: by a hash of its name, the same everywhere."""
    return zlib.crc32(name.encode()) % 100 < _TEST_PERCENT


def read_recording(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """The first two persons of a recording at 30 frames a second.

    Returns:
        joints (1 or 2, T, 25, 3) metres from the middle of the hips, confidence (1 or 2, T, 25).

    Raises:
        DataError: the file is malformed, shows nobody, or hands.
    """
    time, world, seen = _load(path)
    check_numbers(world[..., :3], METRES, path, world[..., 3])
    mapped = [from_landmarks(person[..., :3], person[..., 3], NTU_25) for person in world]
    joints = np.stack([each[0] for each in mapped])
    confidence = np.stack([each[1] for each in mapped]) * seen[..., None]
    sequence = SkeletonSequence(joints, confidence, time - time[0], NTU_25)
    even = sequence.resample(np.arange(0.0, sequence.duration + 1e-6, 1 / FPS))
    return np.where(even.confidence[..., None] > 0, even.joints, 0.0), even.confidence


def _load(path: Path) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """time (T,), world (1 or 2, T, 33, 4) and detected (1 or 2, T) of a recording."""
    try:
        head = read_npz(path, ("time", "persons"), _MOST)
        time, persons = head["time"], head["persons"]
        if time.ndim != 1 or persons.ndim != 1 or persons.dtype.kind not in "iu" or time.dtype.kind != "f":
            raise DataError("time and persons are of another kind")
        names = [f"{what}_{person}" for what in ("world", "detected") for person in persons[:_PERSONS]]
        arrays = list(read_npz(path, names, _MOST).values())
    except DataError as error:
        reason = str(error).removeprefix(f"{path}: ").rstrip(".")
        raise DataError(f"{path}: was not written by pose2action run --skeleton ({reason}).") from None
    world, seen = arrays[: len(arrays) // 2], arrays[len(arrays) // 2 :]
    if not world or not len(time):
        raise DataError(f"{path}: there is no person in it.")
    if any(each.shape[1:] == (len(MEDIAPIPE_HAND_21), 4) for each in world):
        raise DataError(f"{path}: shows hands; record people, with weights of a body's layout.")
    if any(each.shape != (len(time), 33, 4) or each.dtype.kind != "f" for each in world):
        raise DataError(f"{path}: the landmarks must be numbers (frames, 33, 4).")
    if any(each.shape != time.shape or each.dtype != bool for each in seen):
        raise DataError(f"{path}: detected must be true or false for each frame.")
    check_times(time, path)
    return time, np.stack(world), np.stack(seen)
