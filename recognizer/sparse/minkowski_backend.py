"""Sparse tensors computed by MinkowskiEngine 0.5.4, where it is installed.

Its convolutions are given the project's weights, so that those have one home. For max-pooling it only finds
which voxels meet: it writes the gradient of its own maximum outside of its memory where a region has no voxel
(a kernel with gaps, or smaller than its stride) or nothing but NaN.
"""

from __future__ import annotations

import collections
import collections.abc
import functools
from types import ModuleType
from typing import Any

import torch
from torch import Tensor, nn

from recognizer.sparse.errors import SparseError
from recognizer.sparse.operations import MaxPool
from recognizer.sparse.region import Region
from recognizer.sparse.tensor import SparseTensor


def minkowski_engine() -> ModuleType:
    """The module MinkowskiEngine.

    Raises:
        SparseError: it is not installed, or cannot be loaded.
    """
    # It still imports this from where Python had it until 3.9.
    if not hasattr(collections, "Sequence"):
        setattr(collections, "Sequence", collections.abc.Sequence)  # noqa: B010  checkers know no such name
    try:
        import MinkowskiEngine
    except (ImportError, OSError) as error:
        raise SparseError(
            "The sparse backend 'minkowski' needs MinkowskiEngine, which cannot be imported here "
            f"({error}); choose 'torch' or 'auto'."
        ) from error
    return MinkowskiEngine


def runs_on_cuda() -> bool:
    """Whether MinkowskiEngine is installed and was built for CUDA."""
    try:
        return bool(minkowski_engine().is_cuda_available())
    except SparseError:
        return False


class MinkowskiSparseTensor(SparseTensor):
    """A ``MinkowskiEngine.SparseTensor``, which caches voxel sets and kernel maps itself.

    Args:
        raw: the wrapped tensor.
        batch_size: number of batch entries.
    """

    def __init__(self, raw: Any, batch_size: int):
        self.raw = raw
        self.features: Tensor = raw.F
        self.batch_size = batch_size

    @classmethod
    def of(cls, coordinates: Tensor, features: Tensor, batch_size: int) -> MinkowskiSparseTensor:
        """A tensor at stride 1, from checked voxels.

        Raises:
            SparseError: MinkowskiEngine is not installed.
        """
        raw = minkowski_engine().SparseTensor(features.contiguous(), coordinates.int().contiguous())
        return cls(raw, batch_size)

    @property
    def coordinates(self) -> Tensor:
        return self.raw.C.long()

    @property
    def stride(self) -> tuple[int, ...]:
        return tuple(self.raw.tensor_stride)

    def replace(self, features: Tensor) -> MinkowskiSparseTensor:
        return self._at(self.raw.coordinate_map_key, features)

    def _at(self, key: Any, features: Tensor) -> MinkowskiSparseTensor:
        raw = minkowski_engine().SparseTensor(
            features.contiguous(), coordinate_map_key=key, coordinate_manager=self.raw.coordinate_manager
        )
        return MinkowskiSparseTensor(raw, self.batch_size)

    def convolve(self, weight: Tensor, region: Region) -> MinkowskiSparseTensor:
        raw = torch.func.functional_call(_convolution(region), {"kernel": weight.contiguous()}, (self.raw,))
        return MinkowskiSparseTensor(raw, self.batch_size)

    def max_pool(self, region: Region) -> MinkowskiSparseTensor:
        manager, key = self.raw.coordinate_manager, self.raw.coordinate_map_key
        coarse = manager.stride(key, list(region.stride))
        numbered = manager.kernel_map(
            key, coarse, list(region.stride), list(region.size), list(region.dilation), is_pool=True
        )
        nothing = torch.empty(2, 0, dtype=torch.int32, device=self.features.device)
        pairs = torch.cat([nothing, *(numbered[offset] for offset in sorted(numbered))], 1).long()
        return self._at(coarse, MaxPool.apply(self.features, *pairs, manager.size(coarse)))


@functools.cache
def _convolution(region: Region) -> nn.Module:
    # Its own kernel of one channel is never used: a call brings the real one.
    convolution = minkowski_engine().MinkowskiConvolution(
        1,
        1,
        kernel_size=list(region.size),
        stride=list(region.stride),
        dilation=list(region.dilation),
        dimension=region.dimension,
    )
    # It takes a kernel of one place on a single axis for a plain product, whatever the stride.
    convolution.use_mm = False
    return convolution
