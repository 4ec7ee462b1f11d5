"""How alike two poses of one frame are, and whether a pose can be a person at all."""

from __future__ import annotations

import numpy as np

from pose.layouts import MEDIAPIPE_33
from pose.skeleton import PersonPose

_ALIKE = 0.5
"""Object-keypoint similarity from which two poses lie on one body. Measured on two people who hug: poses on
two bodies stay under 0.32, two poses on one body lie over 0.76."""
_CONCENTRIC = 0.3
"""Distance of the bodies' centres, in body sizes, under which two poses lie on one body however their limbs
differ: somebody so close behind another one cannot be seen."""
_PART_SIZE, _PART_REACH = 0.65, 0.65
"""A pose smaller than this share of another one, and with its centre this near (in sizes of the larger), has
taken a part of that body for a whole one."""

_BODY = np.arange(11, 29)  # shoulders to ankles: face, hands and feet follow from them
_TORSO = np.array(MEDIAPIPE_33.torso_top + MEDIAPIPE_33.torso_bottom)
_TOP, _BOTTOM = list(MEDIAPIPE_33.torso_top), list(MEDIAPIPE_33.torso_bottom)
_MIRROR = np.array(MEDIAPIPE_33.mirror)
_SPREAD = 0.25  # standard deviation of a joint, in body sizes

_SMALLEST = 0.04  # of the shorter side of the picture; below it the landmarks are noise
_LEAST_VISIBLE = 0.4  # mean over nose and shoulders, which every view of a person shows
_SEEN_FROM_ANYWHERE = [0, 11, 12]


def body_size(image: np.ndarray) -> float:
    """The body's scale in pixels: torso length or shoulder width, whichever is seen longer.

    Args:
        image: (33, 2) pixels.
    """
    torso = np.linalg.norm(image[_TOP].mean(0) - image[_BOTTOM].mean(0))
    shoulders = np.linalg.norm(image[11] - image[12])
    return float(max(torso, shoulders))


def body_centre(image: np.ndarray) -> np.ndarray:
    """(2,) pixels, the middle of shoulders and hips."""
    return image[_TORSO].mean(0)


def similarity(a: PersonPose, b: PersonPose) -> float:
    """Object-keypoint similarity in [0, 1], relative to the body's size; 1 for the same pose.

    A pose with left and right exchanged counts as alike: that is how the landmark model errs on one body.
    """
    scale = max(body_size(a.image), body_size(b.image), 1e-6)
    weight = a.visibility[_BODY] * b.visibility[_BODY] + 1e-3

    def score(other: np.ndarray) -> float:
        distance = np.linalg.norm(a.image[_BODY] - other[_BODY], axis=1) / scale
        return float(np.average(np.exp(-(distance**2) / (2 * _SPREAD**2)), weights=weight))

    return max(score(b.image), score(b.image[_MIRROR]))


def same_body(a: PersonPose, b: PersonPose) -> bool:
    """Whether two poses of one picture lie on one body."""
    small, large = sorted((body_size(a.image), body_size(b.image)))
    apart = np.linalg.norm(body_centre(a.image) - body_centre(b.image))
    concentric = apart < _CONCENTRIC * large
    part = small < _PART_SIZE * large and apart < _PART_REACH * large
    return bool(concentric or part) or similarity(a, b) >= _ALIKE


def distinct(poses: list[PersonPose]) -> list[PersonPose]:
    """The poses without duplicates of one body, most visible first."""
    kept: list[PersonPose] = []
    for pose in sorted(poses, key=lambda pose: -float(pose.visibility.mean())):
        if not any(same_body(pose, other) for other in kept):
            kept.append(pose)
    return kept


def is_person(pose: PersonPose) -> bool:
    """False for poses that cannot be a person: tiny, hardly visible, or outside of the picture."""
    if not np.isfinite(pose.image).all():
        return False
    width, height = pose.frame_size
    shoulders = pose.image[_TOP].mean(0)
    margin = 0.25
    inside = np.all(shoulders > -margin * np.array([width, height])) and np.all(
        shoulders < (1 + margin) * np.array([width, height])
    )
    large = body_size(pose.image) >= _SMALLEST * min(width, height)
    visible = float(pose.visibility[_SEEN_FROM_ANYWHERE].mean()) >= _LEAST_VISIBLE
    return bool(inside and large and visible)
