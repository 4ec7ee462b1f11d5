"""What a network looked at, in the form in which the drawing code takes it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class AttentionMaps:
    """Attention of one person in one window; a network fills what its paper shows.

    Attributes:
        joints: (T', V) float32 in [0, 1], response of each joint over the network's T' time steps.
        frames: (T',) float32 in [0, 1], response of each time step.
    """

    joints: np.ndarray | None = None
    frames: np.ndarray | None = None


def unit_range(values: np.ndarray) -> np.ndarray:
    """Scales values to [0, 1] by their own minimum and maximum; constant values become 0."""
    low, high = float(values.min()), float(values.max())
    if high <= low:
        return np.zeros_like(values, dtype=np.float32)
    return ((values - low) / (high - low)).astype(np.float32)
