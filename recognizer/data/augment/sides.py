"""With which side: clips mirrored, and gestures of the other arm or of both."""

from __future__ import annotations

import numpy as np

from pose.layouts import SkeletonLayout

_ARM = ("elbow", "wrist", "hand", "hand_tip", "thumb")


def arm(layout: SkeletonLayout, side: str) -> list[int]:
    """The joints of a body's arm from the elbow on, "left" or "right"."""
    return [layout.index(f"{side}_{joint}") for joint in _ARM if f"{side}_{joint}" in layout.joints]


def mirrored(
    joints: np.ndarray, confidence: np.ndarray, layout: SkeletonLayout
) -> tuple[np.ndarray, np.ndarray]:
    """Left and right exchanged: x negated and the joints of both sides swapped. (T, V, C), (T, V)."""
    order = list(layout.mirror)
    flipped = joints[:, order].copy()
    flipped[..., 0] *= -1
    return flipped, confidence[:, order]


def other_arm(
    joints: np.ndarray, names: list[str], layout: SkeletonLayout, rng: np.random.Generator
) -> np.ndarray:
    """A wave with both arms from one with the right, a curl with one arm from one with both. (T, V, 3)."""
    if names == ["wave"]:
        # Mirror the higher arm onto the other across the body's own sagittal plane.
        wrists = [joints[:, layout.index(f"{side}_wrist"), 1].mean() for side in ("left", "right")]
        source, target = ("left", "right") if wrists[0] > wrists[1] else ("right", "left")
        a, b = (joints[:, layout.index(f"{side}_shoulder")] for side in (source, target))
        across = (b - a) / np.maximum(np.linalg.norm(b - a, axis=-1, keepdims=True), 1e-6)
        offset = joints[:, arm(layout, source)] - a[:, None]
        offset = offset - 2 * (offset * across[:, None]).sum(-1, keepdims=True) * across[:, None]
    elif names == ["arm_curl"]:
        target = ("left", "right")[int(rng.integers(2))]
        b = joints[:, layout.index(f"{target}_shoulder")]
        lowest = int(joints[:, layout.index(f"{target}_wrist"), 1].argmin())
        offset = np.repeat((joints[lowest, arm(layout, target)] - b[lowest])[None], len(joints), 0)
    else:
        return joints
    result = joints.copy()
    result[:, arm(layout, target)] = b[:, None] + offset
    return result
