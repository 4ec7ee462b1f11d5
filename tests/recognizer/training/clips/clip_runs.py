"""Small trainings on whole clips, and clips, for the tests of their parts."""

from __future__ import annotations

import numpy as np

from pose.layouts import NTU_25
from recognizer.training.clips.config import ClipConfig


def config(**changes) -> ClipConfig:
    values = dict(
        dataset="ntu60", protocol="xview", frames=8, persons=2, batch_size=8,
        preprocessing={"origin": "spine", "confidence": False},
        network={"name": "lsta", "width": 0.1, "scales": 2, "dropout": 0.3}, epochs=2, learning_rate=0.02,
    )  # fmt: skip
    return ClipConfig.model_validate({**values, **changes})


def recipe(**changes) -> ClipConfig:
    """With the input of NW-UCLA's published results."""
    values = {
        "preprocessing": {"origin": "extent", "confidence": False}, "persons": 1,
        "frames": 52, "length": "pick",
        "augmentation": {"turn_x": 60, "turn_y": 60, "random_frames": True},
    }  # fmt: skip
    return config(**{**values, **changes})


def body(frames: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """(1, T, 25, 3) metres and (1, T, 25): somebody 3 m away, every joint seen."""
    rng = np.random.default_rng(seed)
    joints = rng.normal(0, 0.3, (1, 1, 25, 3)) + rng.normal(0, 0.1, (1, frames, 25, 3)) + [0, 0, 3]
    return joints.astype(np.float32), np.ones((1, frames, 25), np.float32)


class OfBodies:
    """Stands for a prepared data set of 3-D joints."""

    layout = NTU_25
