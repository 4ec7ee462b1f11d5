"""Voxel coordinates packed into integers that sort and search quickly."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from recognizer.sparse.errors import SparseError


class KeySpace:
    """Packs (batch, x1 .. xD) into one int64 such that key(c + offset) = key(c) + step(offset).

    The batch and every axis get a digit of a mixed radix, wide enough that a voxel may move by ``reach``
    beyond the outermost ones without a carry into the next digit.

    Args:
        coordinates: (n, 1 + D) int64 tensors, all voxels that will be packed.
        reach: largest move along each axis.
        inner: the axis of the last digit: neighbours along it have consecutive keys.

    Raises:
        SparseError: the voxels lie too far apart for 63 bits.
    """

    def __init__(self, coordinates: Sequence[Tensor], reach: Sequence[int], inner: int = 0):
        axes = len(reach)
        low = torch.stack([rows.amin(0) for rows in coordinates]).amin(0).tolist()
        high = torch.stack([rows.amax(0) for rows in coordinates]).amax(0).tolist()
        margin = [0, *reach]
        low = [value - m for value, m in zip(low, margin, strict=True)]
        extent = [top + m - value + 1 for top, m, value in zip(high, margin, low, strict=True)]
        weights = [0] * (1 + axes)
        weight = 1
        for column in (1 + inner, *(c for c in range(axes, -1, -1) if c != 1 + inner)):
            weights[column] = weight
            weight *= extent[column]
        if weight >= 2**63 - 1:
            raise SparseError(
                f"The voxels cannot be indexed, they span {' x '.join(map(str, extent[1:]))} places "
                f"in {extent[0]} batch entries."
            )
        device = coordinates[0].device
        self._low = torch.tensor(low, device=device)
        self._weights = torch.tensor(weights, device=device)

    def keys(self, coordinates: Tensor) -> Tensor:
        """(n, 1 + D) int64 -> (n,) int64, not negative."""
        return ((coordinates - self._low) * self._weights).sum(1)

    def steps(self, offsets: Tensor) -> Tensor:
        """(K, D) int64 moves -> (K,) int64 differences of keys."""
        return (offsets * self._weights[1:]).sum(1)


def distinct(coordinates: Tensor) -> tuple[Tensor, Tensor]:
    """The different rows among (n, 1 + D) int64 coordinates.

    Returns:
        (m, 1 + D) rows in the order of their keys, and (n,) which of them each row is.
    """
    space = KeySpace([coordinates], [0] * (coordinates.shape[1] - 1))
    unique, inverse = torch.unique(space.keys(coordinates), return_inverse=True)
    rows = coordinates.new_empty(len(unique), coordinates.shape[1])
    rows[inverse] = coordinates  # rows that share a place are equal: it does not matter which is last
    return rows, inverse
