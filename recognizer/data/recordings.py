"""Recordings of one's own: ``LABEL/NAME.npz``, each written by ``pose2action run NAME.mp4 --skeleton``."""

from __future__ import annotations

import zlib
from pathlib import Path

import numpy as np

from pose.layouts import MEDIAPIPE_HAND_21, NTU_25
from pose.mapping import ntu25_from_landmarks
from pose.skeleton import SkeletonSequence
from recognizer.data.clip import DataError

FPS = 30.0
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
    try:
        with np.load(path) as content:
            time, persons = content["time"], content["persons"][:2]
            world = np.stack([content[f"world_{person}"] for person in persons]) if len(persons) else None
            seen = [content[f"detected_{person}"] for person in persons]
    except Exception:  # numpy raises many kinds on damaged files
        raise DataError(f"{path}: was not written by pose2action run --skeleton.") from None
    if world is None or not len(time):
        raise DataError(f"{path}: there is no person in it.")
    if world.shape[2:] == (len(MEDIAPIPE_HAND_21), 4):
        raise DataError(f"{path}: shows hands; record people, with weights of a body's layout.")
    if world.shape[1:] != (len(time), 33, 4) or not np.isfinite(world).all():
        raise DataError(f"{path}: the landmarks must be finite and (frames, 33, 4).")
    mapped = [ntu25_from_landmarks(person[..., :3], person[..., 3]) for person in world]
    joints = np.stack([each[0] for each in mapped])
    confidence = np.stack([each[1] for each in mapped]) * np.stack(seen)[..., None]
    try:
        sequence = SkeletonSequence(joints, confidence, time - time[0], NTU_25)
    except ValueError as error:
        raise DataError(f"{path}: {error}.") from None
    even = sequence.resample(np.arange(0.0, sequence.duration + 1e-6, 1 / FPS))
    return np.where(even.confidence[..., None] > 0, even.joints, 0.0), even.confidence
