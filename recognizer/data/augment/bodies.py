"""Gestures of lab recordings on the bodies of real camera clips.

Some labels are known from real cameras only (the exercises), others from depth sensors only (wave, knock).
Left alone, a network learns to tell the two kinds of skeleton apart, and takes a wave at a webcam for the
exercise that looks most like it. Arms from the one on bodies from the other leave it only the movement.
"""

from __future__ import annotations

import numpy as np

from pose.layouts import SkeletonLayout
from recognizer.data.augment.sides import arm
from recognizer.data.corpus import Example
from recognizer.data.real_landmarks import REAL_LANDMARKS

STILL_BODIES = frozenset(
    {
        "arm_curl",
        "clap",
        "guitar_strum",
        "idle_sitting",
        "idle_standing",
        "idle_upper",
        "other",
        "shoulder_press",
    }
)
"""Actions of the real camera clips in which little but the arms moves."""

SIDES = ("left", "right")
_FACING = 0.4  # torso lengths between the shoulders of someone who faces the camera, at least


def still_bodies(examples: list[Example]) -> list[Example]:
    """The real camera clips of people who face the camera and stand or sit upright."""
    return [
        example
        for example in examples
        if example.clip.dataset in REAL_LANDMARKS
        and example.clip.action in STILL_BODIES
        and _faces_camera(example)
    ]


def with_arms_of(
    body: np.ndarray,
    body_confidence: np.ndarray,
    joints: np.ndarray,
    confidence: np.ndarray,
    layout: SkeletonLayout,
) -> tuple[np.ndarray, np.ndarray]:
    """A body with the arms of another person, scaled to its torso.

    Args:
        body, joints: (T, V, C) image coordinates, or metres, of somebody whom the camera faces.
        body_confidence, confidence: (T, V).
        layout: of a body.

    Returns:
        (T, V, C) and (T, V); where a torso has no length, ``joints`` and ``confidence`` unchanged.
    """
    size, wanted = torso(joints, layout), torso(body, layout)
    if min(size, wanted) <= 0:
        return joints, confidence
    result, sure = body.copy(), body_confidence.copy()
    for side in SIDES:
        shoulder, moved = layout.index(f"{side}_shoulder"), arm(layout, side)
        offset = (joints[:, moved] - joints[:, [shoulder]]) * (wanted / size)
        result[:, moved] = body[:, [shoulder]] + offset
        sure[:, moved] = confidence[:, moved]
    return result, sure


def from_picture(layout: SkeletonLayout) -> float:
    """What turns a picture's axes, to the right and down, and the one towards the camera into a layout's: the
    Kinect's go the other way, all three."""
    return 1.0 if layout.coordinates == 2 else -1.0


def torso(joints: np.ndarray, layout: SkeletonLayout) -> float:
    top = joints[:, list(layout.torso_top)].mean(1)
    bottom = joints[:, list(layout.torso_bottom)].mean(1)
    return float(np.median(np.linalg.norm(top - bottom, axis=-1)))


def _faces_camera(example: Example) -> bool:
    sequence = example.clip.sequence
    joints, layout = sequence.joints[0], sequence.layout
    length = torso(joints, layout)
    picture = joints[..., :2] * from_picture(layout)
    left, right = (picture[:, layout.index(f"{side}_shoulder")] for side in SIDES)
    hips = picture[:, list(layout.torso_bottom)].mean(1)
    upright = np.median(hips[:, 1] - (left[:, 1] + right[:, 1]) / 2) > 0.8 * length
    return length > 0 and bool(upright) and float(np.median(left[:, 0] - right[:, 0])) > _FACING * length
