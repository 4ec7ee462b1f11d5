"""What many other actions look like, which ships beside weights: what an own action must not be taken for.

``NAME.bank.safetensors`` beside ``NAME.safetensors`` holds a few windows of every action that the weights
were trained on, and of people who do something else or nothing, as half-precision embeddings and numbers of
their motion (``own.motion``), from which no skeleton can be had back. It is good for the weights of one hash
and no others.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import safetensors
import safetensors.numpy

from pose.files import replacing
from pose.layouts import LAYOUTS, SkeletonLayout
from pose.skeleton import SkeletonSequence
from recognizer.card import WeightsCard
from recognizer.data.augment.moments import interpolated
from recognizer.data.corpus import Example
from recognizer.data.real_landmarks import REAL_LANDMARKS
from recognizer.data.views import project_to_kinetics18, rotate_about, rotation
from recognizer.own.motion import motion_of, motion_size
from recognizer.plain_files import read_plain
from recognizer.weights import read_card
from recognizer.windows import window_ends, window_times

UNKNOWN = -1
"""Label of what is none of the weights' classes."""

_MOST_BYTES = 64 * 2**20
_SUFFIX = ".bank.safetensors"
_AZIMUTH, _ELEVATION = 35.0, 10.0
_DISTANCE = (2.0, 5.0)  # metres


@dataclass(frozen=True)
class Bank:
    """What other actions look like.

    Attributes:
        embeddings: (N, D) float32.
        motion: (N, M) float32, see ``own.motion``; NaN of joints that were not seen.
        labels: (N,) int, of the weights' classes, or ``UNKNOWN``.
        windows: hash of the windows; banks of several networks go together where it is the same.
    """

    embeddings: np.ndarray
    motion: np.ndarray
    labels: np.ndarray
    windows: str

    def __len__(self) -> int:
        return len(self.labels)


@dataclass(frozen=True)
class BankWindows:
    """The windows that a bank is made of, and their labels."""

    windows: tuple[SkeletonSequence, ...]
    labels: np.ndarray

    @property
    def hash(self) -> str:
        """Of all their numbers."""
        digest = hashlib.sha256()
        for window in self.windows:
            digest.update(window.joints.tobytes() + window.confidence.tobytes())
        return digest.hexdigest()


def choose_windows(
    examples: Sequence[Example],
    layout: SkeletonLayout,
    card: WeightsCard,
    per_label: int = 12,
    unknown: int = 300,
    seed: int = 0,
) -> BankWindows:
    """Windows for a bank: a few of each label, clips of real cameras first, and many of nothing known.

    Args:
        examples: of the training part.
        layout: of the windows; 3-D clips are seen from somewhere before the person, in 2-D.
        card: of the weights.
        per_label: windows of each label.
        unknown: windows of none of them.
        seed: the same one chooses the same.
    """
    rng = np.random.default_rng(seed)
    by_label: dict[int, list[Example]] = defaultdict(list)
    for example in examples:
        by_label[UNKNOWN if example.unknown else example.targets[0]].append(example)
    windows, labels = [], []
    for label in sorted(by_label):
        clips = by_label[label]
        order = rng.permutation(len(clips))
        real = [int(i) for i in order if clips[i].clip.dataset in REAL_LANDMARKS]
        lab = [int(i) for i in order if clips[i].clip.dataset not in REAL_LANDMARKS]
        count = unknown if label == UNKNOWN else per_label
        chosen = (real[: count // 2] + lab + real[count // 2 :])[:count]
        for index in chosen:
            windows.append(_window(clips[index], layout, card, rng))
            labels.append(label)
    return BankWindows(tuple(windows), np.array(labels, np.int16))


def bank_from(embeddings: np.ndarray, chosen: BankWindows) -> Bank:
    """The bank of chosen windows and their (N, D) embeddings."""
    return Bank(embeddings, motion_of(chosen.windows), chosen.labels, chosen.hash)


def save_bank(name: str | Path, bank: Bank, data: str) -> Path:
    """Writes the bank of some weights beside them.

    Args:
        name: of the weights, as ``weights.load`` takes it.
        bank: made with them.
        data: which data its windows are of.

    Raises:
        WeightsError: no such weights.
        OSError: it cannot be written.
    """
    card_path, card = read_card(name)
    tensors = {
        "embeddings": bank.embeddings.astype(np.float16),
        "motion": bank.motion.astype(np.float16),
        "labels": bank.labels.astype(np.int16),
    }
    about = {"weights": card.sha256, "windows": bank.windows, "data": data, "licence": card.licence}
    path = card_path.with_suffix(_SUFFIX)
    with replacing(path) as temporary:
        temporary.write_bytes(safetensors.numpy.save(tensors, about))
    return path


def load_bank(name: str | Path) -> Bank | None:
    """The bank of some weights; None where there is none, or only a damaged one or one of other weights.

    Raises:
        WeightsError: no such weights.
    """
    card_path, card = read_card(name)
    path = card_path.with_suffix(_SUFFIX)
    try:
        data = read_plain(path, _MOST_BYTES)
        tensors = safetensors.numpy.load(data)
        with safetensors.safe_open(path, "np") as file:
            about = file.metadata() or {}
        embeddings, motion, labels = tensors["embeddings"], tensors["motion"], tensors["labels"]
    except (OSError, KeyError, safetensors.SafetensorError):
        return None
    fits = embeddings.ndim == motion.ndim == 2 and len(embeddings) == len(motion) and len(labels)
    if not fits or labels.shape != embeddings.shape[:1] or about.get("weights") != card.sha256:
        return None
    if motion.shape[1] != motion_size(LAYOUTS[card.layout]):  # of an older version
        return None
    if not np.isfinite(embeddings).all() or np.isinf(motion).any():
        return None
    return Bank(
        embeddings.astype(np.float32),
        motion.astype(np.float32),
        labels.astype(np.int64),
        about.get("windows", ""),
    )


def joined(banks: Sequence[Bank | None]) -> Bank | None:
    """The bank of a fusion, whose embeddings lie side by side; None unless all are of the same windows."""
    first = banks[0]
    if first is None or any(each is None or each.windows != first.windows for each in banks):
        return None
    embeddings = np.concatenate([each.embeddings for each in banks if each is not None], 1)
    return Bank(embeddings, first.motion, first.labels, first.windows)


def _window(
    example: Example, layout: SkeletonLayout, card: WeightsCard, rng: np.random.Generator
) -> SkeletonSequence:
    sequence = example.clip.sequence
    ends = window_ends(sequence.timestamps[0], sequence.timestamps[-1], card.window_seconds)
    times = window_times(float(rng.choice(ends)), card.window_seconds, card.frames)
    joints, confidence = interpolated(sequence, times)
    view = rotation(np.radians(_AZIMUTH) * rng.uniform(-1, 1), np.radians(_ELEVATION) * rng.uniform(-0.5, 1))
    if sequence.layout.coordinates > layout.coordinates:
        joints, confidence = project_to_kinetics18(joints, confidence, view, rng.uniform(*_DISTANCE))
    elif layout.coordinates == 3:
        joints = rotate_about(joints, view, joints[:, [layout.root]].mean(0))
    return SkeletonSequence(joints[None], confidence[None], times, layout)
