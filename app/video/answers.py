"""The windows' answers of a whole video: labels to show meanwhile, and what each person did in the end."""

from __future__ import annotations

from collections.abc import Container, Sequence

import numpy as np

from app.video.presence import Presence, Visit, Window
from app.video.results import PersonResult, WindowResult
from recognizer.motions import MOTIONS
from recognizer.prediction import top_labels
from recognizer.smoothing import LabelSmoother, Segment, SmoothedLabel, segments, timeline

CELL = 0.1
"""Seconds to which the starts and ends of segments are found."""

GLIMPSE = 0.5
"""Seconds; a shorter visit tells nothing about a person who was there longer at another time."""

PASSER_BY = 1.0
"""Seconds; who was seen for less, and for less than a fifth of the longest time anyone was, is left out."""

_AT_ONCE = 16
"""People whose labels are steadied at once where nothing is kept."""


class Answers:
    """Collects probabilities per person. Grows by one row of K numbers a window, nothing else.

    Args:
        classes: K class names.
        threshold: probability under which no action is named.
        keep: False keeps nothing but the labels to show now; there are no results then.
        repeating: labels whose repetitions are counted.
    """

    def __init__(
        self,
        classes: Sequence[str],
        threshold: float,
        keep: bool = True,
        repeating: Container[str] = MOTIONS,
    ) -> None:
        self._repeating = repeating
        self.shown: dict[int, SmoothedLabel] = {}
        self._classes, self._threshold, self._keep = tuple(classes), threshold, keep
        self._smoothers: dict[int, LabelSmoother] = {}
        self._counted: dict[int, list[tuple[int, float, float, np.ndarray]]] = {}

    def add(self, window: Window, probabilities: np.ndarray) -> SmoothedLabel:
        """Takes one window's answer; windows of a person come in time order. Gives the label to show now."""
        if window.person not in self._smoothers:
            self._smoothers[window.person] = LabelSmoother(self._classes, self._threshold)
            if not self._keep and len(self._smoothers) > _AT_ONCE:
                del self._smoothers[min(self._smoothers)]  # numbers grow: whoever came first
        if self._keep and not window.preview:
            row = (window.visit, window.start, window.end, np.asarray(probabilities, np.float32))
            self._counted.setdefault(window.person, []).append(row)
        self.shown[window.person] = self._smoothers[window.person].update(window.end, probabilities)
        return self.shown[window.person]

    def persons(self, people: Sequence[Presence]) -> tuple[PersonResult, ...]:
        """What each person did, longest seen first; people who were only glimpsed are left out."""
        longest = max((presence.seen for presence in people), default=0.0)
        least = min(PASSER_BY, longest / 5)
        results = []
        for presence in sorted(people, key=lambda presence: (-round(presence.seen, 1), presence.person)):
            if presence.seen >= least and presence.person in self._counted:
                results.append(self._person(presence))
        return tuple(results)

    def _person(self, presence: Presence) -> PersonResult:
        spans = [visit.end - visit.start for visit in presence.visits]
        telling = {i for i, span in enumerate(spans) if span >= min(GLIMPSE, max(spans))}
        rows = [row for row in self._counted[presence.person] if row[0] in telling]
        if not rows:  # the recogniser saw nothing in the longer visits
            rows = self._counted[presence.person]
        mean = np.mean([row[3] for row in rows], axis=0, dtype=np.float64)
        summary = top_labels(mean, self._classes, 5)
        found: list[Segment] = []
        for number, visit in enumerate(presence.visits):
            found += self._segments(visit, [row for row in rows if row[0] == number])
        windows = tuple(WindowResult(row[2], top_labels(row[3], self._classes, 5)) for row in rows)
        unsure = summary[0].score < self._threshold
        counts = presence.movements.count(found, self._repeating) if presence.movements is not None else ()
        return PersonResult(presence.person, summary, unsure, tuple(found), windows, counts)

    def _segments(self, visit: Visit, rows: list[tuple[int, float, float, np.ndarray]]) -> list[Segment]:
        if not rows:
            return []
        cells = max(1, round((visit.end - visit.start) / CELL))
        edges = np.linspace(visit.start, visit.end, cells + 1)
        starts, ends, probabilities = (np.array([row[i] for row in rows]) for i in (1, 2, 3))
        smooth = timeline(starts, ends, probabilities, (edges[:-1] + edges[1:]) / 2)
        return [s for s in segments(edges, smooth, self._classes, self._threshold) if s.label is not None]
