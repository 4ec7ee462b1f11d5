"""Slow, obvious sparse operations over dictionaries, and dense ones, to compare the engine with."""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from recognizer.sparse import SparseTensor
from recognizer.sparse.region import Region

Voxels = dict[tuple[int, ...], Tensor]
"""Feature rows by (batch entry, x1 .. xD)."""


def random_voxels(count: int, dimension: int, reach: int = 3, batch: int = 2) -> Tensor:
    """About ``count`` different voxels in [-reach, reach)^D for each batch entry, in random order."""
    places = torch.randint(-reach, reach, (batch * count, dimension))
    entries = torch.arange(batch).repeat_interleave(count)[:, None]
    rows = torch.cat([entries, places], 1).unique(dim=0)
    return rows[torch.randperm(len(rows))]


def as_dictionary(x: SparseTensor) -> Voxels:
    rows = zip(x.coordinates.tolist(), x.features, strict=True)
    voxels = {tuple(place): row for place, row in rows}
    assert len(voxels) == len(x.features), "a voxel occurs twice"
    return voxels


def in_order(voxels: Voxels) -> Tensor:
    """(n, C) rows sorted by coordinates."""
    return torch.stack([voxels[place] for place in sorted(voxels)])


def output_places(voxels: Voxels, region: Region, stride: Sequence[int]) -> set[tuple[int, ...]]:
    if region.keeps_voxels:
        return set(voxels)
    coarse = [1, *(s * f for s, f in zip(stride, region.stride, strict=True))]
    return {tuple(c // s * s for c, s in zip(place, coarse, strict=True)) for place in voxels}


def _neighbours(place: tuple[int, ...], region: Region, stride: Sequence[int]):
    for number, offset in enumerate(_offsets(region)):
        moved = (c + o * s for c, o, s in zip(place[1:], offset, stride, strict=True))
        yield number, (place[0], *moved)


def _offsets(region: Region) -> list[tuple[int, ...]]:
    """The first axis runs fastest; odd kernels are centred, even ones begin at 0."""
    offsets: list[tuple[int, ...]] = [()]
    for size, dilation in zip(region.size, region.dilation, strict=True):
        first = -(size // 2) if size % 2 else 0
        offsets = [o + ((first + step) * dilation,) for step in range(size) for o in offsets]
    return offsets


def convolution(voxels: Voxels, kernel: Tensor, region: Region, stride: Sequence[int]) -> Voxels:
    """SPA-Net's Eq. 9, neighbour by neighbour, on voxels at a stride."""
    kernel = kernel.view(region.volume, *kernel.shape[-2:])
    result = {}
    for place in output_places(voxels, region, stride):
        total = kernel.new_zeros(kernel.shape[2])
        for number, neighbour in _neighbours(place, region, stride):
            if neighbour in voxels:
                total = total + voxels[neighbour] @ kernel[number]
        result[place] = total
    return result


def max_pool(voxels: Voxels, region: Region, stride: Sequence[int]) -> Voxels:
    """SPA-Net's Eq. 10. Where size and stride agree, a region is what is rounded down to the same place."""
    result = {}
    for place in output_places(voxels, region, stride):
        if region.size == region.stride:
            members = [row for p, row in voxels.items() if output_places({p: row}, region, stride) == {place}]
        else:
            members = [voxels[p] for _, p in _neighbours(place, region, stride) if p in voxels]
        result[place] = torch.stack(members).amax(0)
    return result


def dense_convolution(x: Tensor, kernel: Tensor, region: Region) -> Tensor:
    """(N, C, *places) of 3 or 4 axes -> (N, C', *coarser places), by conv3d with zeros around."""
    if region.dimension == 3:
        sizes, dilations = region.size, region.dilation
        weight = kernel.view(*reversed(sizes), *kernel.shape[1:]).permute(4, 3, 2, 1, 0)
        padding = []
        for size, dilation in zip(reversed(sizes), reversed(dilations), strict=True):
            padding += _padding(size, dilation)
        return F.conv3d(F.pad(x, padding), weight, stride=region.stride, dilation=dilations)
    inner = Region(region.size[:3], region.stride[:3], region.dilation[:3])
    size, step, dilation = region.size[3], region.stride[3], region.dilation[3]
    taps = kernel.view(size, -1, *kernel.shape[1:])
    padded = F.pad(x, _padding(size, dilation))
    slices = []
    for start in range(0, x.shape[-1], step):
        parts = [
            dense_convolution(padded[..., start + tap * dilation], taps[tap], inner) for tap in range(size)
        ]
        slices.append(torch.stack(parts).sum(0))
    return torch.stack(slices, -1)


def _padding(size: int, dilation: int) -> list[int]:
    """Zeros before and after an axis."""
    whole = dilation * (size - 1)
    return [whole // 2, whole // 2] if size % 2 else [0, whole]
