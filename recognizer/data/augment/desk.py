"""Whole bodies as a webcam on a desk sees them: near, from below or aside, nothing below the chest."""

from __future__ import annotations

import numpy as np

from pose.layouts import SkeletonLayout
from recognizer.data.views import rotation

NEAR = (0.7, 1.6)
"""Metres between the camera and somebody who sits before it."""

_GUESS = 0.05  # confidence that pose estimators give to hips below the picture
_TORSO = 1.35  # times the shoulders' width: where they guess them (the median of 25 webcams; 1.2 to 2.0)


def desk_view(rng: np.random.Generator) -> np.ndarray:
    """(3, 3) rotation to a camera on a desk, see ``views.rotation``."""
    azimuth, elevation = rng.normal(0.0, 22.0), rng.triangular(-25.0, -3.0, 12.0)
    return rotation(*np.radians([np.clip(azimuth, -60, 60), elevation, rng.normal(0.0, 3.0)]))


def seated_view(
    joints: np.ndarray, confidence: np.ndarray, layout: SkeletonLayout, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """What a camera on a desk sees of a body: the joints inside of its picture, frame by frame.

    The lower edge lies anywhere from the chest to the hips. Outside of the picture nothing is seen, hands at
    rest in the lap among it; the hips are guessed below it, wrongly, as pose estimators do.

    Args:
        joints: (T, V, C) image coordinates, y down; or metres, y up, of somebody whom the camera faces.
        confidence: (T, V).
        layout: of a body.
        rng: decides where the edges are, and what is guessed.

    Returns:
        (T, V, C) and (T, V). A body that is not upright, or has no shoulders, comes back as it was: nobody
        sits like that before a screen.
    """
    shoulders = [layout.index(f"{side}_shoulder") for side in ("left", "right")]
    hips = sorted({*layout.torso_bottom, layout.index("left_hip"), layout.index("right_hip")})
    down = 1.0 if layout.coordinates == 2 else -1.0
    whole = (confidence[:, shoulders] > 0).all(1)
    if not whole.any():
        return joints, confidence
    picture = joints[..., :2] * np.array([1.0, down], joints.dtype)
    left, right = (picture[whole, index] for index in shoulders)
    chest = np.median((left + right) / 2, axis=0)
    below_chest = np.median(picture[:, hips].mean(1), axis=0) - chest
    width = float(np.percentile(np.linalg.norm(left - right, axis=-1), 90))
    torso = max(float(np.linalg.norm(below_chest)), _TORSO * width)
    if torso <= 0 or below_chest[1] < 0.5 * torso:
        return joints, confidence
    # The picture's edges, in torso lengths from the chest.
    edges = chest + torso * np.array(
        [[-rng.uniform(0.8, 2.2), -rng.uniform(0.8, 1.6)], [rng.uniform(0.8, 2.2), rng.uniform(0.25, 1.0)]]
    )
    inside = ((picture >= edges[0]) & (picture <= edges[1])).all(-1)
    result, sure = joints.copy(), np.where(inside, confidence, 0.0).astype(np.float32)
    unseen = ~inside[:, hips].any(1)
    middle = joints[:, shoulders].mean(1)
    across = (joints[:, hips] - joints[:, hips].mean(1, keepdims=True)) * rng.uniform(0.7, 1.3)
    below = np.zeros(layout.coordinates)
    below[:2] = np.array([rng.normal(0.0, 0.1), down * rng.uniform(0.85, 1.35)])
    below[2:] = [rng.normal(0.0, 0.1) for _ in below[2:]]
    guess = middle[:, None] + below * max(_TORSO * width, 0.6 * torso) + across
    for place, hip in enumerate(hips):
        result[unseen, hip] = guess[unseen, place]
        sure[unseen, hip] = _GUESS
    return result.astype(np.float32), sure
