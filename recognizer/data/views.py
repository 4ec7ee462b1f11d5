"""Seeing skeletons through another camera: rotation, pinhole projection to Kinetics-18, frame rate."""

from __future__ import annotations

import numpy as np

from pose.layouts import KINETICS_18, NTU_25
from pose.skeleton import SkeletonSequence

# NTU-25 joint for each Kinetics-18 joint; Kinect tracks no face, so eyes and ears have no source.
_NTU_SOURCE = {
    "nose": "head", "neck": "spine_shoulder",
    "right_shoulder": "right_shoulder", "right_elbow": "right_elbow", "right_wrist": "right_wrist",
    "left_shoulder": "left_shoulder", "left_elbow": "left_elbow", "left_wrist": "left_wrist",
    "right_hip": "right_hip", "right_knee": "right_knee", "right_ankle": "right_ankle",
    "left_hip": "left_hip", "left_knee": "left_knee", "left_ankle": "left_ankle",
}  # fmt: skip
_TARGET = [KINETICS_18.index(name) for name in _NTU_SOURCE]
_SOURCE = [NTU_25.index(name) for name in _NTU_SOURCE.values()]


def rotation(azimuth: float = 0.0, elevation: float = 0.0, roll: float = 0.0) -> np.ndarray:
    """(3, 3) rotation in the Kinect's frame (x to the facing person's right, y up, z away from the camera).

    Args:
        azimuth: radians about the vertical.
        elevation: radians; positive looks down on the person.
        roll: radians about the line of sight.
    """
    ca, sa, ce, se, cr, sr = (f(a) for a in (azimuth, elevation, roll) for f in (np.cos, np.sin))
    yaw = np.array([[ca, 0, sa], [0, 1, 0], [-sa, 0, ca]])
    pitch = np.array([[1, 0, 0], [0, ce, se], [0, -se, ce]])
    tilt = np.array([[cr, -sr, 0], [sr, cr, 0], [0, 0, 1]])
    return (tilt @ pitch @ yaw).astype(np.float32)


def rotate_about(joints: np.ndarray, matrix: np.ndarray, centre: np.ndarray) -> np.ndarray:
    """(..., 3) points turned by ``matrix`` about ``centre``."""
    return (joints - centre) @ matrix.T + centre


def project_to_kinetics18(
    joints: np.ndarray, confidence: np.ndarray, matrix: np.ndarray, distance: float
) -> tuple[np.ndarray, np.ndarray]:
    """NTU-25 in the Kinect's frame -> Kinetics-18 as an unmirrored camera would see it.

    x grows towards the person's right when they face the sensor, so the image coordinates of a point are
    (-x / z, -y / z): someone facing the camera has their left side on the right of the picture.

    Args:
        joints: (T, 25, 3) metres.
        confidence: (T, 25).
        matrix: (3, 3) rotation of the person about the middle of their track.
        distance: metres from the camera to that middle.

    Returns:
        (T, 18, 2) image coordinates in focal lengths, y down, and (T, 18) confidence; eyes and ears are 0.
    """
    hips = joints[:, NTU_25.torso_bottom[0]]
    centre = hips[confidence[:, 0] > 0].mean(0) if (confidence[:, 0] > 0).any() else hips.mean(0)
    seen = (joints - centre) @ matrix.T
    depth = np.maximum(seen[..., 2] + distance, 0.3)
    image = -seen[..., :2] / depth[..., None]
    result = np.zeros((len(joints), len(KINETICS_18), 2), np.float32)
    sure = np.zeros((len(joints), len(KINETICS_18)), np.float32)
    result[:, _TARGET] = image[:, _SOURCE]
    sure[:, _TARGET] = confidence[:, _SOURCE]
    return result, sure


def slower(sequence: SkeletonSequence, fps: float, phase: float = 0.0) -> SkeletonSequence:
    """The sequence as a camera of ``fps`` frames a second would have taken it (nearest frames, no filter).

    Args:
        sequence: at a higher rate; at a lower one it stays as it is.
        fps: frames a second.
        phase: in [0, 1), part of a frame after which the first one is taken.
    """
    count = int(np.floor(sequence.duration * fps - phase + 1e-6)) + 1
    wanted = sequence.timestamps[0] + (np.arange(max(count, 1)) + phase) / fps
    keep = np.unique(np.abs(sequence.timestamps[None] - wanted[:, None]).argmin(1))
    return SkeletonSequence(
        sequence.joints[:, keep], sequence.confidence[:, keep], sequence.timestamps[keep], sequence.layout
    )
