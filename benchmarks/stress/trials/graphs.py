"""ONNX graphs beside weights and in the cache: whatever they hold, the answers are the network's."""

from __future__ import annotations

import logging
import os
import shutil
from pathlib import Path

import numpy as np

from benchmarks.stress.inputs.graphs import put_graph
from benchmarks.stress.trials.trial import Trial
from benchmarks.stress.verdict import PROCESSED, Verdict, failed, of_error, refused
from pose.errors import UserError
from pose.layouts import LAYOUTS
from pose.skeleton import SkeletonSequence
from recognizer import weights
from recognizer.attention import AttentionMaps
from recognizer.card import WeightsCard
from recognizer.prediction import Prediction
from recognizer.predictor import Recognizer
from recognizer.runtime import keeping
from recognizer.runtime.graph import GraphError

NAMES = ("kinetics-18-lsta-daily", "kinetics-18-stf-daily", "kinetics-18-sem-daily", "ntu-25-lsta-daily-3d")
FAR = 2e-3
"""Difference of numbers that are not the network's any more, as a share of the largest."""


class Graphs(Trial):
    """Shipped weights, with one odd graph beside them or in the cache, an input."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        os.environ["XDG_CACHE_HOME"] = str(folder / "cache")
        found = {name: weights.check(name) for name in NAMES}
        self._tensors = {name: tensors for name, (tensors, _) in found.items()}
        self._cards: dict[str, WeightsCard] = {name: card for name, (_, card) in found.items()}
        self._graphs = {
            name: tensors.with_suffix(keeping.ENDING).read_bytes() for name, tensors in self._tensors.items()
        }
        self._wanted = {name: _predict(Recognizer.load(name)) for name in NAMES}
        self._told = _Told()
        keeping.log.addHandler(self._told)
        keeping.log.propagate = False
        self._name, self._can_make = NAMES[0], True
        keeping._make = self._make

    def _make(self, tensors: Path, out: Path) -> None:
        """What makes a graph in half a minute, or cannot where its packages are missing."""
        if not self._can_make:
            raise GraphError("Fast graphs need extra packages.")
        out.write_bytes(self._graphs[self._name])

    def run(self, rng: np.random.Generator, folder: Path) -> Verdict:
        self._name, self._can_make = NAMES[rng.integers(len(NAMES))], bool(rng.random() < 0.8)
        os.environ["XDG_CACHE_HOME"] = str(folder / "cache")
        copy = folder / self._tensors[self._name].name
        for source in (self._tensors[self._name], self._tensors[self._name].with_suffix(".json")):
            shutil.copy(source, folder)
        graphs = [self._graphs[self._name], *(self._graphs[name] for name in NAMES if name != self._name)]
        kept = keeping.kept_graph(self._cards[self._name])
        kept.parent.mkdir(parents=True)
        place = rng.integers(3)
        if place != 1:
            put_graph(copy.with_suffix(keeping.ENDING), graphs, rng)
        if place != 0:
            put_graph(kept, graphs, rng)
        self._told.sentences.clear()
        try:
            answer = _predict(Recognizer.load(copy))
        except UserError as error:
            return of_error(error)
        if fault := difference(answer, self._wanted[self._name]):
            return failed(f"{fault}; told was {self._told.sentences}")
        if left := list(folder.rglob("*.part")):
            return failed(f"half-written files are left: {left}")
        for sentence in self._told.sentences:
            if (verdict := refused(sentence)).failed:
                return verdict
        return refused(self._told.sentences[0]) if self._told.sentences else PROCESSED


class _Told(logging.Handler):
    """Keeps what the log tells."""

    def __init__(self) -> None:
        super().__init__()
        self.sentences: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.sentences.append(record.getMessage())


def _predict(recognizer: Recognizer) -> Prediction:
    layout = LAYOUTS[recognizer.card.layout]
    shape = (1, recognizer.frames, len(layout))
    joints = np.random.default_rng(0).normal(0, 50, (*shape, layout.coordinates)).astype(np.float32)
    times = np.linspace(0, recognizer.window_seconds, recognizer.frames)
    window = SkeletonSequence(joints, np.ones(shape, np.float32), times, layout)
    (answer,) = recognizer.predict([window], attention=True)
    return answer


def difference(found: Prediction, wanted: Prediction) -> str | None:
    """What another recogniser would tell."""
    if found.classes != wanted.classes:
        return "other classes"
    pairs = {
        "probabilities": (found.probabilities, wanted.probabilities),
        "embedding": (found.embedding, wanted.embedding),
    }
    maps, others = (_arrays(each.attention) for each in (found, wanted))
    if maps.keys() != others.keys():
        return f"what is looked at: {sorted(maps)} instead of {sorted(others)}"
    for name in maps:  # no graph tells how what is looked at has to be: a damaged one may draw something else
        if maps[name].shape != others[name].shape or not np.isfinite(maps[name]).all():
            return f"what is looked at, {name}, is {maps[name]}"
    for name, (here, there) in pairs.items():
        largest = max(1.0, float(np.abs(there).max(initial=0.0)))
        if not np.abs(here - there).max(initial=0.0) <= FAR * largest:
            return f"{name} differ by {np.abs(here - there).max():.3g}"
    return None


def _arrays(maps: AttentionMaps | None) -> dict[str, np.ndarray]:
    """The arrays of what was looked at, by name."""
    values = vars(maps) if maps is not None else {}
    found = {}
    for name, value in values.items():
        several = value if isinstance(value, (tuple, list)) else [value]
        found |= {f"{name}.{n}": each for n, each in enumerate(several) if isinstance(each, np.ndarray)}
    return found
