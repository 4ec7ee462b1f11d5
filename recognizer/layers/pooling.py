"""From maps of features to one vector a sample."""

from __future__ import annotations

from torch import Tensor


def pooled(features: Tensor) -> Tensor:
    """(N, M, C, T, V) -> (N, C): average over joints and frames, mean over persons."""
    return features.mean((3, 4)).mean(1)
