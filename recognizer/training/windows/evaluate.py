"""Clip-level results of weights on test and validation clips."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pose.layouts import LAYOUTS
from recognizer.data.corpus import Example, load_corpus
from recognizer.data.real_landmarks import REAL_LANDMARKS
from recognizer.fusion import load_recognizer
from recognizer.predictor import SparseBackend, WindowRecognizer
from recognizer.training.shared.judging import as_known_to, vocabulary_of
from recognizer.training.windows.dataset import clip_windows

FRAME_RATES = (30.0, 15.0, 10.0)
"""Frames a second at which the same clip should get the same label."""


@dataclass(frozen=True)
class ClipResult:
    """A clip's mean probabilities over its windows.

    Attributes:
        example: the clip and the classes that count as right.
        probabilities: (K,) float32.
    """

    example: Example
    probabilities: np.ndarray

    @property
    def score(self) -> float:
        """Probability of the best class."""
        return float(self.probabilities.max())

    def right(self, k: int = 1) -> bool:
        """Whether a right class is among the k best."""
        return bool(set(np.argsort(-self.probabilities)[:k].tolist()) & set(self.example.targets))


def evaluate(
    name: str | Path,
    data: Path,
    dataset: str | None = None,
    part: str | None = None,
    frame_rates: bool = False,
    sparse_backend: SparseBackend = "auto",
) -> dict[str, dict[str, float]]:
    """Evaluates weights on the clips that they must never have been trained on.

    Args:
        name: of weights or a fusion, as ``load_recognizer`` takes it.
        data: folder with one folder a data set.
        dataset: only this one; by default every set with a part to report.
        part: "test" or "val"; by default the test clips of each set and the validation clips of real cameras.
        frame_rates: also report the share of clips with the same label at 30, 15 and 10 fps.
        sparse_backend: who computes SPA-Net's convolutions.

    Returns:
        Data set -> figure -> value; shares in [0, 1].

    Raises:
        WeightsError, DataError, ConfigError, SparseError: with one sentence.
    """
    recognizer = load_recognizer(name, sparse_backend)
    card = recognizer.card
    vocabulary = vocabulary_of(card, dataset)
    chosen = defaultdict(list)
    examples = load_corpus(data, vocabulary, LAYOUTS[card.layout], [dataset] if dataset else None)
    for example in as_known_to(examples, vocabulary, card.classes):
        source = example.clip.dataset
        if source != "rest" and example.part == (part or ("val" if source in REAL_LANDMARKS else "test")):
            chosen[source].append(example)
    report = {}
    for source, judged in chosen.items():
        results = [classify(recognizer, example) for example in judged]
        report[source] = summary(results, card.threshold)
        if frame_rates:
            report[source]["same_label_at_30_15_10_fps"] = _agreement(recognizer, judged)
    return report


def classify(recognizer: WindowRecognizer, example: Example, fps: float | None = None) -> ClipResult:
    """Mean of the scores over all windows of a clip, which is thinned out to ``fps`` first if given."""
    windows = clip_windows(example, recognizer.layout, recognizer.window_seconds, recognizer.frames, fps)
    predictions = recognizer.predict(windows)
    return ClipResult(example, np.mean([each.probabilities for each in predictions], axis=0))


def summary(results: list[ClipResult], threshold: float) -> dict[str, float]:
    """Figures of one data set. Clips of no known action count only as ``unknown_rejected``."""
    known = [result for result in results if not result.example.unknown]
    unknown = [result for result in results if result.example.unknown]
    sure = [result for result in known if result.score >= threshold]
    figures: dict[str, float] = {
        "clips": len(known),
    }
    if known:
        figures["top1"] = _share([result.right(1) for result in known])
        figures["top5"] = _share([result.right(5) for result in known])
        figures["unsure"] = 1 - len(sure) / len(known)
    if sure:
        figures["top1_where_sure"] = _share([result.right(1) for result in sure])
    upper = [result.right(1) for result in known if result.example.clip.body == "upper"]
    if upper:
        figures["upper_body_clips"] = len(upper)
        figures["top1_upper_body"] = _share(upper)
    if unknown:
        figures["unknown_clips"] = len(unknown)
        # Of some, such as somebody who sways before the camera, "idle" is as fair an answer.
        figures["unknown_rejected"] = _share(
            [result.score < threshold or result.right() for result in unknown]
        )
    return {name: round(float(value), 4) for name, value in figures.items()}


def choose_threshold(results: list[ClipResult], wanted: float, refused: float) -> float:
    """The lowest threshold at which the recogniser is right often enough wherever it is sure.

    Args:
        results: validation clips.
        wanted: share of right ones among the clips of known actions that reach it.
        refused: share of the clips of unknown actions, if there are any, that do not reach it.

    Returns:
        One of 0.2, 0.22 .. 0.9; 0.9 if none is enough.
    """
    for threshold in np.arange(0.2, 0.9, 0.02):
        figures = summary(results, float(threshold))
        enough = figures.get("top1_where_sure", 0.0) >= wanted
        if enough and figures.get("unknown_rejected", 1.0) >= refused:
            return round(float(threshold), 2)
    return 0.9


def _agreement(recognizer: WindowRecognizer, examples: list[Example]) -> float:
    same = []
    for example in examples:
        labels = {int(classify(recognizer, example, fps).probabilities.argmax()) for fps in FRAME_RATES}
        same.append(len(labels) == 1)
    return round(_share(same), 4)


def _share(values: list[bool]) -> float:
    """Of at least one value."""
    return float(np.mean(values))
