"""From MediaPipe landmarks to the layouts that the networks know.

Every joint of a target layout is the plain mean of one to four landmarks, so a layout's mapping is one table.
Arrays may have any leading dimensions: one person, the frames of a clip, or many clips at once.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from pose.layouts import KINETICS_18, MEDIAPIPE_33, MEDIAPIPE_HAND_21, NTU_25, SHREC_22, SkeletonLayout
from pose.skeleton import PersonPose

_SHOULDERS = ("left_shoulder", "right_shoulder")
_HIPS = ("left_hip", "right_hip")
_EARS = ("left_ear", "right_ear")

# Joints that carry the name of a landmark are that landmark; these are the others.
_NTU_SOURCES: dict[str, tuple[str, ...]] = {
    "spine_base": _HIPS,
    "spine_middle": _HIPS + _SHOULDERS,
    "spine_shoulder": _SHOULDERS,
    "neck": _SHOULDERS + _EARS,  # half way between the spine at the shoulders and the head
    "head": _EARS,
    "left_hand": ("left_wrist", "left_index", "left_little"),
    "right_hand": ("right_wrist", "right_index", "right_little"),
    "left_hand_tip": ("left_index",),
    "right_hand_tip": ("right_index",),
    "left_foot": ("left_foot_index",),
    "right_foot": ("right_foot_index",),
}
_KINETICS_SOURCES: dict[str, tuple[str, ...]] = {"neck": _SHOULDERS}
_SHREC_SOURCES: dict[str, tuple[str, ...]] = {"palm": ("wrist", "middle_base")}

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


def _mapping(
    target: SkeletonLayout, landmarks: SkeletonLayout, table: dict[str, tuple[str, ...]]
) -> _Mapping:
    parents = [[landmarks.index(name) for name in table.get(joint, (joint,))] for joint in target.joints]
    width = max(len(p) for p in parents)
    sources = np.array([p + p[:1] * (width - len(p)) for p in parents])
    weights = np.array([[1 / len(p)] * len(p) + [0.0] * (width - len(p)) for p in parents], np.float32)
    return _Mapping(sources, weights)


_NTU = _mapping(NTU_25, MEDIAPIPE_33, _NTU_SOURCES)
_KINETICS = _mapping(KINETICS_18, MEDIAPIPE_33, _KINETICS_SOURCES)
_SHREC = _mapping(SHREC_22, MEDIAPIPE_HAND_21, _SHREC_SOURCES)


def kinetics18_from_landmarks(image_xy: np.ndarray, visibility: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """MediaPipe-33 image landmarks as Kinetics-18.

    Args:
        image_xy: (..., 33, 2) pixels, y down: MediaPipe's [0, 1] coordinates times width and height.
        visibility: (..., 33) in [0, 1].

    Returns:
        joints (..., 18, 2) in the same pixels and confidence (..., 18), both float32.
    """
    return _KINETICS.positions(image_xy), _KINETICS.confidence(visibility)


def ntu25_from_landmarks(world: np.ndarray, visibility: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """MediaPipe-33 world landmarks as NTU-25 in the Kinect's frame.

    Args:
        world: (..., 33, 3) metres, x right in the image, y down, z away from the camera.
        visibility: (..., 33) in [0, 1].

    Returns:
        joints (..., 25, 3) in metres (x towards the right of a person who faces the camera, y up, z away from
        the camera) and confidence (..., 25), both float32.
    """
    return _NTU.positions(world) * _TO_KINECT_AXES, _NTU.confidence(visibility)


def shrec22_from_hand(landmarks: np.ndarray) -> np.ndarray:
    """MediaPipe-hand-21 world landmarks as SHREC-22: (..., 21, 3) metres y down -> (..., 22, 3) metres y up.

    The axes are turned as for the body, so a left hand stays a left hand.
    """
    return _SHREC.positions(landmarks) * _TO_KINECT_AXES


def to_kinetics18(pose: PersonPose) -> tuple[np.ndarray, np.ndarray]:
    """joints (18, 2) in pixels, y down, and confidence (18,) of one person."""
    return kinetics18_from_landmarks(pose.image, pose.visibility)


def to_ntu25(pose: PersonPose) -> tuple[np.ndarray, np.ndarray]:
    """joints (25, 3) in metres, y up, and confidence (25,) of one person."""
    return ntu25_from_landmarks(pose.world, pose.visibility)


def to_shrec22(pose: PersonPose) -> tuple[np.ndarray, np.ndarray]:
    """joints (22, 3) in metres from the wrist, y up, and confidence (22,) of one hand.

    From the wrist in every frame, as SHREC'17 is prepared: MediaPipe does not tell where in the room it is.
    """
    joints = shrec22_from_hand(pose.world)
    return joints - joints[SHREC_22.root], _SHREC.confidence(pose.visibility)


_Mapped = Callable[[PersonPose], tuple[np.ndarray, np.ndarray]]

_MAPPINGS: dict[str, tuple[SkeletonLayout, _Mapped]] = {
    KINETICS_18.name: (MEDIAPIPE_33, to_kinetics18),
    NTU_25.name: (MEDIAPIPE_33, to_ntu25),
    SHREC_22.name: (MEDIAPIPE_HAND_21, to_shrec22),
}
"""For each layout of networks: the landmarks that it is made from, and how."""


def landmarks_for(layout: SkeletonLayout) -> SkeletonLayout:
    """The landmarks that a layout is made from: MEDIAPIPE_33 or MEDIAPIPE_HAND_21.

    Raises:
        ValueError: it is made from neither; the message names the layouts that are.
    """
    if layout.name not in _MAPPINGS:
        raise ValueError(
            f"A camera's landmarks cannot be given in the layout {layout.name!r}; "
            f"use one of: {', '.join(_MAPPINGS)}."
        )
    return _MAPPINGS[layout.name][0]


def to_layout(pose: PersonPose, layout: SkeletonLayout | str) -> tuple[np.ndarray, np.ndarray]:
    """The joints (V, C) and confidence (V,) of one person or hand in the layout that a network expects.

    Raises:
        ValueError: such a pose cannot be expressed in this layout; the message names those in which it can.
    """
    name = layout if isinstance(layout, str) else layout.name
    fitting = [each for each, (landmarks, _) in _MAPPINGS.items() if landmarks is pose.layout]
    if name not in fitting:
        kind = "hand" if pose.layout is MEDIAPIPE_HAND_21 else "body"
        raise ValueError(
            f"A {kind} pose cannot be given in the layout {name!r}; use one of: {', '.join(fitting)}."
        )
    return _MAPPINGS[name][1](pose)
