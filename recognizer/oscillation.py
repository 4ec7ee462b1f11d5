"""A motion that goes to and fro, seen as one number, and where it turns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pose.layouts import SkeletonLayout
from recognizer.motions import Motion

REVERSAL = 0.4
"""Share of a motion's extent by which it must have come back for its turning to be one."""

SMALLEST = 0.12
"""Torso lengths; what moves less is at rest."""

GRID = 1 / 20
"""Seconds between the instants at which a motion is looked at."""

SEEN, SEEN_SHARE = 0.3, 0.6
"""Joints count that have this confidence in this share of the time."""

OUTLYING = 1.3
"""What lies further out than this many times the middle 94 % of a coordinate is moved there."""


@dataclass(frozen=True)
class Pose:
    """One person in one frame: seconds, (V, C) joints and (V,) confidences."""

    time: float
    joints: np.ndarray
    confidence: np.ndarray


@dataclass(frozen=True)
class Turns:
    """Where a motion turns.

    Attributes:
        times: seconds of the turning points that are repetitions, each with the motion back from it.
        rests: seconds of those on the other side.
        extent: of the motion, in torso lengths (times the root of the number of joints, of several).
    """

    times: tuple[float, ...]
    rests: tuple[float, ...]
    extent: float


NO_TURNS = Turns((), (), 0.0)


def turning_points(
    poses: Sequence[Pose], layout: SkeletonLayout, motion: Motion | None, least: float = 0.0
) -> Turns:
    """Where the motion of some seconds turns.

    Args:
        poses: in time order.
        layout: of their joints.
        motion: what moves; None for whatever does.
        least: extent that the motion has at least, where it is known from before.
    """
    if len(poses) < 3:
        return NO_TURNS
    times = np.array([pose.time for pose in poses])
    instants = np.arange(times[0], times[-1] + 1e-9, GRID)
    joints = np.stack([pose.joints for pose in poses]).astype(np.float64)
    sure = np.stack([pose.confidence for pose in poses]).astype(np.float64)
    seen = (sure >= SEEN).mean(axis=0) >= SEEN_SHARE
    joints = filled(joints, sure)
    size = body_size(joints, sure, layout)
    if size is None or not seen.any() or len(instants) < 3:
        return NO_TURNS
    known = None if motion is None else _named(joints, sure, seen, layout, motion)
    coordinates = joints[:, seen].reshape(len(joints), -1) if known is None else known
    smooth = even_and_smooth(times, coordinates / size, instants)
    height = _component(smooth)
    if motion is not None and known is not None:
        up = smooth[:, 1] if layout.coordinates == 3 else -smooth[:, 1]
        height *= motion.effort * (1.0 if height @ up >= 0 else -1.0)
    low, high = np.percentile(height, (3, 97))
    if max(high - low, least) < SMALLEST:
        return NO_TURNS
    turns = _zigzag(height, REVERSAL * max(high - low, least))
    if known is None and len(turns) > 1 and height[turns[1]] < height[turns[0]]:
        height = -height  # of an unknown motion, the way that it goes first is the effort
    efforts = [
        turn for before, turn in zip(turns, turns[1:-1], strict=False) if height[turn] > height[before]
    ]
    rests = [turn for turn in turns if turn not in efforts]
    return Turns(tuple(instants[efforts].tolist()), tuple(instants[rests].tolist()), float(high - low))


def filled(joints: np.ndarray, sure: np.ndarray) -> np.ndarray:
    """(T, V, C) with each joint, where it was not seen, on its way between where it was."""
    result, frames = joints.copy(), np.arange(len(joints))
    for joint in np.flatnonzero((sure <= 0).any(axis=0) & (sure > 0).any(axis=0)):
        seen = np.flatnonzero(sure[:, joint] > 0)
        for axis in range(joints.shape[2]):
            result[:, joint, axis] = np.interp(frames, seen, joints[seen, joint, axis])
    return result


def body_size(joints: np.ndarray, sure: np.ndarray, layout: SkeletonLayout) -> float | None:
    """The torso's median length, or, where it is not seen, the joints' spread."""
    ends = list(layout.torso_top), list(layout.torso_bottom)
    if all((sure[:, end] > 0).any() for end in ends):
        top, bottom = (joints[:, end].mean(axis=1) for end in ends)
        length = float(np.median(np.linalg.norm(top - bottom, axis=-1)))
        if length > 0:
            return length
    spread = float(joints[sure > 0].std()) if (sure > 0).any() else 0.0
    return spread or None


def _named(
    joints: np.ndarray, sure: np.ndarray, seen: np.ndarray, layout: SkeletonLayout, motion: Motion
) -> np.ndarray | None:
    """(T, C): where the motion's joints are, seen from those that they move against; None if one cannot tell.

    Means are weighted by confidence: of two wrists, the one behind the body is guessed.
    """
    names = set(layout.joints)

    def mean(wanted: tuple[str, ...]) -> np.ndarray | None:
        there = [j for name in wanted if name in names and seen[j := layout.index(name)]]
        if not there:
            return None
        weights = np.maximum(sure[:, there, None], 1e-3)
        return (joints[:, there] * weights).sum(axis=1) / weights.sum(axis=1)

    moving = mean(motion.moving)
    if moving is None or (motion.in_picture and layout.coordinates == 2):
        return moving
    against = mean(motion.against)
    return None if against is None else moving - against


def even_and_smooth(times: np.ndarray, values: np.ndarray, instants: np.ndarray) -> np.ndarray:
    """(T', F) at the instants, about their means, without leaps and outliers."""
    right = np.clip(np.searchsorted(times, instants), 1, len(times) - 1)
    weight = np.clip((instants - times[right - 1]) / np.maximum(times[right] - times[right - 1], 1e-9), 0, 1)
    even = values[right - 1] + (values[right] - values[right - 1]) * weight[:, None]
    even = _median_of_five(np.pad(even, ((2, 2), (0, 0)), mode="edge"))
    low, high = np.percentile(even, (3, 97), axis=0)
    middle, reach = (low + high) / 2, (high - low) / 2 * OUTLYING
    even = np.clip(even, middle - reach, middle + reach)
    return even - even.mean(axis=0)


def _median_of_five(values: np.ndarray) -> np.ndarray:
    """(T - 4, F): of each row and the two before and after it. It sorts no more than it must."""
    a, b, c, d, e = (values[i : len(values) - 4 + i] for i in range(5))
    low = np.maximum(np.minimum(a, b), np.minimum(d, e))
    high = np.minimum(np.maximum(a, b), np.maximum(d, e))
    return np.maximum(np.minimum(np.maximum(low, c), high), np.minimum(low, c))


def _component(values: np.ndarray) -> np.ndarray:
    """(T,): the (T, F) values' first principal component. Its sign is arbitrary."""
    _, vectors = np.linalg.eigh(values.T @ values)
    return values @ vectors[:, -1]


def _zigzag(height: np.ndarray, least: float) -> list[int]:
    """Indices of the extremes between which the height changes by ``least`` or more, each way in turn.

    The first one is the lowest or highest point before the first such change, the last one that after the
    last.
    """
    turns: list[int] = []
    low = high = 0
    rising = None
    for i, value in enumerate(height.tolist()):
        low = i if value < height[low] else low
        high = i if value > height[high] else high
        if rising is not True and value - height[low] >= least:
            turns.append(low)
            rising, high = True, i
        elif rising is not False and height[high] - value >= least:
            turns.append(high)
            rising, low = False, i
    return [] if rising is None else [*turns, high if rising else low]
