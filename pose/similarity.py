"""How alike two poses of one frame are, and whether a pose can be a person or a hand at all."""

from __future__ import annotations

import numpy as np

from pose.layouts import SkeletonLayout
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

_SPREAD = 0.25  # standard deviation of a joint, in body sizes

_SMALLEST = 0.04  # of the shorter side of the picture; below it the landmarks are noise
_LEAST_VISIBLE = 0.4  # mean over the joints that every view shows


def size_of(points: np.ndarray, layout: SkeletonLayout) -> float:
    """The scale of a body (torso length or shoulder width, whichever is seen longer) or a hand (length or
    width of its palm).

    Args:
        points: (L, 2) in any unit.
        layout: of landmarks.
    """
    top, bottom = points[list(layout.torso_top)], points[list(layout.torso_bottom)]
    torso = np.linalg.norm(top.mean(0) - bottom.mean(0))
    shoulders = np.linalg.norm(top[0] - top[1])
    return float(max(torso, shoulders))


def body_size(pose: PersonPose) -> float:
    """The pose's scale in pixels, see ``size_of``."""
    return size_of(pose.image, pose.layout)


def body_centre(pose: PersonPose) -> np.ndarray:
    """(2,) pixels, the middle of shoulders and hips, of a hand that of the palm."""
    return pose.image[list(pose.layout.torso_top + pose.layout.torso_bottom)].mean(0)


def similarity(a: PersonPose, b: PersonPose) -> float:
    """Object-keypoint similarity in [0, 1], relative to the body's size; 1 for the same pose.

    A pose with left and right exchanged counts as alike: that is how the landmark model errs on one body.
    """
    scale = max(body_size(a), body_size(b), 1e-6)
    joints = list(a.layout.telling)
    weight = a.visibility[joints] * b.visibility[joints] + 1e-3

    def score(other: np.ndarray) -> float:
        distance = np.linalg.norm(a.image[joints] - other[joints], axis=1) / scale
        return float(np.average(np.exp(-(distance**2) / (2 * _SPREAD**2)), weights=weight))

    return max(score(b.image), score(b.image[list(b.layout.mirror)]))


def same_body(a: PersonPose, b: PersonPose) -> bool:
    """Whether two poses of one picture lie on one body, or on one hand."""
    small, large = sorted((body_size(a), body_size(b)))
    apart = np.linalg.norm(body_centre(a) - body_centre(b))
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
    """False for poses that cannot be a person, or a hand: tiny, hardly visible, or outside of the picture."""
    if not np.isfinite(pose.image).all():
        return False
    width, height = pose.frame_size
    top = pose.image[list(pose.layout.torso_top)].mean(0)  # between the shoulders, or on the palm
    margin = 0.25 * np.array([width, height])
    inside = np.all(top > -margin) and np.all(top < (width, height) + margin)
    large = body_size(pose) >= _SMALLEST * min(width, height)
    visible = float(pose.visibility[list(pose.layout.evident)].mean()) >= _LEAST_VISIBLE
    return bool(inside and large and visible)
