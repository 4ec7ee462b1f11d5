"""Figures of weights on long streams, at several frame rates, and what threshold and smoothing do to them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import numpy as np

from pose.layouts import LAYOUTS
from recognizer.card import WeightsCard
from recognizer.data.clip import DataError
from recognizer.data.corpus import Example, load_corpus
from recognizer.data.views import slower
from recognizer.fusion import load_recognizer
from recognizer.predictor import SparseBackend, WindowRecognizer
from recognizer.smoothing import LIVE, MARGIN, Steadiness
from recognizer.training.shared.errors import ConfigError
from recognizer.training.shared.judging import as_known_to, vocabulary_of
from recognizer.training.streams.join import join
from recognizer.training.streams.measure import agreement, measure
from recognizer.training.streams.truth import LabelledStream, Shown
from recognizer.training.streams.watch import Answers, steadied, watch

FRAME_RATES = (30.0, 15.0, 10.0)
"""Frames a second of the cameras that streams are watched with."""

MOST_FALSE = 1.0
"""False labels a minute, on idle and unknown footage together, that live use may have."""

THRESHOLDS = tuple(round(float(value), 2) for value in np.arange(0.2, 0.96, 0.05))
STEADINESSES = tuple(
    Steadiness(time_constant, hold, margin)
    for time_constant, hold, margin in product((0.2, 0.4, 0.7), (0.0, 0.2, 0.4), (LIVE.margin, MARGIN))
    if hold > 0 or margin == MARGIN  # who does not hold waits for no margin either
)
"""Smoothings among which the best one is looked for, live use's among them."""


@dataclass(frozen=True)
class Setting:
    """A threshold and a smoothing, and the overall figures with them (``measure.measure``)."""

    threshold: float
    steadiness: Steadiness
    figures: dict[str, float]


@dataclass(frozen=True)
class StreamReport:
    """What weights are worth in live use.

    Attributes:
        weights: their name, or the fusion's.
        part: "val", "test" or "" for the test clips of each set and the validation clips of real cameras.
        threshold: of the card, or the chosen one; live use takes it and ``LIVE``.
        window_seconds: length of the windows.
        streams: how many there are.
        rates: frames a second -> "overall" or an action -> figure -> value, with that threshold.
        datasets: data set -> figure -> value, overall at the first rate.
        same_label: share of actions, rests and unknown actions with the same main label at all rates.
        curve: the overall figures at the first rate by threshold, with live use's smoothing.
        chosen: on "val" only, see ``choose``.
    """

    weights: str
    part: str
    threshold: float
    window_seconds: float
    streams: int
    rates: dict[float, dict[str, dict[str, float]]]
    datasets: dict[str, dict[str, float]]
    same_label: float
    curve: tuple[Setting, ...]
    chosen: Setting | None = None


def evaluate_streams(
    names: Sequence[str | Path],
    data: Path,
    part: str | None = None,
    dataset: str | None = None,
    sparse_backend: SparseBackend = "auto",
    window_seconds: float | None = None,
    choosing: bool = False,
    seed: int = 0,
) -> list[StreamReport]:
    """Evaluates weights on streams of people whom they must never have been trained on.

    Args:
        names: of weights or fusions, as ``load_recognizer`` takes them. Those of one layout and vocabulary
            watch the same streams.
        data: folder with one folder a data set.
        part: "val", "test", or the one that each data set has, see ``StreamReport``.
        dataset: only this one.
        sparse_backend: who computes SPA-Net's convolutions.
        window_seconds: length of the windows; what the weights were trained on where None.
        choosing: on "val", report with the threshold that ``choose`` takes for live use's smoothing.
        seed: of the streams.

    Raises:
        WeightsError, DataError, ConfigError, SparseError: with one sentence.
    """
    if part not in (None, "val", "test"):
        raise ConfigError(f"There are streams of the parts val and test, and of no part {part!r}.")
    recognizers = [load_recognizer(name, sparse_backend) for name in names]
    streams: dict[tuple[str, tuple[str, ...]], list[LabelledStream]] = {}
    for card in (recognizer.card for recognizer in recognizers):
        if (card.layout, card.classes) not in streams:
            streams[card.layout, card.classes] = load_streams(card, data, part, dataset, seed)
    return [
        report(each, streams[each.card.layout, each.classes], part or "", window_seconds, choosing)
        for each in recognizers
    ]


