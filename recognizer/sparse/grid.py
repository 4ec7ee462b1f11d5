"""The occupied voxels at every stride, and the cached maps between them."""

from __future__ import annotations

import torch
from torch import Tensor

from recognizer.sparse.keys import distinct
from recognizer.sparse.maps import KernelMap, kernel_map
from recognizer.sparse.region import Region

Stride = tuple[int, ...]


class Grid:
    """Voxel sets of one input. All layers that share voxels share their kernel maps.

    Args:
        coordinates: (n, 1 + D) int64, without duplicates, at stride 1.
        batch_size: number of batch entries.
    """

    def __init__(self, coordinates: Tensor, batch_size: int):
        self.batch_size = batch_size
        self.dimension = coordinates.shape[1] - 1
        self._voxels: dict[Stride, Tensor] = {(1,) * self.dimension: coordinates}
        self._parents: dict[tuple[Stride, Stride], Tensor] = {}
        self._maps: dict[tuple[Stride, tuple[Region, ...]], KernelMap] = {}

    def coordinates(self, stride: Stride) -> Tensor:
        """(n, 1 + D) voxels at a stride that some layer has produced."""
        return self._voxels[stride]

    def parents(self, stride: Stride, factor: Stride) -> tuple[Stride, Tensor]:
        """The stride that is ``factor`` times coarser, and for every voxel the row of the one that holds it.

        A coarse voxel is at floor(x / stride) * stride: -3 belongs to -4 at stride 2.
        """
        coarse = tuple(s * f for s, f in zip(stride, factor, strict=True))
        if coarse == stride:
            return stride, torch.arange(len(self._voxels[stride]), device=self._voxels[stride].device)
        if (stride, coarse) not in self._parents:
            fine = self._voxels[stride]
            step = fine.new_tensor([1, *coarse])
            rows, parent = distinct(fine // step * step)
            # The same set in the same order, whichever way it was reached.
            self._voxels.setdefault(coarse, rows)
            self._parents[stride, coarse] = parent
        return coarse, self._parents[stride, coarse]

    def kernel_map(self, stride: Stride, *regions: Region) -> tuple[Stride, KernelMap]:
        """The output's stride, and the map from the voxels at ``stride`` to it, which regions may share."""
        keeps = regions[0].keeps_voxels
        coarse = stride if keeps else self.parents(stride, regions[0].stride)[0]
        if (stride, regions) not in self._maps:
            step = self._voxels[stride].new_tensor([1, *stride])
            inputs = self._voxels[stride] // step
            outputs = inputs if coarse == stride else self._voxels[coarse] // step
            self._maps[stride, regions] = kernel_map(inputs, outputs, *regions)
        return coarse, self._maps[stride, regions]
