"""Place and heading taken out of skeletons, as the published results on NTU RGB+D and SHREC'17 assume it."""

from __future__ import annotations

import numpy as np

from pose.layouts import NTU_25, SHREC_22


def centred_and_upright(bodies: np.ndarray) -> np.ndarray:
    """The main body's middle of the spine as origin in every frame, and all turned as it stood at first.

    Turned so that in the main body's first frame the bone from the base to the middle of the spine points
    along z and the line from the left to the right shoulder along x. Joints that are exactly 0 stay 0.

    Args:
        bodies: (M, T, 25, 3), the main body first.
    """
    base, middle = NTU_25.index("spine_base"), NTU_25.index("spine_middle")
    left, right = NTU_25.index("left_shoulder"), NTU_25.index("right_shoulder")
    known = (bodies != 0).any(-1, keepdims=True)
    result = (bodies - bodies[:1, :, middle : middle + 1]) * known
    first = result[0, 0]
    turn = turn_onto(first[middle] - first[base], np.array([0.0, 0.0, 1.0]))
    across = turn @ (first[right] - first[left])
    turn = turn_onto(across, np.array([1.0, 0.0, 0.0])) @ turn
    return (result @ turn.T.astype(np.float32)) * known


def from_wrist(hands: np.ndarray) -> np.ndarray:
    """(..., 22, 3) hands with the wrist as origin in every frame."""
    return hands - hands[..., SHREC_22.root, None, :]


def turn_onto(vector: np.ndarray, target: np.ndarray) -> np.ndarray:
    """(3, 3) rotation by the shortest way of a vector onto the direction of another; none where one is 0."""
    lengths = np.linalg.norm(vector) * np.linalg.norm(target)
    axis = np.cross(vector, target)
    sine, cosine = np.linalg.norm(axis), float(np.dot(vector, target))
    if lengths < 1e-6 or sine < 1e-9 * lengths:
        return np.eye(3)
    x, y, z = axis / sine
    cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    angle = np.arctan2(sine, cosine)
    return np.eye(3) + np.sin(angle) * cross + (1 - np.cos(angle)) * cross @ cross
