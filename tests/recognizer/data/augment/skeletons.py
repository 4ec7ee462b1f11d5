"""Which joints are arms, and recordings as a camera sees them."""

from __future__ import annotations

import numpy as np

from pose.layouts import KINETICS_18, SkeletonLayout
from recognizer.data.views import project_to_kinetics18, rotation

MOVED = ("elbow", "wrist", "hand", "hand_tip", "thumb")


def arms(layout: SkeletonLayout) -> list[int]:
    return [index for index, name in enumerate(layout.joints) if name.partition("_")[2] in MOVED]


def seen(clip, azimuth: float = 0.0, layout: SkeletonLayout = KINETICS_18) -> tuple[np.ndarray, np.ndarray]:
    matrix = rotation(np.radians(azimuth))
    if layout.coordinates == 3:
        return (clip.joints[0] @ matrix.T).astype(np.float32), clip.confidence[0].copy()
    return project_to_kinetics18(clip.joints[0], clip.confidence[0], matrix, 3.0)
