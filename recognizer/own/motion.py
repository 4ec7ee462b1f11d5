"""How the joints of a window move, in numbers: what a network may have been trained to take for the same.

Embeddings tell apart what the labels of the training told apart. The left hand and the right one were the
same there, since clips were mirrored, and an own action may be just one of them. So own actions are learnt
from the embedding and from this: where each joint is, how far it goes and how fast, where it is early, in the
middle and late, and which way round it goes. ``benchmarks/own.py`` measures what that gains.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from itertools import combinations

import numpy as np

from pose.layouts import SkeletonLayout
from pose.skeleton import SkeletonSequence
from recognizer.preprocess import Preprocessing, placed

_SEEN = 0.3  # share of the frames
_OF_AN_AXIS = 8  # numbers
_FACE = ("_eye", "_ear")  # they say no more than the nose


def motion_of(windows: Sequence[SkeletonSequence]) -> np.ndarray:
    """(N, M) float32 of N windows of one layout, one person each; NaN of joints that are hardly seen.

    Of each joint but eyes and ears, on each axis: mean, standard deviation, 5th and 95th percentile, mean
    change from frame to frame, and the means of the window's three thirds less its mean; then of each the
    area that its path goes round, in the one plane of a picture or the three of space, as the side of a
    square that is as large, negative the other way round. The unit is the torso's length about the hips, of a
    hand the palm's about its first place (``preprocess.placed``).
    """
    return np.stack([_motion(window) for window in windows])


def motion_size(layout: SkeletonLayout) -> int:
    """M of ``motion_of``."""
    axes = layout.coordinates
    return len(_joints(layout)) * (_OF_AN_AXIS * axes + axes * (axes - 1) // 2)


def _motion(window: SkeletonSequence) -> np.ndarray:
    layout = window.layout
    bodies, seen = placed(window.joints[:1], window.confidence[:1], layout, _options(layout))
    joints = _joints(layout)
    x, known = bodies[0][:, joints], seen[0][:, joints].mean(0) > _SEEN
    mean, third = x.mean(0), len(x) // 3
    early, middle, late = x[:third].mean(0), x[third : 2 * third].mean(0), x[-third:].mean(0)
    numbers = np.stack(
        [
            mean, x.std(0), *np.percentile(x, (5, 95), axis=0), np.abs(np.diff(x, axis=0)).mean(0),
            early - mean, middle - mean, late - mean,
        ]
    )  # fmt: skip
    numbers[:, ~known] = np.nan
    round_ = _gone_round(x - mean)
    round_[~known] = np.nan
    return np.concatenate([numbers.ravel(), round_.ravel()]).astype(np.float32)


def _gone_round(path: np.ndarray) -> np.ndarray:
    """(V, 1 or 3) of paths (T, V, 2 or 3), which lead back from the last frame to the first."""
    after = np.roll(path, -1, axis=0)
    planes = combinations(range(path.shape[-1]), 2)
    area = np.stack(
        [0.5 * (path[..., i] * after[..., j] - path[..., j] * after[..., i]).sum(0) for i, j in planes], -1
    )
    return np.sign(area) * np.sqrt(np.abs(area))


def _joints(layout: SkeletonLayout) -> list[int]:
    return [index for index, name in enumerate(layout.joints) if not name.endswith(_FACE)]


@lru_cache
def _options(layout: SkeletonLayout) -> Preprocessing:
    return Preprocessing(origin="torso" if "left_shoulder" in layout.joints else "first")
