"""Examples as torch data: endless random windows for training, every window of a clip for evaluation."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

import numpy as np
import torch
from torch.utils.data import IterableDataset

from pose.layouts import LAYOUTS, SkeletonLayout
from pose.skeleton import SkeletonSequence
from recognizer.data.augment.bodies import still_bodies
from recognizer.data.augment.moments import interpolated
from recognizer.data.augment.window import training_window
from recognizer.data.corpus import Example
from recognizer.data.views import project_to_kinetics18, rotation, slower
from recognizer.training.windows.config import TrainingConfig
from recognizer.vocabulary import UNKNOWN
from recognizer.windows import window_ends, window_times

FRONT_DISTANCE = 3.0
"""Metres from which 3-D test clips are seen, from the sensor's own side, in a 2-D layout."""


class RandomWindows(IterableDataset):
    """Endless batches of random windows: (B, channels, T, V, 1) float32 and (B, K + 1) bool targets.

    The last target is that a clip shows none of the labels. Each batch depends only on the seed
    and its number, so that a resumed run goes on with what an uninterrupted one would have seen.
    """

    def __init__(
        self, examples: list[Example], labels: tuple[str, ...], config: TrainingConfig, first_batch: int = 0
    ):
        self.examples, self.labels, self.config, self.first_batch = examples, labels, config, first_batch
        self.layout = LAYOUTS[config.layout]
        self.bodies = still_bodies(examples)
        weights = sampling_weights(examples, config.balance, config.shares)
        for label, factor in config.emphasis.items():
            wanted = () if label == UNKNOWN else (labels.index(label),)
            weights[[example.targets == wanted for example in examples]] *= factor
        self.weights = weights / weights.sum()

    def __iter__(self) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
        number = self.first_batch
        while True:
            yield self.batch(number)
            number += 1

    def batch(self, number: int) -> tuple[torch.Tensor, torch.Tensor]:
        """The batch of a given number."""
        config = self.config
        rng = np.random.default_rng([config.seed, number])
        chosen = rng.choice(len(self.examples), config.batch_size, p=self.weights)
        windows, targets = [], torch.zeros(len(chosen), len(self.labels) + 1, dtype=torch.bool)
        for row, index in enumerate(chosen):
            window, classes = training_window(
                self.examples[index], self.layout, self.labels, config.window_seconds, config.frames,
                config.preprocessing, config.augmentation, rng, self.bodies,
            )  # fmt: skip
            windows.append(window)
            targets[row, list(classes)] = True
            targets[row, -1] = self.examples[index].unknown
        return torch.from_numpy(np.stack(windows)).float().unsqueeze(-1), targets


def sampling_weights(examples: list[Example], balance: float, shares: Mapping[str, float]) -> np.ndarray:
    """(n,) probabilities: rare classes are drawn more often, some data sets with a given share.

    Args:
        examples: n clips.
        balance: exponent of the class frequency.
        shares: data set -> share of all draws; the other sets divide what is left.
    """
    counts = Counter(example.targets for example in examples)
    weights = np.array([counts[example.targets] ** -balance for example in examples])
    source = np.array([example.clip.dataset for example in examples])
    fixed = {name: share for name, share in shares.items() if (source == name).any()}
    others = ~np.isin(source, list(fixed))
    for name, share in fixed.items():
        chosen = source == name
        # Long clips hold more different windows than short ones.
        seconds = [min(e.clip.sequence.duration, 8.0) for e in examples if e.clip.dataset == name]
        weights[chosen] *= np.maximum(seconds, 0.1)
        weights[chosen] *= share / weights[chosen].sum()
    if others.any():
        weights[others] *= (1 - sum(fixed.values())) / weights[others].sum()
    return weights / weights.sum()


def clip_windows(
    example: Example, layout: SkeletonLayout, seconds: float, frames: int, fps: float | None = None
) -> list[SkeletonSequence]:
    """All windows of a clip as the recogniser would see them, each of one person and ``frames`` frames.

    Args:
        example: a 3-D clip is seen from the sensor's side when the layout is 2-D.
        fps: keeps only as many frames a second of the clip, as a slower camera would.
    """
    sequence = example.clip.sequence
    if fps is not None:
        sequence = slower(sequence, fps)
    windows = []
    for end in window_ends(sequence.timestamps[0], sequence.timestamps[-1], seconds):
        times = window_times(end, seconds, frames)
        joints, confidence = interpolated(sequence, times)
        if sequence.layout.coordinates > layout.coordinates:
            joints, confidence = project_to_kinetics18(joints, confidence, rotation(), FRONT_DISTANCE)
        windows.append(SkeletonSequence(joints[None], confidence[None], times, layout))
    return windows
