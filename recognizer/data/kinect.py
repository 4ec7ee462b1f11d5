"""Kinect v1 skeletons (20 joints) as NTU-25 sequences.

The Kinect's frame is kept as it is in the files: metres, y up, z away from the sensor, and x towards the
right hand of a person who faces the sensor.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from pose.layouts import NTU_25
from pose.skeleton import SkeletonSequence
from recognizer.data.clip import METRES, check_numbers, check_times

KINECT_20 = (
    "hip_center", "spine", "shoulder_center", "head",
    "left_shoulder", "left_elbow", "left_wrist", "left_hand",
    "right_shoulder", "right_elbow", "right_wrist", "right_hand",
    "left_hip", "left_knee", "left_ankle", "left_foot",
    "right_hip", "right_knee", "right_ankle", "right_foot",
)  # fmt: skip
"""Joint order of the Kinect v1 SDK."""

# Kinect v2 joints that Kinect v1 has under another name, or that stand in for one it does not have.
_STAND_INS = {
    "spine_base": "hip_center",
    "spine_middle": "spine",
    "spine_shoulder": "shoulder_center",
    "left_hand_tip": "left_hand",
    "left_thumb": "left_hand",
    "right_hand_tip": "right_hand",
    "right_thumb": "right_hand",
}


def ntu25_from_kinect20(
    joints: np.ndarray, confidence: np.ndarray, order: tuple[str, ...] = KINECT_20
) -> tuple[np.ndarray, np.ndarray]:
    """Kinect v1 joints to NTU-25. The neck lies half-way between shoulder centre and head.

    Args:
        joints: (..., 20, 3) metres.
        confidence: (..., 20).
        order: the 20 joint names in the array's order.

    Returns:
        joints (..., 25, 3), confidence (..., 25).
    """
    neck = NTU_25.index("neck")
    # The neck's own entry is overwritten below.
    source = [order.index(_STAND_INS.get(n, "head" if n == "neck" else n)) for n in NTU_25.joints]
    out, sure = joints[..., source, :], confidence[..., source]
    centre, head = order.index("shoulder_center"), order.index("head")
    sure[..., neck] = np.minimum(confidence[..., centre], confidence[..., head])
    middle = (joints[..., centre, :] + joints[..., head, :]) / 2
    out[..., neck, :] = np.where(sure[..., neck, None] > 0, middle, 0.0)
    return out, sure


def kinect_sequence(
    joints: np.ndarray, timestamps: np.ndarray, path: Path, order: tuple[str, ...] = KINECT_20
) -> SkeletonSequence:
    """An NTU-25 sequence of one person from Kinect v1 joints.

    A joint at exactly (0, 0, 0), the sensor's own place, is how all these data sets write "not tracked":
    it gets confidence 0, every other one 1.

    Args:
        joints: (T, 20, 3) metres.
        timestamps: (T,) seconds.
        path: the file, for the error.
        order: the 20 joint names in the array's order.

    Raises:
        DataError: no frames, coordinates that are no body's, or times that are no clip's.
    """
    check_numbers(joints, METRES, path)
    check_times(timestamps, path)
    seen = np.any(joints != 0, axis=-1).astype(np.float64)
    out, sure = ntu25_from_kinect20(joints, seen, order)
    return SkeletonSequence(out[None], sure[None], timestamps, NTU_25)
