"""Prepared clips as torch data: whole clips, sampled to T frames, with both persons."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
import torch.distributed as dist
from torch.utils.data import Dataset, Sampler

from recognizer.data.prepared import PreparedClips
from recognizer.data.views import rotation
from recognizer.preprocess import channels, normalise, stacked
from recognizer.training.clips.config import ClipAugmentation, ClipConfig

TEST_SHARE = 0.95
"""With "resize", how much of a clip's middle is seen when it is not cut at random (CTR-GCN)."""


class ClipDataset(Dataset):
    """(channels, T, V, M) float32 and (K,) bool targets, by (index, epoch).

    What is random in a training clip depends on seed, epoch and clip alone.

    Args:
        clips: the prepared data set.
        indices: those of the part.
        config: of the run.
        train: with augmentation.
    """

    def __init__(self, clips: PreparedClips, indices: np.ndarray, config: ClipConfig, train: bool):
        self.clips, self.indices, self.config, self.train = clips, indices, config, train
        self.labels = clips.labels(config.task)
        self.classes = len(clips.info.tasks[config.task])

    def __len__(self) -> int:
        return len(self.indices)

    def __getitem__(self, item: tuple[int, int]) -> tuple[torch.Tensor, torch.Tensor]:
        number, epoch = item
        index = int(self.indices[number])
        rng = np.random.default_rng([self.config.seed, epoch, index]) if self.train else None
        array = clip_input(*self.clips.arrays(index), self.clips, self.config, rng)
        targets = torch.zeros(self.classes, dtype=torch.bool)
        targets[self.labels[index]] = True
        return torch.from_numpy(array), targets


class EpochSampler(Sampler[tuple[int, int]]):
    """(index, epoch) of the clips of one process, in an order that depends on seed and epoch alone.

    Every process gets the same number of clips: the first ones are given out once more where needed.
    """

    def __init__(self, count: int, seed: int, shuffle: bool):
        self.count, self.seed, self.shuffle, self.epoch = count, seed, shuffle, 0

    def set_epoch(self, epoch: int) -> None:
        """Called by Lightning before each epoch."""
        self.epoch = epoch

    def __len__(self) -> int:
        return -(-self.count // self._processes()[1])

    def __iter__(self) -> Iterator[tuple[int, int]]:
        rank, processes = self._processes()
        order = (
            np.random.default_rng([self.seed, self.epoch]).permutation(self.count)
            if self.shuffle
            else np.arange(self.count)
        )
        order = np.resize(order, len(self) * processes)
        yield from ((int(number), self.epoch) for number in order[rank::processes])

    @staticmethod
    def _processes() -> tuple[int, int]:
        if dist.is_available() and dist.is_initialized():
            return dist.get_rank(), dist.get_world_size()
        return 0, 1


def clip_input(
    joints: np.ndarray,
    confidence: np.ndarray,
    clips: PreparedClips,
    config: ClipConfig,
    rng: np.random.Generator | None = None,
) -> np.ndarray:
    """A clip as the network sees it.

    Args:
        joints: (M', T', V, C) as prepared.
        confidence: (M', T', V).
        clips: their data set.
        config: of the run.
        rng: for augmentation; none without.

    Returns:
        (channels, T, V, M) float32.
    """
    layout, options = clips.layout, config.preprocessing
    result = np.zeros((channels(layout, options), config.frames, len(layout), config.persons), np.float32)
    piece = _piece(confidence, config, rng)
    change = _Change(config.augmentation, layout.coordinates, rng) if rng is not None else None
    mirrored = change is not None and change.mirror
    for person in range(min(config.persons, len(joints))):
        values, seen = joints[person], confidence[person]
        if options.origin == "torso":
            values, seen = normalise(values, seen, layout, options)
        elif options.origin == "picture":
            values = (values - 0.5) * (1.0, -1.0) * (seen > 0)[..., None]
        if mirrored:
            values, seen = values[:, list(layout.mirror)].copy(), seen[:, list(layout.mirror)]
            values[..., 0] *= -1
        values, seen = sample(values, seen, config.frames, config.length, piece)
        if change is not None:
            values = change(values)
        result[..., person] = stacked(values, seen, layout, options)
    return result


def sample(
    values: np.ndarray, seen: np.ndarray, frames: int, length: str, piece: tuple[float, float] = (0.0, 1.0)
) -> tuple[np.ndarray, np.ndarray]:
    """One person's (T', V, C) and (T', V) as T frames.

    Args:
        frames: T.
        length: "replay": repeated from its first frame on until T is full; "zeros": zeros follow; of a clip
            that is too long, both take the beginning. "resize": interpolated.
        piece: with "resize", where in the clip the first and the last frame are, 0 to 1.
    """
    if length == "resize":
        at = np.linspace(*piece, frames) * (len(values) - 1)
        left = np.minimum(at.astype(int), len(values) - 1)
        right = np.minimum(left + 1, len(values) - 1)
        weight = (at - left).astype(np.float32)[:, None, None]
        near = np.where(weight[:, 0, 0] < 0.5, left, right)
        return values[left] * (1 - weight) + values[right] * weight, seen[near]
    present = np.flatnonzero(seen.any(1))
    last = present[-1] + 1 if len(present) else 0
    if length == "replay" and last:
        order = np.arange(frames) % last
        return values[order], seen[order]
    kept = min(last, frames)
    out, known = np.zeros((frames, *values.shape[1:]), np.float32), np.zeros((frames, seen.shape[1]))
    out[:kept], known[:kept] = values[:kept], seen[:kept]
    return out, known.astype(np.float32)


def _piece(
    confidence: np.ndarray, config: ClipConfig, rng: np.random.Generator | None
) -> tuple[float, float]:
    """The part of a clip that "resize" takes, of the frames in which somebody is there; 0 to 1."""
    share = TEST_SHARE if rng is None else rng.uniform(config.augmentation.shortest, 1.0)
    start = (1 - share) * (0.5 if rng is None else rng.random())
    present = np.flatnonzero(confidence.any((0, 2))) / max(confidence.shape[1] - 1, 1)
    first, last = (present[0], present[-1]) if len(present) else (0.0, 1.0)
    return first + start * (last - first), first + (start + share) * (last - first)


class _Change:
    """What augmentation does to both persons of a clip alike."""

    def __init__(self, options: ClipAugmentation, coordinates: int, rng: np.random.Generator):
        self.mirror = rng.random() < options.mirror
        self._scale = 1 + rng.uniform(-options.scale, options.scale)
        angles = rng.uniform(-options.rotation, options.rotation, 3)
        angles[0] += rng.uniform(-options.azimuth, options.azimuth)
        turns = coordinates == 3 and (options.rotation or options.azimuth)
        self._turn = rotation(*np.radians(angles)) if turns else None
        self._noise, self._rng = options.noise, rng

    def __call__(self, values: np.ndarray) -> np.ndarray:
        """(T, V, C); what is 0, because nothing is known of it, stays 0."""
        known = values.any(-1, keepdims=True)
        if self._turn is not None:
            values = values @ self._turn.T.astype(np.float32)
        if self._noise:
            values = values + self._rng.normal(0.0, self._noise, values.shape).astype(np.float32)
        return values * self._scale * known
