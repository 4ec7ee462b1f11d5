"""Which windows of a clip a network is shown: the same rule for evaluation, whole videos and training."""

from __future__ import annotations

import numpy as np

STEP = 0.25
"""Seconds from one window of a clip to the next."""


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
