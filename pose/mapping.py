"""From MediaPipe landmarks to the layouts that the networks know.

Every joint of a target layout is the plain mean of one to four landmarks: ``SkeletonLayout.means`` names
them, and joints that it leaves out carry the name of their landmark. Arrays may have any leading dimensions:
one person, the frames of a clip, or many clips at once.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

from pose.layouts import LAYOUTS, SHREC_22, SkeletonLayout
from pose.skeleton import PersonPose

_TO_KINECT_AXES = np.array([-1.0, -1.0, 1.0], np.float32)
"""MediaPipe: x right in the image, y down. Kinect: x towards the right of a person who faces the sensor,
y up. This is half a turn about the optical axis, so left and right stay what they are."""


@dataclass(frozen=True)
class _Mapping:
    """Target joint v = sum over k of weights[v, k] * landmark sources[v, k].

    Attributes:
        sources: (V, K) landmark indices; joints with fewer than K landmarks repeat their first one.
        weights: (V, K) float32, 0 on the repeats.
    """

    sources: np.ndarray
    weights: np.ndarray

    def positions(self, landmarks: np.ndarray) -> np.ndarray:
        """(..., L, C) landmarks -> (..., V, C) joints, float32."""
        parents = np.asarray(landmarks, np.float32)[..., self.sources, :]
        return (parents * self.weights[..., None]).sum(axis=-2)

    def confidence(self, visibility: np.ndarray) -> np.ndarray:
        """(..., L) visibility -> (..., V) float32: as certain as the least certain of its landmarks."""
        return np.asarray(visibility, np.float32)[..., self.sources].min(axis=-1)


def landmarks_of_joints(layout: SkeletonLayout) -> tuple[tuple[int, ...], ...]:
    """For each joint of a layout the landmarks, of ``landmarks_for(layout)``, in whose middle it lies.

    Raises:
        ValueError: it is made from no landmarks.
    """
    landmarks, means = landmarks_for(layout), dict(layout.means)
    return tuple(
        tuple(landmarks.index(each) for each in means.get(joint, (joint,))) for joint in layout.joints
    )


@cache
def _mapping(name: str) -> _Mapping:
    parents = [list(each) for each in landmarks_of_joints(LAYOUTS[name])]
    width = max(len(p) for p in parents)
    sources = np.array([p + p[:1] * (width - len(p)) for p in parents])
    weights = np.array([[1 / len(p)] * len(p) + [0.0] * (width - len(p)) for p in parents], np.float32)
    return _Mapping(sources, weights)


def from_landmarks(
    points: np.ndarray, visibility: np.ndarray, layout: SkeletonLayout
) -> tuple[np.ndarray, np.ndarray]:
    """MediaPipe's landmarks as joints of a layout that is made from them.

    Args:
        points: (..., L, C); for a 2-D layout image landmarks (..., L, 2) in pixels, y down: MediaPipe's
            [0, 1] coordinates times width and height; for a 3-D one world landmarks (..., L, 3) in metres, x
            right in the image, y down, z away from the camera.
        visibility: (..., L) in [0, 1].
        layout: target.

    Returns:
        joints (..., V, C) and confidence (..., V), both float32. 2-D ones are in the same pixels, 3-D ones in
        the Kinect's frame: metres, x towards the right of a person who faces the camera, y up, z away from
        the camera. The axes of a hand are turned as a body's, so a left hand stays a left hand.
    """
    mapping = _mapping(layout.name)
    joints = mapping.positions(points)
    if layout.coordinates == 3:
        joints = joints * _TO_KINECT_AXES
    return joints, mapping.confidence(visibility)


def to_shrec22(pose: PersonPose) -> tuple[np.ndarray, np.ndarray]:
    """joints (22, 3) in metres from the wrist, y up, and confidence (22,) of one hand, wherever it is."""
    joints, confidence = from_landmarks(pose.world, pose.visibility, SHREC_22)
    return joints - joints[SHREC_22.root], confidence


def landmarks_for(layout: SkeletonLayout) -> SkeletonLayout:
    """The landmarks that a layout is made from: MEDIAPIPE_33 or MEDIAPIPE_HAND_21.

    Raises:
        ValueError: it is made from neither; the message names the layouts that are.
    """
    if not layout.landmarks:
        raise ValueError(
            f"A camera's landmarks cannot be given in the layout {layout.name!r}; "
            f"use one of: {', '.join(_made_from(*LAYOUTS))}."
        )
    return LAYOUTS[layout.landmarks]


def to_layout(pose: PersonPose, layout: SkeletonLayout | str) -> tuple[np.ndarray, np.ndarray]:
    """The joints (V, C) and confidence (V,) of one person or hand in the layout that a network expects.

    A body's metres are from the middle of its hips. A hand's are from where the camera looks, so that a swipe
    is one: see ``_place``.

    Raises:
        ValueError: such a pose cannot be expressed in this layout; the message names those in which it can.
    """
    name = layout if isinstance(layout, str) else layout.name
    fitting = _made_from(pose.layout.name)
    if name not in fitting:
        raise ValueError(
            f"A {pose.layout.subject} pose cannot be given in the layout {name!r}; "
            f"use one of: {', '.join(fitting)}."
        )
    layout = LAYOUTS[name]
    points = pose.image if layout.coordinates == 2 else pose.world
    if layout.subject == "hand":
        points = points + _place(pose)
    return from_landmarks(points, pose.visibility, layout)


def _made_from(*landmarks: str) -> list[str]:
    """Names of the layouts that are made from any of the landmarks, in alphabetical order."""
    return sorted(name for name, each in LAYOUTS.items() if each.landmarks in landmarks)


def _place(pose: PersonPose) -> np.ndarray:
    """(3,) metres by which world landmarks must be moved so that they lie about the camera's line of sight.

    MediaPipe measures each frame's world landmarks from their own middle. In the picture they are seen at
    1 / (metres a pixel) of their size, so their middle lies as many pixels times that from the picture's. How
    far away they are remains unknown: along the line of sight the middle stays at 0.
    """
    image, world = pose.image - pose.image.mean(0), pose.world[:, :2] - pose.world[:, :2].mean(0)
    spread = float(np.sqrt((image**2).sum()))
    metres_a_pixel = float(np.sqrt((world**2).sum())) / spread if spread > 0 else 0.0
    middle = (pose.image.mean(0) - np.array(pose.frame_size) / 2) * metres_a_pixel
    return np.array([*middle, 0.0], np.float32) - pose.world.mean(0)
