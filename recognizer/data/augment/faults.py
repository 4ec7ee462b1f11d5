"""What pose estimators get wrong: noise, errors that stay, and joints out of the picture."""

from __future__ import annotations

import numpy as np

from pose.layouts import SkeletonLayout
from recognizer.data.augment.strength import Augmentation
from recognizer.vocabulary import ARMS_ONLY

_FEET = ("left_ankle", "left_foot", "right_ankle", "right_foot")
_LOWER_LEGS = ("left_knee", "right_knee", *_FEET)
_BELOW_CHEST = ("left_hip", "right_hip", "spine_base", *_LOWER_LEGS)
_HANDS = tuple(
    f"{side}_{joint}" for side in ("left", "right") for joint in ("wrist", "hand", "hand_tip", "thumb")
)


def torso_length(values: np.ndarray, seen: np.ndarray, layout: SkeletonLayout) -> float:
    """Median length of the torso of (T, V, C) joints; 0 where it is never (T, V) seen whole."""
    top, bottom = list(layout.torso_top), list(layout.torso_bottom)
    whole = seen[:, top + bottom].all(1)
    lengths = np.linalg.norm(values[whole][:, top].mean(1) - values[whole][:, bottom].mean(1), axis=-1)
    return float(np.median(lengths)) if whole.any() else 0.0


def noisy(
    values: np.ndarray, torso: float, augmentation: Augmentation, rng: np.random.Generator
) -> np.ndarray:
    """Jitter from frame to frame and an error that stays, as pose estimators have. (T, V, C)."""
    frames, joints, coordinates = values.shape
    level = augmentation.noise * torso * rng.random()
    noise = rng.normal(0.0, level, values.shape)
    slow = augmentation.slow_noise * torso * rng.random()
    knots = rng.normal(0.0, slow, (4, joints, coordinates))
    at = np.linspace(0, 3, frames)
    low = np.minimum(at.astype(int), 2)
    part = (at - low)[:, None, None]
    return values + noise + knots[low] * (1 - part) + knots[low + 1] * part


def dropped(
    seen: np.ndarray,
    names: list[str],
    layout: SkeletonLayout,
    augmentation: Augmentation,
    rng: np.random.Generator,
) -> np.ndarray:
    """Joints out of the picture: lower legs, all below the chest, an arm, single ones. (T, V) of 0 and 1."""
    seen = seen.copy()
    lost: list[str] = []
    if rng.random() < augmentation.drop_legs:
        lost += _LOWER_LEGS if rng.random() < 0.7 else _FEET
    # A gesture without its hands is none, and has its own close view.
    if not ARMS_ONLY.issuperset(names) and rng.random() < augmentation.close_up:
        lost += _BELOW_CHEST
        if rng.random() < 0.5:
            lost += _HANDS
            if rng.random() < 0.5:
                lost += ("left_elbow", "right_elbow")
    if rng.random() < augmentation.drop_arm:
        side = ("left", "right")[int(rng.integers(2))]
        lost += (f"{side}_elbow", f"{side}_wrist")
    seen[:, [layout.index(name) for name in lost if name in layout.joints]] = 0
    seen[:, rng.random(seen.shape[1]) < augmentation.drop_joint] = 0
    return seen
