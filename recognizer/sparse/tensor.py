"""The sparse tensor that layers take and return, whichever backend computes."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence

import torch
from torch import Tensor

from recognizer.sparse.region import Region


class SparseTensor(ABC):
    """Features at the occupied places of a D-dimensional grid, a batch of them.

    Attributes:
        features: (n, C).
        batch_size: N; every entry has at least one voxel.
    """

    features: Tensor
    batch_size: int

    @property
    @abstractmethod
    def coordinates(self) -> Tensor:
        """(n, 1 + D) int64: batch entry and place, a multiple of the stride. The order of rows is free."""

    @property
    @abstractmethod
    def stride(self) -> tuple[int, ...]:
        """Distance between neighbours along each axis."""

    @property
    def dimension(self) -> int:
        """D, number of axes without the batch."""
        return len(self.stride)

    @abstractmethod
    def replace(self, features: Tensor) -> SparseTensor:
        """The same voxels with other features (n, C')."""

    @abstractmethod
    def convolve(self, weight: Tensor, region: Region) -> SparseTensor:
        """out[u] = sum_k in[u + offset_k] W_k, weight (K, C, C'); see ``Region`` for the offsets' order.

        With a stride, the output's voxels are those at floor(x / stride) * stride.
        """

    def convolve_parts(self, weights: Sequence[Tensor], regions: Sequence[Region]) -> SparseTensor:
        """As many equal parts of the channels as there are weights, each convolved by its own, side by side.

        Args:
            weights: (K, C, C') each.
            regions: of each; they keep the voxels.
        """
        parts = self.features.chunk(len(weights), 1)
        outputs = [
            self.replace(part).convolve(weight, region).features
            for part, weight, region in zip(parts, weights, regions, strict=True)
        ]
        return self.replace(torch.cat(outputs, 1))

    @abstractmethod
    def max_pool(self, region: Region) -> SparseTensor:
        """Maximum over the voxels of a region; where kernel size and stride agree, regions do not overlap."""
