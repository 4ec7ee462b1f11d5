"""The data sets of a vocabulary, read, cleaned and put together for training and evaluation."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from pose.layouts import KINETICS_18, SkeletonLayout
from pose.skeleton import SkeletonSequence
from recognizer.data.clip import Clip, DataError
from recognizer.data.jhmdb import read_jhmdb
from recognizer.data.msr_action3d import read_msr_action3d
from recognizer.data.nw_ucla import read_nw_ucla
from recognizer.data.penn_action import read_penn_action
from recognizer.data.real_landmarks import read_real_landmarks
from recognizer.data.utd_mhad import read_utd_mhad
from recognizer.data.utkinect import read_utkinect
from recognizer.vocabulary import Vocabulary

READERS: dict[str, Callable[[Path], Iterator[Clip]]] = {
    "utd_mhad": read_utd_mhad,
    "nw_ucla": read_nw_ucla,
    "penn_action": read_penn_action,
    "msr_action3d": read_msr_action3d,
    "utkinect": read_utkinect,
    "jhmdb": read_jhmdb,
    "real_landmarks": partial(read_real_landmarks, layout=KINETICS_18),
}

# Of these sets no result is reported, so that their test parts may serve as training data too: they are small
# and every further body counts.
TRAINED_WHOLE = frozenset({"msr_action3d", "utkinect", "jhmdb"})

_LONGEST = 30.0  # seconds; a longer clip of one short action is a fault of the recording
_REST_SECONDS = 0.35
_LONG_REST = 8.0  # seconds to which such a moment is stretched, there and back
# Where people are at rest at an end of a clip; the sitting ones sit.
_RESTS = {
    ("utd_mhad", ""): ("start", "end"),
    ("nw_ucla", "sit_down"): ("end",),
    ("nw_ucla", "stand_up"): ("start", "end"),
    ("utkinect", "sit_down"): ("end",),
    ("utkinect", "stand_up"): ("start", "end"),
}
_REST_MOTION = 0.25  # metres a second: hands that move faster are not at rest
_VALIDATION_PERCENT = 8


@dataclass(frozen=True)
class Example:
    """A clip with its place in a vocabulary.

    Attributes:
        clip: gaps of up to ``MAX_GAP`` filled, so that frames can be interpolated without looking at them.
        targets: class indices that count as right; () for a clip of no known action.
        part: "train", "val" (carved out of the training split, for selection) or "test".
    """

    clip: Clip
    targets: tuple[int, ...]
    part: str


def load_corpus(
    root: Path, vocabulary: Vocabulary, layout: SkeletonLayout, datasets: Collection[str] | None = None
) -> list[Example]:
    """Reads every data set of the vocabulary (or only the named ones) under ``root``, one folder a set.

    3-D clips stay 3-D here, also for a 2-D layout: they are projected anew at every use (``data.views``).

    Raises:
        DataError: a data set is missing or damaged.
    """
    examples: list[Example] = []
    for dataset in vocabulary.sources:
        if dataset == "rest" or (datasets is not None and dataset not in datasets):
            continue
        folder = Path(root) / dataset
        if not folder.is_dir():
            raise DataError(
                f"{folder} does not exist: the vocabulary {vocabulary.name!r} needs this data set there."
            )
        examples += _examples(READERS[dataset](folder), vocabulary, layout)
    return examples


def _examples(clips: Iterable[Clip], vocabulary: Vocabulary, layout: SkeletonLayout) -> Iterator[Example]:
    for clip in clips:
        targets = vocabulary.targets(clip.dataset, clip.action)
        sequence = clip.sequence
        if targets is None or not usable(sequence):
            continue
        if sequence.layout is not layout and not sequence.layout.coordinates > layout.coordinates:
            raise DataError(
                f"{clip.dataset}/{clip.name} is {sequence.layout.name} and cannot become {layout.name}."
            )
        filled = _with_sequence(clip, sequence.resample(sequence.timestamps))
        part = _part(clip)
        yield Example(filled, targets, part)
        for rest in _rests(filled) if "rest" in vocabulary.sources else ():
            yield Example(rest, vocabulary.targets("rest", "idle") or (), part)


def usable(sequence: SkeletonSequence) -> bool:
    """Whether a clip shows a body at all: not absurdly long, and not collapsed to a point."""
    seen = sequence.confidence[0] > 0
    if sequence.duration > _LONGEST or not seen.any():
        return False
    points = sequence.joints[0][seen]
    return bool(np.ptp(points, axis=0).max() > 1e-3)


def _part(clip: Clip) -> str:
    if clip.split == "val" or (clip.split == "test" and clip.dataset not in TRAINED_WHOLE):
        return clip.split
    if clip.dataset == "real_landmarks":
        return "train"  # has a validation split of its own
    # A hash of the name: the same clips in every run, on every machine, whatever is read beside them.
    return (
        "val" if zlib.crc32(f"{clip.dataset}/{clip.name}".encode()) % 100 < _VALIDATION_PERCENT else "train"
    )


def _rests(clip: Clip) -> Iterator[Clip]:
    """People who stand or sit still: the moments before and after an action."""
    for end in _RESTS.get((clip.dataset, clip.action), _RESTS.get((clip.dataset, ""), ())):
        rest = _rest(clip, end)
        if rest is not None:
            yield rest


def _rest(clip: Clip, end: str) -> Clip | None:
    sequence = clip.sequence
    times = sequence.timestamps - sequence.timestamps[0]
    chosen = np.flatnonzero(times <= _REST_SECONDS if end == "start" else times >= times[-1] - _REST_SECONDS)
    if len(chosen) < 4:
        return None
    joints = sequence.joints[0, chosen]
    hands = joints[:, [sequence.layout.index(f"{side}_wrist") for side in ("left", "right")]]
    speed = np.linalg.norm(hands[-1] - hands[0], axis=-1).max() / float(np.ptp(times[chosen]))
    if speed > _REST_MOTION:
        return None
    there_and_back = np.concatenate([chosen, chosen[-2:0:-1]])
    order = np.tile(there_and_back, int(np.ceil(_LONG_REST * 30 / len(there_and_back))))
    times = np.arange(len(order)) / 30.0
    still = SkeletonSequence(sequence.joints[:, order], sequence.confidence[:, order], times, sequence.layout)
    return Clip(f"{clip.name}_rest_{end}", "rest", "idle", clip.subject, clip.split, still, clip.view)


def _with_sequence(clip: Clip, sequence: SkeletonSequence) -> Clip:
    return Clip(
        clip.name, clip.dataset, clip.action, clip.subject, clip.split, sequence, clip.view, clip.body
    )
