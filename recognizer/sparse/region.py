"""The neighbourhood of a sparse convolution or pooling."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from recognizer.sparse.errors import SparseError

PerAxis = int | Sequence[int]
"""One value for all axes, or one value an axis."""


@dataclass(frozen=True)
class Region:
    """Kernel size, stride and dilation along each of D axes.

    As in MinkowskiEngine, odd kernels are centred and even ones span 0 .. k - 1, and the first axis runs
    fastest in the order of the offsets.
    """

    size: tuple[int, ...]
    stride: tuple[int, ...]
    dilation: tuple[int, ...]

    @classmethod
    def of(cls, dimension: int, size: PerAxis, stride: PerAxis = 1, dilation: PerAxis = 1) -> Region:
        """A region in ``dimension`` axes.

        Raises:
            SparseError: a value is not positive, or not one value an axis was given.
        """
        return cls(
            _per_axis("kernel size", size, dimension),
            _per_axis("stride", stride, dimension),
            _per_axis("dilation", dilation, dimension),
        )

    @property
    def dimension(self) -> int:
        """Number of axes, without the batch."""
        return len(self.size)

    @property
    def volume(self) -> int:
        """Number of offsets K."""
        return math.prod(self.size)

    @property
    def keeps_voxels(self) -> bool:
        """Whether the output has the input's voxels."""
        return all(step == 1 for step in self.stride)

    @property
    def pointwise(self) -> bool:
        """Whether each voxel only meets itself."""
        return self.volume == 1 and self.keeps_voxels

    @property
    def symmetric(self) -> bool:
        """Whether offset K - 1 - k is the opposite of offset k, on the same voxels."""
        return self.keeps_voxels and all(size % 2 for size in self.size)

    def offsets(self) -> Tensor:
        """(K, D) int64 offsets in steps of the input's stride, dilation included."""
        axes = [range(-(k // 2), k // 2 + 1) if k % 2 else range(k) for k in self.size]
        rows = [offset[::-1] for offset in itertools.product(*axes[::-1])]
        return torch.tensor(rows) * torch.tensor(self.dilation)


def _per_axis(name: str, value: PerAxis, dimension: int) -> tuple[int, ...]:
    values = (value,) * dimension if isinstance(value, int) else tuple(int(v) for v in value)
    if len(values) != dimension or min(values, default=0) < 1:
        raise SparseError(f"The {name} must be one positive number or {dimension} of them, not {value!r}.")
    return values
