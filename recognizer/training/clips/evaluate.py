"""Results of weights on the test part of a prepared data set, each alone and fused."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from pydantic import ValidationError
from scipy.stats import binomtest
from torch.utils.data import DataLoader

from recognizer import weights
from recognizer.card import WeightsCard, WeightsError
from recognizer.data.prepared import TEST, PreparedClips
from recognizer.training.clips.config import ClipConfig
from recognizer.training.clips.dataset import ClipDataset, EpochSampler
from recognizer.training.shared.errors import ConfigError
from recognizer.training.shared.workers import told_first_hand

FUSED = "fused"
BINS = 15
_BATCH = 32


@dataclass(frozen=True)
class ClipReport:
    """How good scores are.

    Attributes:
        clips: their number n.
        top1, top5: shares of right ones.
        interval: Wilson's 95 % confidence interval of top-1.
        calibration_error: how far scores are from the share of right ones, see ``calibration_error``.
        per_class: share of right ones by class, of the classes that occur.
        confusion: (K, K) clips by true class (row) and best class (column).
    """

    clips: int
    top1: float
    top5: float
    interval: tuple[float, float]
    calibration_error: float
    per_class: dict[str, float]
    confusion: np.ndarray


def clip_config(card: WeightsCard) -> ClipConfig | None:
    """The configuration of a training on prepared clips; None of any other training."""
    try:
        return ClipConfig.model_validate(card.training["config"])
    except (KeyError, ValidationError):
        return None


def evaluate_clips(names: Sequence[str | Path], data: Path, fuse: bool = False) -> dict[str, ClipReport]:
    """Evaluates weights on the test part of the protocol that they were trained with.

    Args:
        names: of weights; all of one data set, protocol and task.
        data: the prepared data set.
        fuse: also evaluate the sum of all scores.

    Returns:
        Report by weights' name, and that of ``FUSED``.

    Raises:
        WeightsError, ConfigError, DataError: with one sentence.
    """
    clips = PreparedClips(data)
    reports: dict[str, ClipReport] = {}
    of_all, labels, first = [], np.empty(0), None
    for name in names:
        network, card = weights.load(name)
        config = clip_config(card)
        if config is None:
            raise ConfigError(f"{card.name} was not trained on a prepared data set; evaluate it by itself.")
        if card.name in reports:
            raise ConfigError(
                f"Two of the weights are called {card.name}: train with name=... to tell them apart."
            )
        about = (config.dataset, config.protocol, config.task)
        if config.dataset != clips.info.dataset:
            raise ConfigError(
                f"{data} holds {clips.info.dataset}, and {card.name} is about {config.dataset}."
            )
        if about != (first := first or about):
            raise ConfigError(f"{card.name} is about {'/'.join(about)}, and not about {'/'.join(first)}.")
        _check(card, config, clips)
        scores, labels = score_clips(network, clips, config)
        if not np.isfinite(scores).all():
            raise WeightsError(f"The weights {card.name} give no numbers: train them again.")
        of_all.append(scores)
        reports[card.name] = report(scores, labels, card.classes)
        classes = card.classes
    if fuse:
        reports[FUSED] = report(np.mean(of_all, axis=0), labels, classes)
    return reports


def _check(card: WeightsCard, config: ClipConfig, clips: PreparedClips) -> None:
    """ConfigError where a card contradicts what it says of its training, or the data set is another one."""
    seen = (card.frames, card.persons, card.preprocessing)
    if seen != (config.frames, config.persons, config.preprocessing):
        raise ConfigError(
            f"The card of {card.name} contradicts itself: it was trained with other frames, persons or "
            "preprocessing than it names."
        )
    classes = len(clips.info.tasks.get(config.task, ()))
    if (clips.layout.name, classes) != (card.layout, len(card.classes)):
        raise ConfigError(
            f"{clips.folder} has another skeleton or other classes than {card.name} was trained on."
        )
    if not len(clips.part(config.protocol, TEST)):
        raise ConfigError(f"{clips.folder} holds no test clips of the protocol {config.protocol}.")


def score_clips(
    network: torch.nn.Module, clips: PreparedClips, config: ClipConfig
) -> tuple[np.ndarray, np.ndarray]:
    """(n, K) softmax scores and (n,) classes of the test clips."""
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    network = network.eval().to(device)
    dataset = ClipDataset(clips, clips.part(config.protocol, TEST), config, train=False)
    loader = DataLoader(
        dataset, _BATCH, sampler=EpochSampler(len(dataset), 0, shuffle=False), num_workers=config.workers
    )
    with torch.inference_mode(), told_first_hand():
        scores = [network(x.to(device)).float().softmax(1).cpu().numpy() for x, _ in loader]
    return np.concatenate(scores), dataset.labels[dataset.indices]


def report(scores: np.ndarray, labels: np.ndarray, classes: Sequence[str]) -> ClipReport:
    """Figures of (n, K) scores and (n,) classes."""
    order = np.argsort(-scores, 1, kind="stable")
    right = order[:, 0] == labels
    confusion = np.zeros((len(classes), len(classes)), np.int64)
    np.add.at(confusion, (labels, order[:, 0]), 1)
    present = np.flatnonzero(confusion.sum(1))
    return ClipReport(
        clips=len(labels),
        top1=float(right.mean()),
        top5=float((order[:, :5] == labels[:, None]).any(1).mean()),
        interval=wilson(int(right.sum()), len(right)),
        calibration_error=calibration_error(scores.max(1), right),
        per_class={classes[k]: float(confusion[k, k] / confusion[k].sum()) for k in present},
        confusion=confusion,
    )


def wilson(right: int, total: int) -> tuple[float, float]:
    """95 % confidence interval of a share (Wilson 1927)."""
    interval = binomtest(right, total).proportion_ci(0.95, "wilson")
    return float(interval.low), float(interval.high)


def calibration_error(scores: np.ndarray, right: np.ndarray) -> float:
    """Expected calibration error (Guo et al. 2017) over 15 bins of the best class's score."""
    bins = np.minimum((scores * BINS).astype(int), BINS - 1)
    gaps = [
        (bins == each).sum() * abs(scores[bins == each].mean() - right[bins == each].mean())
        for each in np.unique(bins)
    ]
    return float(np.sum(gaps) / len(scores))