def load_streams(
    card: WeightsCard, data: Path, part: str | None = None, dataset: str | None = None, seed: int = 0
) -> list[LabelledStream]:
    """Streams of a vocabulary's data sets, each of one data set.

    Raises:
        DataError: there are no clips of that part, or a data set is missing or damaged.
        ConfigError: the weights are of no known vocabulary, or that has no such data set.
    """
    vocabulary = vocabulary_of(card, dataset)
    layout = LAYOUTS[card.layout]
    sources = [name for name in vocabulary.sources if (Path(data) / name).is_dir() and name != "rest"]
    streams = []
    # One by one, so that rests, which tell no data set, stay beside the clips that they are cut from.
    for source in [dataset] if dataset else sources or list(vocabulary.sources):
        examples = list(
            as_known_to(load_corpus(data, vocabulary, layout, [source]), vocabulary, card.classes)
        )
        streams += join(_of_part(examples, part), layout, card.classes, seed)
    if not streams:
        raise DataError(f"There are no clips of that part in {data}.")
    return streams


def report(
    recognizer: WindowRecognizer,
    streams: Sequence[LabelledStream],
    part: str = "",
    window_seconds: float | None = None,
    choosing: bool = False,
) -> StreamReport:
    """Lets a recogniser watch streams at all rates, and measures what is shown; see ``evaluate_streams``."""
    card = recognizer.card
    truths = [stream.truth for stream in streams]
    answers = {
        fps: [watch(recognizer, slower(stream.sequence, fps), seconds=window_seconds) for stream in streams]
        for fps in FRAME_RATES
    }
    steadinesses = STEADINESSES if part == "val" else (LIVE,)
    settings = sweep(streams, answers[FRAME_RATES[0]], card.classes, steadinesses=steadinesses)
    curve = tuple(setting for setting in settings if setting.steadiness == LIVE)
    best = choose(curve) if choosing and part == "val" else None
    threshold = card.threshold if best is None else best.threshold
    shown = {fps: show(each, card.classes, threshold) for fps, each in answers.items()}
    datasets = {}
    for dataset in dict.fromkeys(stream.dataset for stream in streams):
        own = [i for i, stream in enumerate(streams) if stream.dataset == dataset]
        first = shown[FRAME_RATES[0]]
        datasets[dataset] = measure([truths[i] for i in own], [first[i] for i in own])["overall"]
    return StreamReport(
        weights=card.name,
        part=part,
        threshold=threshold,
        window_seconds=window_seconds or card.window_seconds,
        streams=len(streams),
        rates={fps: measure(truths, each) for fps, each in shown.items()},
        datasets=datasets,
        same_label=agreement(truths, list(shown.values())),
        curve=curve,
        chosen=choose(settings) if part == "val" else None,
    )


def show(
    answers: Sequence[Answers],
    classes: Sequence[str],
    threshold: float,
    steadiness: Steadiness = LIVE,
) -> list[tuple[Shown, ...]]:
    """What is shown of each stream, see ``watch.steadied``."""
    return [steadied(each, classes, threshold, steadiness) for each in answers]


def sweep(
    streams: Sequence[LabelledStream],
    answers: Sequence[Answers],
    classes: Sequence[str],
    thresholds: Sequence[float] = THRESHOLDS,
    steadinesses: Sequence[Steadiness] = STEADINESSES,
) -> tuple[Setting, ...]:
    """The overall figures of all thresholds and smoothings; the network's answers are the same for all."""
    truths = [stream.truth for stream in streams]
    return tuple(
        Setting(
            threshold,
            steadiness,
            measure(truths, show(answers, classes, threshold, steadiness))["overall"],
        )
        for steadiness, threshold in product(steadinesses, thresholds)
    )


def choose(settings: Sequence[Setting], most_false: float = MOST_FALSE) -> Setting | None:
    """The setting with the least median delay among those with few false labels.

    Events that are never labelled count with an infinite delay: else the highest threshold would win, which
    names only what is evident at once. Of equals, the one that finds more is taken.

    Args:
        settings: of validation streams.
        most_false: labels a minute on idle and unknown footage together.

    Returns:
        None where no setting has so few false labels, or where each leaves half of the events without label.
    """

    def usable(figures: dict[str, float]) -> bool:
        return figures["false_labels"] <= most_false and bool(np.isfinite(figures["median_delay_of_all"]))

    def badness(setting: Setting) -> tuple[float, float]:
        figures = setting.figures
        return round(figures["median_delay_of_all"], 3), -figures["f1_at_0.5"]

    return min((setting for setting in settings if usable(setting.figures)), key=badness, default=None)


def _of_part(examples: Sequence[Example], part: str | None) -> list[Example]:
    parts = {example.part for example in examples}
    wanted = part or ("test" if "test" in parts else "val")
    return [example for example in examples if example.part == wanted]
