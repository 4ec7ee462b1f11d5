"""Gestures of lab recordings on the bodies of real camera clips.

Some labels are known from real cameras only (the exercises), others from depth sensors only (wave, knock).
Left alone, a network learns to tell the two kinds of skeleton apart, and takes a wave at a webcam for the
exercise that looks most like it. Arms from the one on bodies from the other leave it only the movement.
"""

from __future__ import annotations

import numpy as np

from pose.layouts import KINETICS_18
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

_SHOULDERS = [KINETICS_18.index("left_shoulder"), KINETICS_18.index("right_shoulder")]
_ARMS = [
    [KINETICS_18.index(f"{side}_{joint}") for joint in ("shoulder", "elbow", "wrist")]
    for side in ("left", "right")
]
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
    body: np.ndarray, body_confidence: np.ndarray, joints: np.ndarray, confidence: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """A body with the arms of another person, scaled to its torso.

    Args:
        body, joints: (T, 18, 2) image coordinates, y down.
        body_confidence, confidence: (T, 18).

    Returns:
        (T, 18, 2) and (T, 18); where a torso has no length, ``joints`` and ``confidence`` unchanged.
    """
    size, wanted = _torso(joints), _torso(body)
    if min(size, wanted) <= 0:
        return joints, confidence
    result, sure = body.copy(), body_confidence.copy()
    for shoulder, *arm in _ARMS:
        offset = (joints[:, arm] - joints[:, [shoulder]]) * (wanted / size)
        result[:, arm] = body[:, [shoulder]] + offset
        sure[:, arm] = confidence[:, arm]
    return result, sure


def waving_arms(body: np.ndarray, seconds: float, rng: np.random.Generator) -> np.ndarray:
    """A body that waves with one arm or both: the forearm swings about the raised elbow.

    The data sets' waves are few and quick. People also wave slowly, widely and high above the head, so
    periods go from 0.4 to 4.5 s and swings from 15 to 60 degrees. At a desk the upper arm hangs: the hand
    waves beside the shoulder or before the chest, nearer to the camera than the elbow, so that the forearm
    looks short; the other hand hangs, or rests before the body, where an estimator's guess wanders.

    Args:
        body: (T, 18, 2) image coordinates, y down, of someone who faces the camera.
        seconds: duration of the T frames.

    Returns:
        (T, 18, 2).
    """
    torso = _torso(body)
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
    for side, (shoulder, elbow, wrist) in enumerate(_ARMS):
        outward = 1.0 if side == 0 else -1.0  # the left arm is on the right of the picture
        if side in waving:
            beat = np.sin(2 * np.pi * time / period + rng.uniform(-0.2, 0.2) + (apart if side else 0.0))
            first, second = raised + sway * beat, upright - swing * beat
        elif rests:
            wander = np.interp(time, np.linspace(0.0, seconds, 5), rng.normal(0.0, rng.uniform(2, 25), 5))
            first, second = -rng.uniform(60, 88) + wander / 2, rng.uniform(70, 150) + wander
        else:
            first = second = np.full(len(time), -rng.uniform(70, 88))
        at = body[:, shoulder]
        for joint, angle, length in ((elbow, first, upper), (wrist, second, fore)):
            radians = np.radians(angle)
            step = np.stack([outward * np.cos(radians), -np.sin(radians)], -1) * (length * torso)
            at = at + step
            result[:, joint] = at
    return result.astype(np.float32)


def _torso(joints: np.ndarray) -> float:
    top = joints[:, list(KINETICS_18.torso_top)].mean(1)
    bottom = joints[:, list(KINETICS_18.torso_bottom)].mean(1)
    return float(np.median(np.linalg.norm(top - bottom, axis=-1)))


def _faces_camera(example: Example) -> bool:
    joints = example.clip.sequence.joints[0]
    torso = _torso(joints)
    left, right = (joints[:, index] for index in _SHOULDERS)
    hips = joints[:, list(KINETICS_18.torso_bottom)].mean(1)
    upright = np.median(hips[:, 1] - (left[:, 1] + right[:, 1]) / 2) > 0.8 * torso
    return torso > 0 and bool(upright) and float(np.median(left[:, 0] - right[:, 0])) > _FACING * torso
