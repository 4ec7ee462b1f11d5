"""Sparse convolution of few voxels in NumPy: no PyTorch is imported.

``recognizer.sparse`` looks neighbours up in sorted lists, for the thousands of voxels of a batch of training.
A window of live use has some hundreds, and it is quicker to compare each with each.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

POOLED = 2
"""Voxels a side that become one, in space and in time."""
_AT_ONCE = 8
"""Frames whose voxels are compared with the others at once."""


@dataclass(frozen=True)
class Voxels:
    """Occupied places of a batch, entry by entry, and frame by frame of each.

    Attributes:
        entries: (n,) batch entry.
        frames, places: (n,) and (n, D) int64, in steps of the stride.
        features: (n, C) float32.
    """

    entries: np.ndarray
    frames: np.ndarray
    places: np.ndarray
    features: np.ndarray

    def with_features(self, features: np.ndarray) -> Voxels:
        """The same voxels with other features."""
        return replace(self, features=features)


@dataclass(frozen=True)
class Points:
    """A batch of windows in voxels.

    Attributes:
        voxels: at stride 1.
        origin: (N, D) where each entry's grid begins, in the unit of the joints.
        side: (N,) length of a voxel's side, in the unit of the joints.
    """

    voxels: Voxels
    origin: np.ndarray
    side: np.ndarray


def voxelised(x: np.ndarray, axes: int, space: int, flag: bool) -> Points:
    """What ``recognizer.layers.voxels.voxelise`` gives, which tells more of it, to the last bit; joints that
    share a voxel are added up.

    Args:
        x: (N, C, T, V, M) float32.
        axes: D, coordinates of a joint.
        space: voxels a side.
        flag: add a feature for whose joint it is.
    """
    samples, channels, _, joints, _ = x.shape
    place = x[:, :axes].transpose(0, 4, 2, 3, 1)  # (N, M, T, V, D)
    if channels > axes:
        seen = x[:, axes].transpose(0, 3, 1, 2) > 0
    else:
        seen = np.broadcast_to((place != 0).any((-1, -2))[..., None], place.shape[:-1])
    seen = seen & np.isfinite(place).all(-1)
    nobody = ~seen.any((1, 2, 3))
    low = np.where(seen[..., None], place, np.float32(np.inf)).min((1, 2, 3))
    high = np.where(seen[..., None], place, np.float32(-np.inf)).max((1, 2, 3))
    low[nobody] = high[nobody] = 0
    side = (high - low).max(1) / np.float32(space)

    entries, persons, frames, numbers = seen.nonzero()
    steps = (place[seen] - low[entries]) / np.maximum(side, np.finfo(np.float32).tiny)[entries, None]
    steps = np.floor(steps).clip(0, space - 1).astype(np.int64)
    rows = np.column_stack([entries, frames, steps])
    # A sparse tensor needs a voxel for each entry: without features where nobody is.
    empty = np.zeros((nobody.sum(), rows.shape[1]), np.int64)
    empty[:, 0] = nobody.nonzero()[0]
    rows, owner = _distinct(np.concatenate([rows, empty]))
    features = np.zeros((len(rows), joints + flag), np.float32)
    owner = owner[: len(entries)]
    np.add.at(features, (owner, numbers), 1)
    if flag:
        np.add.at(features[:, joints], owner, persons)
    return Points(Voxels(rows[:, 0], rows[:, 1], rows[:, 2:], features), low, side)


def _distinct(rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The different rows among (n, K) not negative ones, in their order, and which of them each row is."""
    keys = np.ravel_multi_index(tuple(rows.T), tuple(rows.max(0) + 1))
    _, first, inverse = np.unique(keys, return_index=True, return_inverse=True)
    return rows[first], inverse


