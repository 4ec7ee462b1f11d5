"""A body with known geometry, in the Kinect's frame."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from pose.layouts import NTU_25
from pose.skeleton import SkeletonSequence

# Metres from the middle of the hips; x towards the right of a person who faces the sensor, y up.
_RIGHT = {
    "shoulder": (0.18, 0.48), "elbow": (0.22, 0.20), "wrist": (0.24, -0.05), "hand": (0.24, -0.12),
    "hand_tip": (0.24, -0.20), "thumb": (0.20, -0.12), "hip": (0.10, -0.02), "knee": (0.11, -0.45),
    "ankle": (0.12, -0.85), "foot": (0.13, -0.92),
}  # fmt: skip
_MIDDLE = {
    "spine_base": 0.0, "spine_middle": 0.25, "spine_shoulder": 0.5, "neck": 0.58, "head": 0.72,
}  # fmt: skip


@pytest.fixture(scope="session")
def standing() -> np.ndarray:
    """(25, 3) metres: someone who stands 3 m from the sensor and faces it."""
    joints = np.zeros((25, 3), np.float32)
    for name, y in _MIDDLE.items():
        joints[NTU_25.index(name)] = (0, y, 3)
    for name, (x, y) in _RIGHT.items():
        joints[NTU_25.index(f"right_{name}")] = (x, y, 3)
        joints[NTU_25.index(f"left_{name}")] = (-x, y, 3)
    joints[[NTU_25.index("left_foot"), NTU_25.index("right_foot")], 2] = 2.85
    return joints


@pytest.fixture(scope="session")
def wave(standing) -> Callable[..., SkeletonSequence]:
    """Makes a clip of a wave with the right hand, above the head and outside the shoulder."""

    def make(seconds: float = 3.0, fps: float = 30.0) -> SkeletonSequence:
        times = np.arange(int(round(seconds * fps)) + 1) / fps
        joints = np.repeat(standing[None], len(times), 0)
        swing = 0.15 * np.sin(2 * np.pi * 1.5 * times)
        joints[:, NTU_25.index("right_elbow"), :2] = (0.35, 0.60)
        for height, name in ((0.85, "wrist"), (0.93, "hand"), (1.0, "hand_tip"), (0.92, "thumb")):
            joints[:, NTU_25.index(f"right_{name}"), 0] = 0.35 + swing
            joints[:, NTU_25.index(f"right_{name}"), 1] = height
        return SkeletonSequence(joints[None], np.ones((1, len(times), 25)), times, NTU_25)

    return make
