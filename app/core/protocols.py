"""What the application needs of its two parts: the pose estimator and the recogniser."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Protocol

import numpy as np

from pose.layouts import SkeletonLayout
from pose.skeleton import PersonPose, SkeletonSequence
from recognizer.prediction import Prediction


class Estimator(Protocol):
    """A pose estimator (``pose.estimators.MediaPipePose``, ``pose.hands.MediaPipeHands``)."""

    def estimate(self, image: np.ndarray, timestamp: float) -> list[PersonPose]: ...

    def reset(self) -> None: ...

    def close(self) -> None: ...


MakeEstimator = Callable[[SkeletonLayout], Estimator]
"""Gives a pose estimator that finds these landmarks: those of bodies or of hands."""


class ActionRecognizer(Protocol):
    """A recogniser (``recognizer.predictor.WindowRecognizer``)."""

    layout: SkeletonLayout
    classes: tuple[str, ...]
    threshold: float
    window_seconds: float
    frames: int

    def predict_live(
        self,
        windows: Sequence[SkeletonSequence],
        newest: Sequence[SkeletonSequence],
        attention: bool = False,
    ) -> list[Prediction]: ...

    def predict(self, windows: Sequence[SkeletonSequence], attention: bool = False) -> list[Prediction]: ...


def make_mediapipe(landmarks: SkeletonLayout, beside: bool = False) -> Estimator:
    """MediaPipe's estimator of bodies or of hands; imported late, because that takes seconds.

    Args:
        landmarks: those of bodies or of hands.
        beside: see ``MediaPipePose``: for a camera, whose next picture does not wait.

    Raises:
        PoseModelError: MediaPipe's models cannot be had.
    """
    if landmarks.subject == "hand":
        from pose.hands import MediaPipeHands

        return MediaPipeHands()
    from pose.estimators import MediaPipePose

    return MediaPipePose(beside=beside)


make_live_mediapipe: MakeEstimator = partial(make_mediapipe, beside=True)
"""The same for a camera."""
