"""Prepared clips as torch data: whole clips, sampled to T frames, with both persons."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
import torch.distributed as dist
from torch.utils.data import Dataset, Sampler

from recognizer.data.prepared import PreparedClips
from recognizer.preprocess import channels, placed, stacked
from recognizer.training.clips.changes import Change, turned
from recognizer.training.clips.config import ClipConfig


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
    bodies, seen = joints[: config.persons], confidence[: config.persons]
    piece, start = _piece(confidence, config, rng), _start(confidence, config, rng)
    if rng is not None:
        bodies = turned(bodies, config.augmentation, layout, rng)
    # Bridges gaps, or takes the extent of the whole clip, so before frames are left out.
    at_once = options.origin in ("torso", "extent")
    if at_once:
        bodies, seen = placed(bodies, seen, layout, options)
    if config.length == "pick":
        chance = rng if config.augmentation.random_frames else None
        rows = picked(bodies.shape[1], config.frames, piece, chance)
        bodies, seen = bodies[:, rows], seen[:, rows]
    else:
        pairs = [
            sample(*pair, config.frames, config.length, piece, start)
            for pair in zip(bodies, seen, strict=True)
        ]
        bodies, seen = np.stack([pair[0] for pair in pairs]), np.stack([pair[1] for pair in pairs])
    if not at_once:
        # As public code does: what is replayed is placed beside what it is seen with.
        bodies, seen = placed(bodies, seen, layout, options)
    result = np.zeros((channels(layout, options), config.frames, len(layout), config.persons), np.float32)
    change = None if rng is None else Change(config.augmentation, layout, config.frames, rng)
    for person, (values, known) in enumerate(zip(bodies, seen, strict=True)):
        if change is not None:
            values, known = change(values, known)
        result[..., person] = stacked(values, known, layout, options)
    return result


def sample(
    values: np.ndarray,
    seen: np.ndarray,
    frames: int,
    length: str,
    piece: tuple[float, float] = (0.0, 1.0),
    start: int = 0,
) -> tuple[np.ndarray, np.ndarray]:
    """One person's (T', V, C) and (T', V) as T frames.

    Args:
        values: 0 where nothing is known.
        frames: T.
        length: "replay": repeated from its first frame on until T is full; "zeros": zeros follow; of a clip
            that is too long, both take the beginning. "resize": interpolated, between two frames of which one
            does not know a joint the nearer one.
        piece: with "resize", where in the clip the first and the last frame are, 0 to 1.
        start: with "zeros", the clip's frame that becomes the first; below 0, so many zeros come before it.
    """
    if length == "resize":
        at = np.linspace(*piece, frames) * (len(values) - 1)
        left = np.minimum(at.astype(int), len(values) - 1)
        right = np.minimum(left + 1, len(values) - 1)
        weight = (at - left).astype(np.float32)[:, None, None]
        near = np.where(weight[:, 0, 0] < 0.5, left, right)
        known = (seen > 0) | values.any(-1)
        between = values[left] * (1 - weight) + values[right] * weight
        return np.where((known[left] & known[right])[..., None], between, values[near]), seen[near]
    present = np.flatnonzero(seen.any(1))
    last = present[-1] + 1 if len(present) else 0
    if length == "replay" and last:
        order = np.arange(frames) % last
        return values[order], seen[order]
    rows = start + np.arange(frames)
    inside = (rows >= 0) & (rows < last)
    out, known = np.zeros((frames, *values.shape[1:]), np.float32), np.zeros((frames, seen.shape[1]))
    out[inside], known[inside] = values[rows[inside]], seen[rows[inside]]
    return out, known.astype(np.float32)


def picked(
    count: int, frames: int, piece: tuple[float, float] = (0.0, 1.0), rng: np.random.Generator | None = None
) -> np.ndarray:
    """Which frames of a clip the length "pick" takes, as ``feeder_ucla.py`` does.

    Args:
        count: T', of the clip.
        frames: T.
        piece: where in the clip the first and the last frame are, 0 to 1.
        rng: for random frames, of which one may come several times; evenly spaced ones without.

    Returns:
        (T,) ascending indices below T'.
    """
    first, last = (round(end * (count - 1)) for end in piece)
    if rng is None:
        return np.linspace(first, last, frames).astype(int)
    return np.sort(rng.integers(first, last, frames, endpoint=True))


def _piece(
    confidence: np.ndarray, config: ClipConfig, rng: np.random.Generator | None
) -> tuple[float, float]:
    """The part of a clip that "resize" and "pick" take, of the frames in which somebody is there; 0 to 1."""
    options = config.augmentation
    share = options.test_share if rng is None else rng.uniform(options.shortest, options.longest)
    start = (1 - share) * (0.5 if rng is None else rng.random())
    present = np.flatnonzero(confidence.any((0, 2))) / max(confidence.shape[1] - 1, 1)
    first, last = (present[0], present[-1]) if len(present) else (0.0, 1.0)
    return first + start * (last - first), first + (start + share) * (last - first)


def _start(confidence: np.ndarray, config: ClipConfig, rng: np.random.Generator | None) -> int:
    """The frame from which "zeros" takes a clip; below 0, so many zeros come before it."""
    if rng is None or not config.augmentation.any_start:
        return 0
    left = int(np.flatnonzero(confidence.any((0, 2))).max(initial=-1)) + 1 - config.frames
    return int(np.sign(left) * rng.integers(abs(left) + 1))
