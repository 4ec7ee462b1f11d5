"""Sparse tensors in plain PyTorch, on CPU and CUDA."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from recognizer.sparse.grid import Grid, Stride
from recognizer.sparse.maps import share_a_map
from recognizer.sparse.operations import Convolve, MaxPool
from recognizer.sparse.region import Region
from recognizer.sparse.tensor import SparseTensor


class TorchSparseTensor(SparseTensor):
    """Features on the voxels that a grid has at a stride."""

    def __init__(self, features: Tensor, grid: Grid, stride: Stride):
        self.features = features
        self.batch_size = grid.batch_size
        self._grid = grid
        self._stride = stride

    @classmethod
    def of(cls, coordinates: Tensor, features: Tensor, batch_size: int) -> TorchSparseTensor:
        """A tensor at stride 1, from checked voxels."""
        grid = Grid(coordinates, batch_size)
        return cls(features, grid, (1,) * grid.dimension)

    @property
    def coordinates(self) -> Tensor:
        return self._grid.coordinates(self._stride)

    @property
    def stride(self) -> Stride:
        return self._stride

    def replace(self, features: Tensor) -> TorchSparseTensor:
        return TorchSparseTensor(features, self._grid, self._stride)

    def convolve(self, weight: Tensor, region: Region) -> TorchSparseTensor:
        stride, pairs = self._grid.kernel_map(self._stride, region)
        features = Convolve.apply(self.features.contiguous(), weight, pairs)
        return TorchSparseTensor(features, self._grid, stride)

    def convolve_parts(self, weights: Sequence[Tensor], regions: Sequence[Region]) -> SparseTensor:
        if not share_a_map(regions):
            return super().convolve_parts(weights, regions)
        count, parts = len(self.features), len(weights)
        _, pairs = self._grid.kernel_map(self._stride, *regions)
        rows = self.features.view(count, parts, -1).transpose(0, 1).flatten(0, 1)
        rows = Convolve.apply(rows, torch.cat(tuple(weights)), pairs)
        return self.replace(rows.view(parts, count, -1).transpose(0, 1).flatten(1))

    def max_pool(self, region: Region) -> TorchSparseTensor:
        if region.size == region.stride:
            stride, outputs = self._grid.parents(self._stride, region.stride)
            inputs = torch.arange(len(outputs), device=outputs.device)
        else:
            stride, pairs = self._grid.kernel_map(self._stride, region)
            inputs, outputs = pairs.all_pairs()
        count = len(self._grid.coordinates(stride))
        features = MaxPool.apply(self.features, inputs, outputs, count)
        return TorchSparseTensor(features, self._grid, stride)
