"""Kernel maps: which input voxel meets which output voxel under which kernel offset.

A voxel of a skeleton has few neighbours among hundreds of offsets, so finding them is most of the work of
the first layer. Keys make it a search in a sorted list (see ``keys``), once for every line of offsets along
one axis, because the voxels along that axis follow each other in the list; and an odd kernel that keeps the
voxels needs only half of the lines, the others are their mirror image.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import pairwise

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

    Several kernels can share a map. The rows of one after the other are then one list, and so are their
    offsets: voxel ``v`` of kernel ``b`` is row ``b * n + v``, offset ``k`` of it is ``b * K + k``.

    Attributes:
        inputs, outputs: (P,) rows; without the pairs of ``itself``.
        counts: number of pairs of each of the K offsets.
        outputs_in_all: number of output rows.
        itself: of each kernel, the offset under which every voxel meets itself; empty if there is none.
    """

    inputs: Tensor
    outputs: Tensor
    counts: tuple[int, ...]
    outputs_in_all: int
    itself: tuple[int, ...]

    def all_pairs(self) -> tuple[Tensor, Tensor]:
        """(P,) input and output rows of all pairs, those of voxels with themselves included."""
        if not self.itself:
            return self.inputs, self.outputs
        itself = torch.arange(self.outputs_in_all, device=self.inputs.device)
        return torch.cat([self.inputs, itself]), torch.cat([self.outputs, itself])

    @cached_property
    def own(self) -> Tensor:
        """``itself`` on the device of the rows."""
        return torch.tensor(self.itself, device=self.inputs.device)

    @cached_property
    def schedule(self) -> tuple[tuple[Batch, ...], tuple[Single, ...]]:
        """The pairs as matrix products: small offsets in padded batches, large ones one by one."""
        counts = torch.tensor(self.counts, device=self.inputs.device)
        starts = counts.cumsum(0) - counts
        by_count = counts.argsort(stable=True)
        ordered = counts[by_count].tolist()
        begin, large = bisect_right(ordered, 0), bisect_right(ordered, _SMALL_GROUP)
        batches = self._batches(ordered[begin:large], by_count[begin:large], starts)
        singles = []
        for offset in by_count[large:].tolist():
            pairs = slice(int(starts[offset]), int(starts[offset]) + self.counts[offset])
            singles.append(Single(offset, self.inputs[pairs], self.outputs[pairs]))
        return batches, tuple(singles)

    def _batches(self, counts: list[int], offsets: Tensor, starts: Tensor) -> tuple[Batch, ...]:
        """Those of some offsets in the order of their counts: all are padded at once and then divided."""
        if not counts:
            return ()
        ends, paddings = [0], []
        while ends[-1] < len(counts):
            limit = max(8, int(counts[ends[-1]] * _PADDING))
            end = bisect_right(counts, limit)
            paddings += [counts[end - 1]] * (end - ends[-1])
            ends.append(end)
        device, rows = offsets.device, sum(paddings)
        each = torch.tensor([counts, paddings], device=device)
        each = torch.stack([*each, starts[offsets], each[1].cumsum(0) - each[1]])
        count, _, start, first = each.repeat_interleave(each[1], 1, output_size=rows)
        place = torch.arange(rows, device=device) - first
        real = place < count
        pairs = (start + place).clamp_(max=len(self.inputs) - 1)
        inputs = torch.where(real, self.inputs[pairs], 0)
        outputs = torch.where(real, self.outputs[pairs], self.outputs_in_all)
        sizes = [sum(paddings[begin:end]) for begin, end in pairwise(ends)]
        return tuple(
            map(
                Batch,
                offsets.split([end - begin for begin, end in pairwise(ends)]),
                inputs.split(sizes),
                outputs.split(sizes),
            )
        )


