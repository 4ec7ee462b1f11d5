"""Kernel maps: which input voxel meets which output voxel under which kernel offset.

A voxel of a skeleton has few neighbours among hundreds of offsets, so finding them is most of the work of
the first layer. Keys make it a search in a sorted list (see ``keys``), once for every line of offsets along
one axis, because the voxels along that axis follow each other in the list; and an odd kernel that keeps the
voxels needs only half of the lines, the others are their mirror image.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from recognizer.sparse.keys import KeySpace
from recognizer.sparse.region import Region

_QUERIES_AT_ONCE = 1 << 18
"""Fits into the cache of a processor core; more at once is slower."""

_SMALL_GROUP = 512
"""Offsets with at most so many pairs are multiplied together, padded; larger ones one by one."""

_PADDING = 1.35
"""Largest ratio of pairs between the offsets that are multiplied together."""


@dataclass(frozen=True)
class Batch:
    """Offsets with about as many pairs each, padded to the same number.

    Attributes:
        offsets: (G,) kernel offsets.
        inputs: (G * P,) input rows; 0 where padded.
        outputs: (G * P,) output rows; one past the last where padded.
    """

    offsets: Tensor
    inputs: Tensor
    outputs: Tensor


@dataclass(frozen=True)
class Single:
    """One offset with many pairs: its (P,) input and output rows."""

    offset: int
    inputs: Tensor
    outputs: Tensor


@dataclass(frozen=True)
class KernelMap:
    """Pairs of voxels that meet under a kernel, in the order of its offsets.

    Attributes:
        inputs, outputs: (P,) rows; without the pairs of ``identity``.
        counts: number of pairs of each of the K offsets.
        outputs_in_all: number of output voxels.
        identity: the offset under which every voxel meets itself, if there is one.
    """

    inputs: Tensor
    outputs: Tensor
    counts: tuple[int, ...]
    outputs_in_all: int
    identity: int | None

    def all_pairs(self) -> tuple[Tensor, Tensor]:
        """(P,) input and output rows of all pairs, those of voxels with themselves included."""
        if self.identity is None:
            return self.inputs, self.outputs
        itself = torch.arange(self.outputs_in_all, device=self.inputs.device)
        return torch.cat([self.inputs, itself]), torch.cat([self.outputs, itself])

    @cached_property
    def schedule(self) -> tuple[tuple[Batch, ...], tuple[Single, ...]]:
        """The pairs as matrix products: small offsets in padded batches, large ones one by one."""
        starts, start = {}, 0
        for offset, count in enumerate(self.counts):
            if count:
                starts[offset] = start
            start += count
        by_count = sorted(starts, key=lambda offset: self.counts[offset])
        small = [offset for offset in by_count if self.counts[offset] <= _SMALL_GROUP]
        large = by_count[len(small) :]
        batches = []
        while small:
            limit = max(8, int(self.counts[small[0]] * _PADDING))
            together = [offset for offset in small if self.counts[offset] <= limit]
            small = small[len(together) :]
            batches.append(self._batch(together, starts))
        singles = []
        for offset in large:
            pairs = slice(starts[offset], starts[offset] + self.counts[offset])
            singles.append(Single(offset, self.inputs[pairs], self.outputs[pairs]))
        return tuple(batches), tuple(singles)

    def _batch(self, offsets: list[int], starts: dict[int, int]) -> Batch:
        device = self.inputs.device
        counts = torch.tensor([self.counts[offset] for offset in offsets], device=device)[:, None]
        first = torch.tensor([starts[offset] for offset in offsets], device=device)[:, None]
        place = torch.arange(self.counts[offsets[-1]], device=device)
        real = (place < counts).flatten()
        pairs = (first + place).clamp_(max=len(self.inputs) - 1).flatten()
        return Batch(
            torch.tensor(offsets, device=device),
            torch.where(real, self.inputs[pairs], 0),
            torch.where(real, self.outputs[pairs], self.outputs_in_all),
        )


def kernel_map(inputs: Tensor, outputs: Tensor, region: Region) -> KernelMap:
    """Finds all pairs with input = output + offset.

    Args:
        inputs: (n, 1 + D) int64 different voxels, in steps of their stride.
        outputs: (m, 1 + D) likewise, in steps of the input's stride; the same tensor where the region keeps
            the voxels.
        region: offsets.
    """
    lines = _Lines(region, inputs.device)
    space = KeySpace([inputs, outputs], lines.reach, lines.axis)
    keys, order = space.keys(inputs).sort()
    if region.keeps_voxels:
        output_keys, output_order = keys, order
    else:
        output_keys, output_order = space.keys(outputs).sort()
    if region.symmetric:
        pairs = _mirrored_pairs(keys, space.steps(lines.starts), lines, region.volume)
    else:
        pairs = _concatenate(_pairs(keys, output_keys, space.steps(lines.starts), lines), keys)
    position, query, offset = pairs
    offset, by_offset = offset.sort(stable=True)
    return KernelMap(
        inputs=order[position[by_offset]],
        outputs=output_order[query[by_offset]],
        counts=tuple(torch.bincount(offset, minlength=region.volume).tolist()),
        outputs_in_all=len(outputs),
        identity=region.volume // 2 if region.symmetric else None,
    )


class _Lines:
    """The offsets of a region as parallel lines along one axis.

    Attributes:
        axis: along which the lines run; a long one without gaps is best.
        offsets: (L, k) numbers of the region's offsets, line by line.
        starts: (L, D) first offset of each line.
        gap: places between neighbours on a line.
        width: places from the first to the last one on a line.
        reach: largest offset along each axis.
    """

    def __init__(self, region: Region, device: torch.device):
        self.axis = max(
            range(region.dimension), key=lambda axis: (region.dilation[axis] == 1, region.size[axis])
        )
        numbers = torch.arange(region.volume, device=device)
        numbers = numbers.view(-1, region.size[self.axis], math.prod(region.size[: self.axis]))
        self.offsets = numbers.transpose(1, 2).flatten(0, 1)
        moves = region.offsets().to(device)
        self.starts = moves[self.offsets[:, 0]]
        self.gap = region.dilation[self.axis]
        self.width = (region.size[self.axis] - 1) * self.gap + 1
        self.reach = moves.abs().amax(0).tolist()


_Pairs = tuple[Tensor, Tensor, Tensor]
"""Position among the sorted inputs, position among the sorted outputs, number of the offset."""


def _pairs(keys: Tensor, output_keys: Tensor, starts: Tensor, lines: _Lines) -> Iterator[_Pairs]:
    outputs = len(output_keys)
    # A last key that is further away than any line is long saves looking whether the list ends.
    keys = torch.cat([keys, keys.new_full((1,), torch.iinfo(torch.int64).max)])
    at_once = max(1, _QUERIES_AT_ONCE // outputs)
    for begin in range(0, len(starts), at_once):
        wanted = (starts[begin : begin + at_once, None] + output_keys).flatten()
        position = torch.searchsorted(keys, wanted)
        query = torch.arange(len(wanted), device=keys.device)
        while True:
            distance = keys[position] - wanted[query]
            inside = (distance < lines.width).nonzero()[:, 0]
            if not len(inside):
                break
            position, query, distance = position[inside], query[inside], distance[inside]
            # With a dilation, the voxels between two offsets do not count.
            hit = slice(None) if lines.gap == 1 else (distance % lines.gap == 0).nonzero()[:, 0]
            offset = lines.offsets[query[hit] // outputs + begin, distance[hit] // lines.gap]
            yield position[hit], query[hit] % outputs, offset
            position = position + 1


def _mirrored_pairs(keys: Tensor, starts: Tensor, lines: _Lines, volume: int) -> _Pairs:
    """Pairs of an odd kernel that keeps the voxels, without those of a voxel with itself."""
    half = len(starts) // 2  # the line through the centre, its own mirror image
    position, query, offset = _concatenate(_pairs(keys, keys, starts[: half + 1], lines), keys)
    found = lines.offsets[: half + 1]
    kept = torch.zeros(volume, dtype=torch.bool, device=keys.device)
    kept[found[:half]] = True
    kept[found[half, : found.shape[1] // 2]] = True
    once = kept[offset].nonzero()[:, 0]
    position, query, offset = position[once], query[once], offset[once]
    return (
        torch.cat([position, query]),
        torch.cat([query, position]),
        torch.cat([offset, volume - 1 - offset]),
    )


def _concatenate(pairs: Iterator[_Pairs], keys: Tensor) -> _Pairs:
    nothing = (keys.new_zeros(0),) * 3  # where no voxel has a neighbour
    position, query, offset = zip(nothing, *pairs, strict=True)
    return torch.cat(position), torch.cat(query), torch.cat(offset)
