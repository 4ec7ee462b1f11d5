"""The data sets of a vocabulary, read, cleaned and put together for training and evaluation."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np

from pose.layouts import SkeletonLayout
from pose.skeleton import SkeletonSequence
from recognizer.data.clip import Clip, DataError
from recognizer.data.jhmdb import read_jhmdb
from recognizer.data.kinder_gator import read_kinder_gator
from recognizer.data.msr_action3d import read_msr_action3d
from recognizer.data.nw_ucla import read_nw_ucla
from recognizer.data.penn_action import read_penn_action
from recognizer.data.real_landmarks import REAL_LANDMARKS, read_real_landmarks
from recognizer.data.rests import acting, rests
from recognizer.data.sbu import read_sbu
from recognizer.data.utd_mhad import read_utd_mhad
from recognizer.data.utkinect import read_utkinect
from recognizer.vocabulary import Vocabulary

READERS: dict[str, Callable[..., Iterator[Clip]]] = {
    "utd_mhad": read_utd_mhad,
    "nw_ucla": read_nw_ucla,
    "penn_action": read_penn_action,
    "msr_action3d": read_msr_action3d,
    "utkinect": read_utkinect,
    "jhmdb": read_jhmdb,
    "kinder_gator": read_kinder_gator,
    "sbu": read_sbu,
    **{name: partial(read_real_landmarks, dataset=name) for name in REAL_LANDMARKS},
}
"""From the folder of a data set to its clips; those of ``REAL_LANDMARKS`` come in a ``layout``."""

# Of these sets no result is reported, so that their test parts may serve as training data too: they are small
# and every further body counts.
TRAINED_WHOLE = frozenset({"msr_action3d", "utkinect", "jhmdb", "sbu"})

# Of the sets that have no validation part of their own: the person whose training clips are it.
_VALIDATION_PERSON = {"utd_mhad": "s07", "nw_ucla": "s10", "msr_action3d": "s10", "utkinect": "s10"}

# Recordings in which people wait, act, and wait again.
_WITH_WAITING = frozenset({"kinder_gator"})

_LONGEST = 30.0  # seconds; a longer clip of one short action is a fault of the recording
_SEEN = 0.2  # confidence of a joint that is in the picture

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Example:
    """A clip with its place in a vocabulary.

    Attributes:
        clip: gaps of up to ``MAX_GAP`` filled, so that frames can be interpolated without looking at them.
        targets: class indices that count as right; () for a clip of no known action.
        part: "train", "val" (carved out of the training split, for selection) or "test".
        unknown: that it shows none of the labels is right, too, or the only right answer.
    """

    clip: Clip
    targets: tuple[int, ...]
    part: str
    unknown: bool = False


def load_corpus(
    root: Path, vocabulary: Vocabulary, layout: SkeletonLayout, datasets: Collection[str] | None = None
) -> list[Example]:
    """Reads the data sets of the vocabulary (or only the named ones) under ``root``, one folder a set.

    Sets that are not there are named in the log and left out. 3-D clips stay 3-D here, also for a 2-D layout:
    they are projected anew at every use (``data.views``).

    Raises:
        DataError: no data set is there, or one is damaged.
    """
    wanted = [
        name for name in vocabulary.sources if name != "rest" and (datasets is None or name in datasets)
    ]
    found = [name for name in wanted if (Path(root) / name).is_dir()]
    if not found:
        raise DataError(
            f"{root} holds none of the data sets of the vocabulary {vocabulary.name!r}: {', '.join(wanted)}."
        )
    if len(found) < len(wanted):
        missing = ", ".join(name for name in wanted if name not in found)
        log.warning("%s has no %s: going on with %s.", root, missing, ", ".join(found))
    examples: list[Example] = []
    for name in found:
        of_layout = {"layout": layout} if name in REAL_LANDMARKS else {}
        examples += _examples(READERS[name](Path(root) / name, **of_layout), vocabulary, layout)
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
        filled = replace(clip, sequence=sequence.resample(sequence.timestamps))
        part = _part(clip)
        for rest in rests(filled) if "rest" in vocabulary.sources else ():
            yield Example(rest, vocabulary.targets("rest", "idle") or (), part)
        unknown = not targets
        if clip.dataset in _WITH_WAITING:
            filled = replace(filled, sequence=acting(filled.sequence))
        elif unknown and clip.dataset in REAL_LANDMARKS and not _shows_a_hand(sequence):
            # Of somebody who sways without a hand in the picture, "idle" is as fair an answer.
            targets = vocabulary.targets("rest", "idle") or ()
        yield Example(filled, targets, part, unknown)


def usable(sequence: SkeletonSequence) -> bool:
    """Whether a clip shows a body at all: not absurdly long, and not collapsed to a point."""
    seen = sequence.confidence[0] > 0
    if sequence.duration > _LONGEST or not seen.any():
        return False
    points = sequence.joints[0][seen]
    return bool(np.ptp(points, axis=0).max() > 1e-3)


def _shows_a_hand(sequence: SkeletonSequence) -> bool:
    """Whether a wrist is seen in more than a tenth of the frames."""
    wrists = [sequence.layout.index(f"{side}_wrist") for side in ("left", "right")]
    return bool((sequence.confidence[0][:, wrists] >= _SEEN).any(1).mean() > 0.1)


def _part(clip: Clip) -> str:
    if clip.split == "val" or (clip.split == "test" and clip.dataset not in TRAINED_WHOLE):
        return clip.split
    if clip.dataset == "penn_action":
        # Tens together: clips of neighbouring numbers are often cut from one video.
        return "val" if int(clip.name) // 10 % 12 == 0 else "train"
    return "val" if clip.subject and clip.subject == _VALIDATION_PERSON.get(clip.dataset) else "train"
