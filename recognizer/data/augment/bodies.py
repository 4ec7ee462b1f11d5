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

_SIDES = ("left", "right")
_UPPER, _FORE = 0.6, 0.55  # lengths of upper arm and forearm, in torso lengths
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
    size, wanted = _torso(joints, layout), _torso(body, layout)
    if min(size, wanted) <= 0:
        return joints, confidence
    result, sure = body.copy(), body_confidence.copy()
    for side in _SIDES:
        shoulder, moved = layout.index(f"{side}_shoulder"), arm(layout, side)
        offset = (joints[:, moved] - joints[:, [shoulder]]) * (wanted / size)
        result[:, moved] = body[:, [shoulder]] + offset
        sure[:, moved] = confidence[:, moved]
    return result, sure


def waving_arms(
    body: np.ndarray, seconds: float, layout: SkeletonLayout, rng: np.random.Generator
) -> np.ndarray:
    """A body that waves with one arm or both: the forearm swings about the raised elbow.

    The data sets' waves are few and quick. People also wave slowly, widely and high above the head, so
    periods go from 0.4 to 4.5 s and swings from 15 to 60 degrees. At a desk the upper arm hangs: the hand
    waves beside the shoulder or before the chest, nearer to the camera than the elbow, so that the forearm
    looks short; the other hand hangs, or rests before the body, where an estimator's guess wanders. In 3-D
    a limb that looks short comes towards the camera by what it lacks in length.

    Args:
        body: (T, V, C) image coordinates, y down, or metres, y up, of someone who faces the camera.
        seconds: duration of the T frames.
        layout: of a body.
        rng: decides how.

    Returns:
        (T, V, C).
    """
    torso = _torso(body, layout)
    time = np.linspace(0.0, seconds, len(body))
    period = np.exp(rng.uniform(np.log(0.4), np.log(4.5)))
    result = body.copy()
    both = rng.random() < 0.45
    waving = (0, 1) if both else (int(rng.integers(2)),)
    apart = rng.choice([0.0, np.pi])  # both arms to the same side, or together and apart
    swing, sway = rng.uniform(15, 60), rng.uniform(0, 25)
    hangs = rng.random() < 0.4
    raised = rng.uniform(-88, -45) if hangs else rng.uniform(-45, 70)
    # Two quick hands before the chest would clap.
    upright = rng.uniform(65, 145 if hangs and (not both or period > 1.5) else 110)
    rests = hangs and rng.random() < 0.5
    upper, fore = rng.uniform(0.3, 0.6), rng.uniform(0.25 if hangs else 0.4, 0.55)
    for side, name in enumerate(_SIDES):
        if side in waving:
            beat = np.sin(2 * np.pi * time / period + rng.uniform(-0.2, 0.2) + (apart if side else 0.0))
            first, second = raised + sway * beat, upright - swing * beat
        elif rests:
            wander = np.interp(time, np.linspace(0.0, seconds, 5), rng.normal(0.0, rng.uniform(2, 25), 5))
            first, second = -rng.uniform(60, 88) + wander / 2, rng.uniform(70, 150) + wander
        else:
            first = second = np.full(len(time), -rng.uniform(70, 88))
        elbow, wrist, *hand = arm(layout, name)
        shoulder = body[:, layout.index(f"{name}_shoulder")]
        result[:, elbow] = shoulder + _limb(name, first, upper, _UPPER, layout) * torso
        along = _limb(name, second, fore, _FORE, layout) * torso
        result[:, wrist] = result[:, elbow] + along
        for joint in hand:
            size = float(np.median(np.linalg.norm(body[:, joint] - body[:, wrist], axis=-1)))
            result[:, joint] = result[:, wrist] + along * (size / (_FORE * torso))
    return result.astype(np.float32)


def _limb(side: str, degrees: np.ndarray, looks: float, length: float, layout: SkeletonLayout) -> np.ndarray:
    """(T, C) from a limb's begin to its end, in torso lengths.

    Args:
        side: "left" or "right".
        degrees: (T,) its angle in the picture, 0 outward, 90 up.
        looks: how long it is in the picture.
        length: how long it is.
    """
    radians, outward = np.radians(degrees), 1.0 if side == "left" else -1.0  # on the right of a picture
    towards = np.full(len(radians), np.sqrt(max((length / looks) ** 2 - 1, 0.0)))
    parts = [outward * np.cos(radians), -np.sin(radians), towards][: layout.coordinates]
    return np.stack(parts, -1) * (looks * _from_picture(layout))


def _from_picture(layout: SkeletonLayout) -> float:
    """What turns a picture's axes, to the right and down, and the one towards the camera into a layout's: the
    Kinect's go the other way, all three."""
    return 1.0 if layout.coordinates == 2 else -1.0


def _torso(joints: np.ndarray, layout: SkeletonLayout) -> float:
    top = joints[:, list(layout.torso_top)].mean(1)
    bottom = joints[:, list(layout.torso_bottom)].mean(1)
    return float(np.median(np.linalg.norm(top - bottom, axis=-1)))


def _faces_camera(example: Example) -> bool:
    sequence = example.clip.sequence
    joints, layout = sequence.joints[0], sequence.layout
    torso = _torso(joints, layout)
    picture = joints[..., :2] * _from_picture(layout)
    left, right = (picture[:, layout.index(f"{side}_shoulder")] for side in _SIDES)
    hips = picture[:, list(layout.torso_bottom)].mean(1)
    upright = np.median(hips[:, 1] - (left[:, 1] + right[:, 1]) / 2) > 0.8 * torso
    return torso > 0 and bool(upright) and float(np.median(left[:, 0] - right[:, 0])) > _FACING * torso
