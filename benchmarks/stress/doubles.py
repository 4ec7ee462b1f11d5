"""A stand-in for the pose estimator where the videos are the subject: MediaPipe takes most of the time."""

from __future__ import annotations

import numpy as np

from pose.layouts import MEDIAPIPE_33
from pose.skeleton import PersonPose


class Walker:
    """Sees one person who walks across every picture and waves."""

    landmarks = MEDIAPIPE_33

    def estimate(self, image: np.ndarray, timestamp: float) -> list[PersonPose]:
        """One pose, whatever the picture shows."""
        height, width = image.shape[:2]
        joints = np.random.default_rng(0).normal(0, 0.1, (33, 3))
        joints[:, 1] += np.linspace(-0.4, 0.4, 33)
        joints[15:17, 1] += 0.1 * np.sin(6.0 * (timestamp % 1000.0))
        middle = 0.5 + 0.2 * np.sin(timestamp % 1000.0)
        picture = (joints[:, :2] * 0.5 + [middle, 0.5]) * [width, height]
        return [
            PersonPose(
                picture.astype(np.float32),
                joints.astype(np.float32),
                np.ones(33, np.float32),
                (width, height),
            )
        ]

    def reset(self) -> None:
        """Nothing is remembered."""

    def close(self) -> None:
        """Nothing is open."""
