"""Stand-ins with known answers for the parts that a test is not about."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pose.layouts import LAYOUTS, MEDIAPIPE_33, MEDIAPIPE_HAND_21, SkeletonLayout
from pose.skeleton import PersonPose, SkeletonSequence
from recognizer.attention import AttentionMaps
from recognizer.prediction import Prediction
from recognizer.predictor import untrained_card


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

    def predict_live(
        self,
        windows: Sequence[SkeletonSequence],
        newest: Sequence[SkeletonSequence],
        attention: bool = False,
    ) -> list[Prediction]:
        """As ``predict``."""
        return self.predict(windows, attention)

    def predict(self, windows: Sequence[SkeletonSequence], attention: bool = False) -> list[Prediction]:
        """The attention it tells is on the (right) wrist alone, at the end of the window."""
        maps = None
        if attention:
            joints = np.zeros((8, len(self.layout)), np.float32)
            joints[
                -1, self.layout.index("right_wrist" if "right_wrist" in self.layout.joints else "wrist")
            ] = 1
            maps = AttentionMaps(joints=joints, frames=joints.max(1))
        spans = [(float(window.timestamps[0]), float(window.timestamps[-1])) for window in windows]
        p = self._probabilities
        return [Prediction(p, self.classes, start, end, maps, p / p.max()) for start, end in spans]


def standing(width: int, height: int, middle: float = 0.5, size: float = 1.0) -> PersonPose:
    """A person who stands upright around ``middle`` of the picture's width, every joint seen.

    Args: ``size`` of the person, 1 for most of the picture's height.
    """
    image = np.zeros((33, 2), np.float32)
    heights = {11: 0.3, 13: 0.42, 15: 0.52, 23: 0.55, 25: 0.73}  # of left joints; the right ones follow them
    rows = heights | {joint + 1: row for joint, row in heights.items()}
    for joint in range(33):
        side = 0.0 if joint < 11 else (0.05 if joint % 2 else -0.05)
        row = rows.get(joint, 0.12 if joint < 11 else 0.5 if joint < 23 else 0.9)
        image[joint] = (middle + size * side) * width, (0.425 + size * (row - 0.425)) * height
    world = np.zeros((33, 3), np.float32)
    world[:, :2] = (image - image[[23, 24]].mean(axis=0)) / (0.45 * height)
    return PersonPose(image, world, np.ones(33, np.float32), (width, height))


def open_hand(
    size: tuple[int, int] = (640, 480),
    wrist: tuple[float, float] = (320, 400),
    palm: float = 90,
    curl: float = 0,
) -> PersonPose:
    """A hand held upright with spread fingers, the thumb on the picture's right.

    Args:
        size: (width, height) of the picture in pixels.
        wrist: where it is.
        palm: pixels from the wrist to the knuckles.
        curl: 0 for stretched fingers, 1 for a fist.
    """
    points = np.zeros((21, 2))
    for finger, degrees in enumerate((55, 20, 3, -14, -32)):  # from upright towards the right; thumb first
        out = np.array([np.sin(np.radians(degrees)), -np.cos(np.radians(degrees))])
        reach = 0.55 if finger == 0 else 1.0
        for joint in range(4):
            points[1 + 4 * finger + joint] = out * (reach + 0.3 * joint * (1 - 1.6 * curl))
    world = np.zeros((21, 3))
    world[:, :2] = 0.09 * (points - points.mean(axis=0))
    return PersonPose(np.add(points * palm, wrist), world, np.ones(21), size, MEDIAPIPE_HAND_21)


class StandingEstimator:
    """Sees one person who stands still, or one open hand, in every picture, and keeps the pictures.

    Args:
        landmarks: of a person or a hand.
    """

    def __init__(self, landmarks: SkeletonLayout = MEDIAPIPE_33) -> None:
        self.landmarks = landmarks
        self.pictures: list[np.ndarray] = []
        self.times: list[float] = []
        self.closed = False

    def estimate(self, image: np.ndarray, timestamp: float) -> list[PersonPose]:
        self.pictures.append(image.copy())
        self.times.append(timestamp)
        height, width = image.shape[:2]
        if self.landmarks is MEDIAPIPE_HAND_21:
            return [open_hand((width, height), (width / 2, 0.8 * height), height / 5)]
        return [standing(width, height)]

    def reset(self) -> None:
        pass

    def close(self) -> None:
        self.closed = True
