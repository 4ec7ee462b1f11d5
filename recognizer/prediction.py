"""What a recogniser says of one window, and its most probable labels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from recognizer.attention import AttentionMaps


@dataclass(frozen=True)
class LabelScore:
    """A label and its probability."""

    label: str
    score: float


@dataclass(frozen=True)
class Prediction:
    """What one window shows.

    Attributes:
        probabilities: (K,) float32, in the order of ``classes``. What they lack to 1 is the probability that
            it is none of them, of weights that were taught that (``WeightsCard.open_set``).
        classes: the weights' labels.
        start, end: the window's time span in seconds.
        attention: what the network looked at, if it was asked for.
        embedding: (D,) float32, what ``WindowRecognizer.embed`` gives for the window.
    """

    probabilities: np.ndarray
    classes: tuple[str, ...]
    start: float
    end: float
    attention: AttentionMaps | None = None
    embedding: np.ndarray | None = None

    def top(self, count: int = 5) -> tuple[LabelScore, ...]:
        """The most probable labels, best first."""
        return top_labels(self.probabilities, self.classes, count)


def top_labels(probabilities: np.ndarray, classes: Sequence[str], count: int = 5) -> tuple[LabelScore, ...]:
    """The ``count`` most probable of ``classes``, best first."""
    order = np.argsort(-probabilities, kind="stable")[:count]
    return tuple(LabelScore(classes[index], float(probabilities[index])) for index in order)
