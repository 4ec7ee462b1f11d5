"""Stand-ins with known answers for the parts that a test is not about."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pose.layouts import LAYOUTS
from pose.skeleton import PersonPose, SkeletonSequence
from recognizer.attention import AttentionMaps
from recognizer.predictor import Prediction, untrained_card


class SteadyRecognizer:
    """Gives the same probabilities for every window.

    Args:
        name: of its card.
        scores: probability by class; together 1.
        threshold: of its card.
        layout: name of its skeleton layout.
    """

    def __init__(
        self, name: str, scores: dict[str, float], threshold: float = 0.5, layout: str = "kinetics-18"
    ) -> None:
        card = untrained_card(layout, classes=tuple(scores))
        self.card = card.model_copy(update={"name": name, "threshold": threshold})
        self.layout, self.classes, self.threshold = LAYOUTS[layout], card.classes, threshold
        self.window_seconds, self.frames = card.window_seconds, card.frames
        self._probabilities = np.array(list(scores.values()), np.float32)

    def predict(self, windows: Sequence[SkeletonSequence], attention: bool = False) -> list[Prediction]:
        """The attention it tells is on the right wrist alone, at the end of the window."""
        maps = None
        if attention:
            joints = np.zeros((8, len(self.layout)), np.float32)
            joints[-1, self.layout.index("right_wrist")] = 1
            maps = AttentionMaps(joints=joints, frames=joints.max(1))
        spans = [(float(window.timestamps[0]), float(window.timestamps[-1])) for window in windows]
        return [Prediction(self._probabilities, self.classes, start, end, maps) for start, end in spans]


def standing(width: int, height: int, middle: float = 0.5) -> PersonPose:
    """A person who stands upright around ``middle`` of the picture's width, every joint seen."""
    image = np.zeros((33, 2), np.float32)
    heights = {11: 0.3, 13: 0.42, 15: 0.52, 23: 0.55, 25: 0.73}  # of left joints; the right ones follow them
    rows = heights | {joint + 1: row for joint, row in heights.items()}
    for joint in range(33):
        side = 0.0 if joint < 11 else (0.05 if joint % 2 else -0.05)
        row = rows.get(joint, 0.12 if joint < 11 else 0.5 if joint < 23 else 0.9)
        image[joint] = (middle + side) * width, row * height
    world = np.zeros((33, 3), np.float32)
    world[:, :2] = (image - image[[23, 24]].mean(axis=0)) / (0.45 * height)
    return PersonPose(image, world, np.ones(33, np.float32), (width, height))


class StandingEstimator:
    """Sees one person who stands still in every picture, and keeps the pictures."""

    def __init__(self) -> None:
        self.pictures: list[np.ndarray] = []
        self.times: list[float] = []
        self.closed = False

    def estimate(self, image: np.ndarray, timestamp: float) -> list[PersonPose]:
        self.pictures.append(image.copy())
        self.times.append(timestamp)
        return [standing(image.shape[1], image.shape[0])]

    def reset(self) -> None:
        pass

    def close(self) -> None:
        self.closed = True
