"""Layers on sparse tensors, for either backend.

Weight layout and state_dict names are MinkowskiEngine's: ``kernel`` (K, C_in, C_out), or (C_in, C_out) where
each voxel only meets itself, ``bias`` (1, C_out), and ``bn.*``.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from recognizer.sparse.errors import SparseError
from recognizer.sparse.region import PerAxis, Region
from recognizer.sparse.tensor import SparseTensor


class Convolution(nn.Module):
    """Sparse convolution: out[u] = sum_k in[u + offset_k] W_k (SPA-Net Eq. 9, Choy et al. 2019).

    With stride 1 the output has the input's voxels, otherwise the occupied ones of the coarser grid.
    Initialised as in MinkowskiEngine, uniformly within +-1 / sqrt(C_in K).

    Args:
        in_channels, out_channels: feature widths.
        size, stride, dilation: of the kernel, one value or one an axis.
        dimension: D, axes without the batch.
        bias: add a learned constant.

    Raises:
        SparseError: impossible sizes; in ``forward``, a tensor of other channels or axes.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        size: PerAxis,
        stride: PerAxis = 1,
        dilation: PerAxis = 1,
        *,
        dimension: int,
        bias: bool = False,
    ):
        super().__init__()
        self.region = Region.of(dimension, size, stride, dilation)
        shape: tuple[int, ...] = (in_channels, out_channels)
        if not self.region.pointwise:
            shape = (self.region.volume, *shape)
        self.kernel = nn.Parameter(torch.empty(shape))
        self.bias = nn.Parameter(torch.empty(1, out_channels)) if bias else None
        bound = 1 / math.sqrt(in_channels * self.region.volume)
        for parameter in self.parameters():
            nn.init.uniform_(parameter, -bound, bound)

    def forward(self, x: SparseTensor) -> SparseTensor:
        _check_axes(x, self.region)
        if x.features.shape[1] != self.kernel.shape[-2]:
            raise SparseError(
                f"The convolution takes {self.kernel.shape[-2]} channels, and the tensor has "
                f"{x.features.shape[1]}."
            )
        if self.region.pointwise:
            y = x.replace(x.features @ self.kernel)
        else:
            y = x.convolve(self.kernel, self.region)
        return y if self.bias is None else y.replace(y.features + self.bias)

    def extra_repr(self) -> str:
        return f"{self.kernel.shape[-2]}, {self.kernel.shape[-1]}, {self.region}"


class Branches(nn.ModuleList):
    """Convolutions side by side, each of an equal part of the channels; all keep the voxels.

    What several regions have in common is found once, so that this is quicker than one after the other.

    Args:
        convolutions: without bias, alike apart from their dilation.

    Raises:
        SparseError: they are none of these; in ``forward``, a tensor of other channels or axes.
    """

    def __init__(self, convolutions: Iterable[Convolution]):
        super().__init__(convolutions)
        first, *_ = self.convolutions
        if any(
            each.bias is not None
            or each.region.pointwise
            or not each.region.keeps_voxels
            or each.kernel.shape != first.kernel.shape
            for each in self.convolutions
        ):
            raise SparseError(
                "Branches are convolutions without bias and stride, of the same channels and size."
            )

    @property
    def convolutions(self) -> list[Convolution]:
        """One for each part of the channels."""
        return [each for each in self if isinstance(each, Convolution)]

    def forward(self, x: SparseTensor) -> SparseTensor:
        branches = self.convolutions
        _check_axes(x, branches[0].region)
        wanted = len(branches) * branches[0].kernel.shape[1]
        if x.features.shape[1] != wanted:
            raise SparseError(
                f"The branches take {wanted} channels, and the tensor has {x.features.shape[1]}."
            )
        return x.convolve_parts([each.kernel for each in branches], [each.region for each in branches])


class MaxPool(nn.Module):
    """Sparse max-pooling (SPA-Net Eq. 10). Where size and stride agree, the regions partition the space.

    Args:
        size, stride, dilation: of the region, one value or one an axis.
        dimension: D, axes without the batch.

    Raises:
        SparseError: impossible sizes; in ``forward``, a tensor of other axes.
    """

    def __init__(self, size: PerAxis, stride: PerAxis = 1, dilation: PerAxis = 1, *, dimension: int):
        super().__init__()
        self.region = Region.of(dimension, size, stride, dilation)

    def forward(self, x: SparseTensor) -> SparseTensor:
        _check_axes(x, self.region)
        return x.max_pool(self.region)


class GlobalAveragePool(nn.Module):
    """Mean over the voxels of each batch entry: a sparse tensor -> (N, C), entry by entry."""

    def forward(self, x: SparseTensor) -> Tensor:
        entry = x.coordinates[:, 0]
        total = x.features.new_zeros(x.batch_size, x.features.shape[1]).index_add(0, entry, x.features)
        return total / torch.bincount(entry, minlength=x.batch_size)[:, None]


class BatchNorm(nn.Module):
    """Batch normalisation over all voxels of all entries."""

    def __init__(self, channels: int):
        super().__init__()
        self.bn = nn.BatchNorm1d(channels)

    def forward(self, x: SparseTensor) -> SparseTensor:
        return x.replace(self.bn(x.features))


class ReLU(nn.Module):
    """Rectification of the features."""

    def forward(self, x: SparseTensor) -> SparseTensor:
        return x.replace(F.relu(x.features))


def _check_axes(x: SparseTensor, region: Region) -> None:
    if x.dimension != region.dimension:
        raise SparseError(
            f"The layer works in {region.dimension} dimensions, and the tensor has {x.dimension}."
        )