def kernel_map(inputs: Tensor, outputs: Tensor, *regions: Region) -> KernelMap:
    """Finds all pairs with input = output + offset.

    Args:
        inputs: (n, 1 + D) int64 different voxels, in steps of their stride.
        outputs: (m, 1 + D) likewise, in steps of the input's stride; the same tensor where the regions keep
            the voxels.
        regions: offsets; more than one if ``share_a_map`` says so.
    """
    lines = _lines(regions, inputs.device)
    space = KeySpace([inputs] if outputs is inputs else [inputs, outputs], lines.reach, lines.axis)
    keys, order = space.keys(inputs).sort()
    if regions[0].keeps_voxels:
        output_keys, output_order = keys, order
    else:
        output_keys, output_order = space.keys(outputs).sort()
    steps = space.steps(lines.starts)
    position, query, offset = _concatenate(_pairs(keys, output_keys, steps, lines), keys)
    if lines.mirrored is not None:
        once = (lines.mirrored[offset] >= 0).nonzero()[:, 0]
        position, query, offset = position[once], query[once], offset[once]
        position, query = torch.cat([position, query]), torch.cat([query, position])
        offset = torch.cat([offset, lines.mirrored[offset]])
    offset, by_offset = offset.sort(stable=True)
    rows, output_rows = order[position[by_offset]], output_order[query[by_offset]]
    volume = regions[0].volume
    if len(regions) > 1:
        kernel = offset // volume
        rows, output_rows = rows + kernel * len(inputs), output_rows + kernel * len(outputs)
    return KernelMap(
        inputs=rows,
        outputs=output_rows,
        counts=tuple(torch.bincount(offset, minlength=volume * len(regions)).tolist()),
        outputs_in_all=len(outputs) * len(regions),
        itself=tuple(number * volume + volume // 2 for number in range(len(regions)))
        if regions[0].symmetric
        else (),
    )


def share_a_map(regions: Sequence[Region]) -> bool:
    """Whether several regions can: odd ones on the same voxels, which differ in their dilation, and not along
    all axes."""
    first = regions[0]
    dilations = zip(*(region.dilation for region in regions), strict=True)
    return (
        all(region.symmetric and region.size == first.size for region in regions)
        and any(len(set(values)) == 1 for values in dilations)
    )  # fmt: skip


@dataclass(frozen=True)
class _Lines:
    """The offsets of regions as parallel lines along one axis.

    Attributes:
        axis: along which the lines run; a long one without gaps is best.
        offsets: (L, k) numbers of the offsets, line by line.
        starts: (L, D) first offset of each line.
        gap: places between neighbours on a line.
        width: places from the first to the last one on a line.
        reach: largest offset along each axis.
        mirrored: of symmetric regions, which have only half of their lines, the opposite of each offset, and
            -1 for the voxel itself and whatever is the opposite of another; None of others.
    """

    axis: int
    offsets: Tensor
    starts: Tensor
    gap: int
    width: int
    reach: list[int]
    mirrored: Tensor | None


@lru_cache(64)
def _lines(regions: tuple[Region, ...], device: torch.device) -> _Lines:
    first = regions[0]
    same = [len({region.dilation[axis] for region in regions}) == 1 for axis in range(first.dimension)]
    axis = max(range(first.dimension), key=lambda a: (same[a], first.dilation[a] == 1, first.size[a]))
    volume = first.volume
    numbers = torch.arange(volume).view(-1, first.size[axis], math.prod(first.size[:axis]))
    offsets = numbers.transpose(1, 2).flatten(0, 1)
    mirrored = None
    if first.symmetric:
        half = len(offsets) // 2  # the line through the centre, its own mirror image
        opposite = torch.full((volume,), -1)
        once = torch.cat([offsets[:half].flatten(), offsets[half, : first.size[axis] // 2]])
        opposite[once] = volume - 1 - once
        offsets = offsets[: half + 1]
        mirrored = torch.cat(
            [torch.where(opposite < 0, -1, opposite + i * volume) for i in range(len(regions))]
        ).to(device)
    moves = [region.offsets() for region in regions]
    return _Lines(
        axis,
        torch.cat([offsets + number * volume for number in range(len(regions))]).to(device),
        torch.cat([each[offsets[:, 0]] for each in moves]).to(device),
        first.dilation[axis],
        (first.size[axis] - 1) * first.dilation[axis] + 1,
        torch.cat(moves).abs().amax(0).tolist(),
        mirrored,
    )


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


def _concatenate(pairs: Iterator[_Pairs], keys: Tensor) -> _Pairs:
    nothing = (keys.new_zeros(0),) * 3  # where no voxel has a neighbour
    position, query, offset = zip(nothing, *pairs, strict=True)
    return torch.cat(position), torch.cat(query), torch.cat(offset)
