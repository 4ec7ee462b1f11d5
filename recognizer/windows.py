"""Which windows of a clip a network is shown: the same rule for evaluation, whole videos and training."""

from __future__ import annotations

import numpy as np

STEP = 0.25
"""Seconds from one window of a clip to the next."""

LIVE_RATE = 8.0
"""Windows a second of a live camera, at most."""

GLIMPSE = 0.5
"""Share of a window, its newest part, at which live use looks as well: an action that has just begun fills it
sooner."""

GLIMPSE_SHARE = 0.4
"""What that part counts beside the whole window, whose share is the rest."""

FIRST_LABEL = 1.0
"""Seconds of a person that the first label of a live camera needs."""


def window_ends(start: float, end: float, seconds: float, step: float = STEP) -> np.ndarray:
    """Ends of the windows that together stand for the clip from ``start`` to ``end``.

    Windows lie inside the clip; a clip shorter than a window has one, which ends with the clip.

    Args:
        start, end: seconds.
        seconds: length of a window.
        step: seconds between two ends.

    Returns:
        (n,) float64 increasing, n >= 1; the last one is ``end``.
    """
    if end - start <= seconds:
        return np.array([end], np.float64)
    count = int(np.ceil((end - start - seconds) / step - 1e-9))
    return np.append(start + seconds + step * np.arange(count), end)


def window_times(end: float, seconds: float, frames: int) -> np.ndarray:
    """(frames,) instants of a window, evenly from ``end - seconds`` to ``end``."""
    return np.linspace(end - seconds, end, frames)


def replayed(joints: np.ndarray, confidence: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Fills the time before a person came in by replaying what is known of it.

    So the papers pad short clips (LSTA-Net Sec. 3.2): in a window that mostly shows a body that stands still,
    a short action drowns. The frames keep their places, the loop runs backwards from the first one in which
    the person is seen; those in which interpolation holds it still before it has moved are not among them.

    Args:
        joints: (T, V, C) of a window.
        confidence: (T, V), 0 where a joint is not known.
    """
    seen = np.flatnonzero(confidence.any(1))
    if not len(seen):
        return joints, confidence
    first, last = seen[0], seen[-1]
    while first < last and np.array_equal(joints[first], joints[first + 1]):
        first += 1
    if first in (0, last):
        return joints, confidence
    frames = np.arange(len(joints))
    order = np.where(frames < first, first + (frames - first) % (last - first + 1), frames)
    return joints[order], confidence[order]
