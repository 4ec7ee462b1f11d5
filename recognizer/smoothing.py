"""From probabilities per window to labels people can read: steady while live, segments for a whole clip."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

TIME_CONSTANT = 0.4
"""Seconds in which the smoothed probabilities follow a change by 63 %."""

HOLD = 0.4
"""Seconds for which a new label must lead before it is shown."""

MARGIN = 0.25
"""Lead in probability with which a new label is shown at once."""

RELEASE = 0.05
"""A label that is shown may fall this far below the threshold before it is dropped."""

FORGET = 2.0
"""Seconds without a window after which the smoother starts afresh."""

MIN_SEGMENT = 0.7
"""Seconds; shorter pieces of a clip's timeline join a neighbour."""


@dataclass(frozen=True)
class Steadiness:
    """How much a label is steadied; ``pose2action evaluate --stream`` measures what it costs and gains.

    Attributes:
        time_constant, hold, margin, release: videos take ``TIME_CONSTANT``, ``HOLD``, ``MARGIN`` and
            ``RELEASE``, live use those of ``LIVE``. 0 switches the averaging or the hold time off.
    """

    time_constant: float = TIME_CONSTANT
    hold: float = HOLD
    margin: float = MARGIN
    release: float = RELEASE


LIVE = Steadiness(time_constant=0.2, hold=0.2, margin=0.1)
"""For answers that also speak of the newest part of their windows (``predict_live``): they are steadier by
themselves."""


@dataclass(frozen=True)
class SmoothedLabel:
    """What to show for one person now.

    Attributes:
        label: class name, or None for "no action I know".
        score: smoothed probability of the label, or of the best class where the label is None.
        probabilities: (K,) float64, smoothed.
    """

    label: str | None
    score: float
    probabilities: np.ndarray


class LabelSmoother:
    """Steadies one person's labels over time.

    Probabilities are averaged exponentially in time (not per call, so a slow network smooths as a fast one
    does). A new label is shown once it has led for ``HOLD`` seconds or leads by ``MARGIN``; the same rule
    holds for falling under and rising above the threshold.

    Args:
        classes: K class names.
        threshold: probability under which no class is named. May be changed at any time.
        steadiness: how much it steadies.
    """

    def __init__(
        self, classes: Sequence[str], threshold: float, steadiness: Steadiness = Steadiness()
    ) -> None:
        self.classes = tuple(classes)
        self.threshold = threshold
        self._steadiness = steadiness
        self.reset()

    def reset(self) -> None:
        """Forgets everything seen."""
        self._probabilities: np.ndarray | None = None
        self._time = 0.0
        self._shown: int | None = None
        self._challenger: int | None = None
        self._challenger_since: float | None = None
        self._supported = 0.0

    def update(self, time: float, probabilities: np.ndarray) -> SmoothedLabel:
        """Takes the probabilities of the window that ends at ``time`` and says what to show.

        Args:
            time: seconds. One that runs backwards, or comes ``FORGET`` seconds after the last, starts afresh.
            probabilities: (K,).

        Raises:
            ValueError: as many probabilities as classes are needed.
        """
        probabilities = np.asarray(probabilities, np.float64)
        if probabilities.shape != (len(self.classes),):
            raise ValueError(f"expected {len(self.classes)} probabilities, got shape {probabilities.shape}")
        if self._probabilities is not None and not 0 <= time - self._time <= FORGET:
            self.reset()
        if self._probabilities is None:
            p = probabilities
            self._supported = time
        else:
            constant = self._steadiness.time_constant
            keep = np.exp(-(time - self._time) / constant) if constant > 0 else 0.0
            p = keep * self._probabilities + (1 - keep) * probabilities
        self._probabilities, self._time = p, time
        self._choose(time, p)
        if self._shown is None:
            return SmoothedLabel(None, float(p.max()), p)
        return SmoothedLabel(self.classes[self._shown], float(p[self._shown]), p)

    def _choose(self, time: float, p: np.ndarray) -> None:
        hold = self._steadiness.hold
        best = int(np.argmax(p))
        floor = self.threshold - (self._steadiness.release if best == self._shown else 0.0)
        candidate = best if p[best] >= floor else None
        if candidate == self._shown:
            self._challenger_since = None
            self._supported = time
            return
        if self._challenger_since is None or candidate != self._challenger:
            self._challenger, self._challenger_since = candidate, time
        # "No action" leads by what the others lack to the threshold.
        lead = (self.threshold if candidate is None else p[candidate]) - (
            self.threshold if self._shown is None else p[self._shown]
        )
        if lead >= self._steadiness.margin or time - self._challenger_since >= hold:
            self._show(candidate, time)
        elif time - self._supported >= 2 * hold:
            self._show(None, time)  # challengers take turns: the old label is stale and no new one is sure

    def _show(self, label: int | None, time: float) -> None:
        self._shown, self._challenger_since, self._supported = label, None, time


