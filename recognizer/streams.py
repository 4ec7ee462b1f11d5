"""The four input streams of skeleton networks (2s-AGCN, MS-G3D; LSTA-Net Sec. 3.3).

Of coordinates alone. The public code also subtracts the scores of Kinetics-Skeleton, its third channel, from
each other; here every stream keeps them as they are, beside the coordinates.
"""

from __future__ import annotations

from typing import Literal

import numpy as np

from pose.layouts import SkeletonLayout

Stream = Literal["joint", "bone", "joint_motion", "bone_motion"]


def bones(joints: np.ndarray, layout: SkeletonLayout) -> np.ndarray:
    """(..., V, C) joints -> (..., V, C) vectors from each joint's parent to the joint; 0 at the root."""
    return joints - joints[..., list(layout.parents), :]


def motion(values: np.ndarray) -> np.ndarray:
    """(T, V, C) -> (T, V, C) differences x[t + 1] - x[t]; the last frame is 0."""
    result = np.zeros_like(values)
    result[:-1] = values[1:] - values[:-1]
    return result


def to_stream(joints: np.ndarray, known: np.ndarray, layout: SkeletonLayout, stream: Stream) -> np.ndarray:
    """(T, V, C) normalised joints -> (T, V, C) of the stream.

    Args:
        joints: (T, V, C), 0 where unknown.
        known: (V,) bool; a bone with an unknown end is 0, it would only tell where the other end is.
        layout: joints and bones.
        stream: one of the four.

    Raises:
        ValueError: unknown stream.
    """
    if stream in ("bone", "bone_motion"):
        both = known & known[list(layout.parents)]
        values = bones(joints, layout) * both[:, None]
    elif stream in ("joint", "joint_motion"):
        values = joints
    else:
        raise ValueError(f"unknown stream {stream!r}: choose joint, bone, joint_motion or bone_motion")
    return motion(values) if stream.endswith("_motion") else values
