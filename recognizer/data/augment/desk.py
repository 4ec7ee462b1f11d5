"""Whole bodies as a webcam on a desk sees them: near, from below or aside, nothing below the chest."""

from __future__ import annotations

import numpy as np

from pose.layouts import KINETICS_18
from recognizer.data.views import rotation

NEAR = (0.7, 1.6)
"""Metres between the camera and somebody who sits before it."""

_SHOULDERS = [KINETICS_18.index("left_shoulder"), KINETICS_18.index("right_shoulder")]
_HIPS = list(KINETICS_18.torso_bottom)
_GUESS = 0.05  # confidence that pose estimators give to hips below the picture
_TORSO = 1.35  # times the shoulders' width: where they guess them (the median of 25 webcams; 1.2 to 2.0)


def desk_view(rng: np.random.Generator) -> np.ndarray:
    """(3, 3) rotation to a camera on a desk, see ``views.rotation``."""
    azimuth, elevation = rng.normal(0.0, 22.0), rng.triangular(-25.0, -3.0, 12.0)
    return rotation(*np.radians([np.clip(azimuth, -60, 60), elevation, rng.normal(0.0, 3.0)]))


def seated_view(
    joints: np.ndarray, confidence: np.ndarray, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """What a camera on a desk sees of a body: the joints inside of its picture, frame by frame.

    The lower edge lies anywhere from the chest to the hips. Outside of the picture nothing is seen, hands at
    rest in the lap among it; the hips are guessed below it, wrongly, as pose estimators do.

    Args:
        joints: (T, 18, 2) image coordinates, y down.
        confidence: (T, 18).
        rng: decides where the edges are, and what is guessed.

    Returns:
        (T, 18, 2) and (T, 18). A body that is not upright, or has no shoulders, comes back as it was: nobody
        sits like that before a screen.
    """
    whole = (confidence[:, _SHOULDERS] > 0).all(1)
    if not whole.any():
        return joints, confidence
    left, right = (joints[whole, index] for index in _SHOULDERS)
    chest = np.median((left + right) / 2, axis=0)
    hips = np.median(joints[:, _HIPS].mean(1), axis=0)
    width = float(np.percentile(np.linalg.norm(left - right, axis=-1), 90))
    torso = max(float(np.linalg.norm(hips - chest)), _TORSO * width)
    if torso <= 0 or hips[1] - chest[1] < 0.5 * torso:
        return joints, confidence
    # The picture's edges, in torso lengths from the chest.
    edges = chest + torso * np.array(
        [[-rng.uniform(0.8, 2.2), -rng.uniform(0.8, 1.6)], [rng.uniform(0.8, 2.2), rng.uniform(0.25, 1.0)]]
    )
    inside = ((joints >= edges[0]) & (joints <= edges[1])).all(-1)
    result, sure = joints.copy(), np.where(inside, confidence, 0.0).astype(np.float32)
    unseen = ~inside[:, _HIPS].any(1)
    middle = joints[:, _SHOULDERS].mean(1)
    across = (joints[:, _HIPS] - joints[:, _HIPS].mean(1, keepdims=True)) * rng.uniform(0.7, 1.3)
    below = np.array([rng.normal(0.0, 0.1), rng.uniform(0.85, 1.35)]) * max(_TORSO * width, 0.6 * torso)
    guess = middle[:, None] + below + across
    for place, hip in enumerate(_HIPS):
        result[unseen, hip] = guess[unseen, place]
        sure[unseen, hip] = _GUESS
    return result.astype(np.float32), sure