@dataclass(frozen=True)
class Segment:
    """A stretch of a clip with one action.

    Attributes:
        start, end: seconds.
        label: class name, or None where no action reaches the threshold.
        score: mean probability of the label (of the best class where it is None) over the stretch.
    """

    start: float
    end: float
    label: str | None
    score: float


def timeline(
    starts: np.ndarray, ends: np.ndarray, probabilities: np.ndarray, instants: np.ndarray
) -> np.ndarray:
    """Probabilities at instants of a clip, from overlapping windows.

    A window speaks for the middle half of its span, most for its centre (a Hann weight). Instants that no
    window's middle reaches (the clip's ends, gaps) take the window whose centre is nearest.

    Args:
        starts, ends: (N,) seconds, the windows' spans.
        probabilities: (N, K).
        instants: (T,) seconds, not decreasing.

    Returns:
        (T, K) float64.

    Raises:
        ValueError: no windows.
    """
    starts, ends = np.asarray(starts, np.float64), np.asarray(ends, np.float64)
    if not len(starts):
        raise ValueError("a timeline needs at least one window")
    probabilities = np.asarray(probabilities, np.float64)
    instants = np.asarray(instants, np.float64)
    order = np.argsort((starts + ends) / 2, kind="stable")
    centres = ((starts + ends) / 2)[order]
    reach = np.maximum(ends - starts, 1e-6)[order] / 4
    probabilities = probabilities[order]
    result = np.empty((len(instants), probabilities.shape[1]))
    first = np.searchsorted(centres, instants - reach.max(), side="left")
    last = np.searchsorted(centres, instants + reach.max(), side="right")
    for i, instant in enumerate(instants):
        near = slice(first[i], last[i])
        x = np.abs(centres[near] - instant) / reach[near]
        weight = np.where(x < 1, 0.5 + 0.5 * np.cos(np.pi * x), 0.0)
        total = weight.sum()
        if total > 1e-6:
            result[i] = weight @ probabilities[near] / total
        else:
            result[i] = probabilities[np.argmin(np.abs(centres - instant))]
    return result


def segments(
    edges: np.ndarray, probabilities: np.ndarray, classes: Sequence[str], threshold: float
) -> tuple[Segment, ...]:
    """Cuts a timeline into stretches of one label.

    Args:
        edges: (T + 1,) seconds; cell t lies between edges t and t + 1.
        probabilities: (T, K) at the cells' middles.
        classes: K names.
        threshold: probability under which a cell has no label; a label that runs may fall ``RELEASE`` below.

    Returns:
        Stretches in time order that together cover all cells, those without a label included. None is shorter
        than ``MIN_SEGMENT`` seconds unless it is the only one.
    """
    edges, probabilities = np.asarray(edges, np.float64), np.asarray(probabilities, np.float64)
    if not len(probabilities):
        return ()
    labels: list[int | None] = []
    for p in probabilities:
        best = int(np.argmax(p))
        floor = threshold - (RELEASE if labels and labels[-1] == best else 0.0)
        labels.append(best if p[best] >= floor else None)
    runs = _runs(labels)
    while len(runs) > 1:
        spans = [edges[b] - edges[a] for a, b, _ in runs]
        shortest = int(np.argmin(spans))
        if spans[shortest] >= MIN_SEGMENT - 1e-9:
            break
        a, b, _ = runs[shortest]
        heir = _heir(runs, shortest, probabilities[a:b], threshold)
        labels[a:b] = [heir] * (b - a)
        runs = _runs(labels)
    result = []
    for a, b, label in runs:
        piece = probabilities[a:b]
        score = piece.max(axis=1).mean() if label is None else piece[:, label].mean()
        name = None if label is None else classes[label]
        result.append(Segment(float(edges[a]), float(edges[b]), name, float(score)))
    return tuple(result)


def _runs(labels: Sequence[int | None]) -> list[tuple[int, int, int | None]]:
    """(first, past the last, label) of the stretches of equal labels."""
    cuts = [i for i in range(1, len(labels)) if labels[i] != labels[i - 1]]
    return [(a, b, labels[a]) for a, b in zip([0, *cuts], [*cuts, len(labels)], strict=True)]


def _heir(
    runs: list[tuple[int, int, int | None]], index: int, piece: np.ndarray, threshold: float
) -> int | None:
    """The neighbour's label that fits a short run best; "no label" counts as much as the threshold."""
    neighbours = [runs[i][2] for i in (index - 1, index + 1) if 0 <= i < len(runs)]
    return max(neighbours, key=lambda label: threshold if label is None else float(piece[:, label].mean()))