def pooled(voxels: Voxels) -> Voxels:
    """Sparse max-pooling (Eq. 10)."""
    rows, owner = _distinct(
        np.column_stack([voxels.entries, voxels.frames // POOLED, voxels.places // POOLED])
    )
    order = np.argsort(owner, kind="stable")
    starts = np.searchsorted(owner[order], np.arange(len(rows)))
    return Voxels(rows[:, 0], rows[:, 1], rows[:, 2:], np.maximum.reduceat(voxels.features[order], starts))


@dataclass(frozen=True)
class Pairs:
    """Voxels that meet in space within the reach of a kernel, at times no further apart than its longest
    dilation.

    Attributes:
        outputs, inputs: (P,) rows, in the order of the outputs.
        offsets: (P,) number of the offset in space; the first axis runs fastest.
        later: (P,) frames from the output to the input.
        itself: the offset under which a place meets itself.
    """

    outputs: np.ndarray
    inputs: np.ndarray
    offsets: np.ndarray
    later: np.ndarray
    itself: int

    @classmethod
    def of(cls, voxels: Voxels, kernel: int, longest: int) -> Pairs:
        """All of a batch, by comparing each voxel with each that is not far away in time."""
        low, high = _reach(kernel)
        # Entries are further apart than any kernel reaches.
        times = voxels.entries * (voxels.frames.max() + 1 + longest) + voxels.frames
        axes = [(times, -longest, longest), *((axis, low, high) for axis in voxels.places.T.astype(np.int16))]
        found = []
        for time in range(0, times[-1] + 1, _AT_ONCE):
            begin, end = np.searchsorted(times, (time, time + _AT_ONCE))
            first, last = np.searchsorted(times, (time - longest, time + _AT_ONCE + longest))
            meet = np.ones((end - begin, last - first), bool)
            for place, nearest, furthest in axes:
                apart = place[first:last] - place[begin:end, None]
                meet &= (apart >= nearest) & (apart <= furthest)
            outputs, inputs = meet.nonzero()
            found.append((outputs + begin, inputs + first))
        outputs, inputs = np.concatenate(found, 1)
        steps = voxels.places[inputs] - voxels.places[outputs] - low
        powers = kernel ** np.arange(steps.shape[1])
        return cls(outputs, inputs, steps @ powers, times[inputs] - times[outputs], int(-low * powers.sum()))

    def at_one_place(self) -> Pairs:
        """Only those of voxels at the same place, which is the only offset in space."""
        here = self.offsets == self.itself
        nowhere = np.zeros(here.sum(), np.int64)
        return Pairs(self.outputs[here], self.inputs[here], nowhere, self.later[here], 0)


def _reach(kernel: int) -> tuple[int, int]:
    """First and last offset of a kernel along an axis: odd ones are centred, even ones begin at 0."""
    low = -(kernel // 2) if kernel % 2 else 0
    return low, low + kernel - 1


@dataclass(frozen=True)
class Convolution:
    """Which rows meet under which offsets of several kernels, each of which has a part of the channels.

    Rows of the parts follow each other, and so do the kernels' offsets. Offsets under which about as many
    pairs meet are multiplied together, each with as many rows as the next power of two.

    Attributes:
        parts: number of kernels.
        inputs: (P',) rows, offset by offset; any row where there is no pair.
        groups: the first of these rows, rows of an offset, and the offsets.
        pairs: (P,) places of the pairs among these rows, in the order of their outputs, of which each has
            one at least: with itself.
        starts: first pair of each output.
    """

    parts: int
    inputs: np.ndarray
    groups: tuple[tuple[int, int, np.ndarray], ...]
    pairs: np.ndarray
    starts: np.ndarray

    @classmethod
    def in_space(cls, pairs: Pairs, parts: int, volume: int, rows: int) -> Convolution:
        """Kernels of so many offsets within a frame."""
        now = (pairs.later == 0).nonzero()[0]
        one = np.stack([pairs.outputs[now], pairs.inputs[now], pairs.offsets[now]])
        return cls._of([one + part * np.array([[rows], [rows], [volume]]) for part in range(parts)])

    @classmethod
    def in_time(cls, pairs: Pairs, dilations: tuple[int, ...], volume: int, rows: int) -> Convolution:
        """Kernels of so many offsets in space and of three in time, each with a dilation of its own."""
        longest = max(dilations)
        found = []
        for part, dilation in enumerate(dilations):
            turns = np.full(2 * longest + 1, -1)  # the offset in time, by the frames between
            turns[longest - dilation : longest + dilation + 1 : dilation] = range(3)
            turn = turns[pairs.later + longest]
            hit = (turn >= 0).nonzero()[0]
            offsets = pairs.offsets[hit] + volume * (turn[hit] + 3 * part)
            found.append(
                np.stack([pairs.outputs[hit] + part * rows, pairs.inputs[hit] + part * rows, offsets])
            )
        return cls._of(found)

    @classmethod
    def _of(cls, found: list[np.ndarray]) -> Convolution:
        outputs, inputs, offsets = np.concatenate(found, 1)
        counts = np.bincount(offsets)
        # NumPy sorts numbers of 16 bits in linear time.
        order = np.argsort(offsets.astype(np.min_scalar_type(len(counts))), kind="stable")
        place = np.empty_like(order)
        place[order] = np.arange(len(order))
        sizes = np.where(counts > 0, 1 << np.ceil(np.log2(np.maximum(counts, 1))).astype(np.int64), 0)
        by_size = np.argsort(sizes, kind="stable")
        firsts = np.empty_like(sizes)
        firsts[by_size] = np.cumsum(sizes[by_size]) - sizes[by_size]
        place += (firsts - (np.cumsum(counts) - counts))[offsets]
        rows = np.zeros(sizes.sum(), np.int64)
        rows[place] = inputs
        groups = []
        for size in np.unique(sizes[sizes > 0]):
            same = by_size[sizes[by_size] == size]
            groups.append((int(firsts[same[0]]), int(size), same))
        starts = np.searchsorted(outputs, np.arange(outputs[-1] + 1))
        return cls(len(found), rows, tuple(groups), place, starts)

    def __call__(self, features: np.ndarray, kernels: np.ndarray) -> np.ndarray:
        """out[u] = sum_k in[u + offset_k] W_k (Eq. 9), of each part of the channels.

        Args:
            features: (n, parts C).
            kernels: (parts K, C, C').

        Returns:
            (n, parts C').
        """
        count, wide, width = len(features), kernels.shape[1], kernels.shape[2]
        rows = features.reshape(count, self.parts, wide).transpose(1, 0, 2).reshape(-1, wide)[self.inputs]
        products = np.empty((len(rows), width), np.float32)
        for begin, size, offsets in self.groups:
            part = slice(begin, begin + size * len(offsets))
            result = products[part].reshape(-1, size, width)
            np.matmul(rows[part].reshape(-1, size, wide), kernels[offsets], out=result)
        sums = np.add.reduceat(products[self.pairs], self.starts)
        return sums.reshape(self.parts, count, width).transpose(1, 0, 2).reshape(count, -1)
