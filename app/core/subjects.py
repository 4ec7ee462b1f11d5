"""Whom weights are about, people or hands, and how one speaks of them."""

from __future__ import annotations

from dataclasses import dataclass

from pose.layouts import MEDIAPIPE_33, MEDIAPIPE_HAND_21, SkeletonLayout
from pose.mapping import landmarks_for
from recognizer.card import WeightsError


@dataclass(frozen=True)
class Subject:
    """People or hands.

    Attributes:
        landmarks: what a pose estimator finds of each.
        name: of one.
        missing: what somebody before the camera is told while there is none.
        missing_in_video: what is said of a video without any.
    """

    landmarks: SkeletonLayout
    name: str
    missing: str
    missing_in_video: str

    def number(self, id: int) -> str:
        """What the one with this id is called, such as "person 1"."""
        return f"{self.name} {id + 1}"


PEOPLE = Subject(
    MEDIAPIPE_33, "person", "I see nobody. Step into the picture.", "Nobody was seen in this video."
)
HANDS = Subject(MEDIAPIPE_HAND_21, "hand", "I see no hand. Hold one up.", "No hand was seen in this video.")


def subject_of(layout: SkeletonLayout) -> Subject:
    """Whom weights of this layout are about.

    Raises:
        WeightsError: a camera's landmarks cannot be given in it; the message names the layouts in which they
            can.
    """
    try:
        landmarks = landmarks_for(layout)
    except ValueError as error:
        raise WeightsError(f"These weights do not fit a camera. {error}") from None
    return {"body": PEOPLE, "hand": HANDS}[landmarks.subject]
