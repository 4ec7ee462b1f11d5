"""Place, heading and extent of skeletons made alike, as published results on whole clips assume it."""

from __future__ import annotations

import numpy as np

from pose.layouts import SHREC_22, SkeletonLayout

_FLAT = 1e-6
"""Metres or pixels below which an extent is what rounding left."""


def centred_and_upright(bodies: np.ndarray, known: np.ndarray, layout: SkeletonLayout) -> np.ndarray:
    """The main body's middle of the spine as origin in every frame, and all turned as it stood at first.

    Turned so that in the first frame that shows the main body's trunk the bone from the base to the middle of
    the spine points along z and the line from the left to the right shoulder along x (2s-AGCN, MS-G3D). Where
    the main body is not known in a frame, nothing is subtracted there, as in the public code.

    Args:
        bodies: (M, T, V, 3), the main body first; 0 where not known.
        known: (M, T, V) bool.
        layout: with a spine.

    Returns:
        (M, T, V, 3) float32, 0 where not known.
    """
    base, middle = layout.spine
    left, right = layout.index("left_shoulder"), layout.index("right_shoulder")
    result = (bodies - bodies[:1, :, middle : middle + 1]) * known[..., None]
    first = result[0, known[0][:, [base, middle, left, right]].all(1).argmax()]
    turn = turn_onto(first[middle] - first[base], np.array([0.0, 0.0, 1.0]))
    across = turn @ (first[right] - first[left])
    turn = turn_onto(across, np.array([1.0, 0.0, 0.0])) @ turn
    return ((result @ turn.T.astype(np.float32)) * known[..., None]).astype(np.float32)


def from_first_frame(bodies: np.ndarray, known: np.ndarray, layout: SkeletonLayout) -> np.ndarray:
    """The main body's place and size in its first frame as origin and unit: what follows keeps its path.

    So DSTA-Net, by SEM-Net's authors, prepares SHREC'17 (from the wrist, in lengths from there to the base of
    the middle finger) and NTU RGB+D (from the base of the spine, in lengths from there to the shoulders).

    Args:
        bodies: (M, T, V, C), the main body first.
        known: (M, T, V) bool.
        layout: its ``torso_bottom`` is the origin, the distance from there to ``torso_top`` the unit. The
            first frame is the first that shows both; where none does, nothing is changed.

    Returns:
        (M, T, V, C) float32, 0 where not known.
    """
    bottom, top = list(layout.torso_bottom), list(layout.torso_top)
    shown = known[0][:, bottom + top].all(1)
    first = bodies[0, shown.argmax()]
    origin = first[bottom].mean(0) * shown.any()
    length = float(np.linalg.norm(first[top].mean(0) - first[bottom].mean(0))) if shown.any() else 0.0
    return ((bodies - origin) / (length if length > 1e-6 else 1.0) * known[..., None]).astype(np.float32)


def from_wrist(hand: np.ndarray) -> np.ndarray:
    """(T, 22, 3) of a hand that is known in all frames, as ``from_first_frame`` places it."""
    return from_first_frame(hand[None], np.ones((1, *hand.shape[:2]), bool), SHREC_22)[0]


def within_extent(bodies: np.ndarray, seen: np.ndarray) -> np.ndarray:
    """Each axis from -1, the least that is seen along it in all the frames, to 1, the most.

    So ``feeder_ucla.py`` prepares NW-UCLA, which CTR-GCN shares with HD-GCN, BlockGCN, InfoGCN, SkateFormer
    and others. It takes away where someone is and how large, which depends on the camera, and with it the
    proportions of the axes. That the public code first makes a joint the origin and scales at random would be
    undone here and is therefore left out.

    Args:
        bodies: (M, T, V, C) in any unit; the extent is that of all persons together.
        seen: (M, T, V) bool; others do not tell the extent.

    Returns:
        (M, T, V, C) float32 in [-1, 1]; 0 where not seen, and along an axis without extent.
    """
    known = seen[..., None]
    if not known.any():
        return np.zeros_like(bodies, np.float32)
    least = bodies.min((0, 1, 2), where=known, initial=np.inf)
    extent = bodies.max((0, 1, 2), where=known, initial=-np.inf) - least
    flat = extent < _FLAT
    result = (bodies - least) / np.where(flat, 1.0, extent) * 2 - 1
    return np.where(known & ~flat, result, 0.0).astype(np.float32)


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
