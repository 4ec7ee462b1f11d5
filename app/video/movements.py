"""How each person of a video moved, kept so that the repetitions of an action can be counted."""

from __future__ import annotations

from collections.abc import Container, Sequence

import numpy as np

from pose.layouts import SkeletonLayout
from recognizer.counting import RATE, Repetitions, count_repetitions
from recognizer.motions import MOTIONS
from recognizer.smoothing import Segment

_BLOCK = 1024
"""Poses that are put together: single small arrays would need twice the memory."""

_MARGIN = 0.5
"""Seconds before and after a segment that are looked at with it: it is as sharp as the windows are."""


class Movements:
    """The joints of one person, ``RATE`` times a second: 4 kB a second in 2-D, 8 kB in 3-D.

    Args:
        layout: of the joints.
    """

    def __init__(self, layout: SkeletonLayout) -> None:
        self._layout = layout
        self._blocks: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = []
        self._newest: list[tuple[float, np.ndarray, np.ndarray]] = []
        self._last = -np.inf

    def add(self, time: float, joints: np.ndarray, confidence: np.ndarray) -> None:
        """Takes (V, C) joints and (V,) confidences of one frame; frames come in time order."""
        if time - self._last < 1 / RATE - 0.005:
            return
        self._last = time
        self._newest.append((time, np.asarray(joints, np.float32), np.asarray(confidence, np.float32)))
        if len(self._newest) == _BLOCK:
            self._blocks.append(_together(self._newest))
            self._newest = []

    def count(
        self, segments: Sequence[Segment], repeating: Container[str] = MOTIONS
    ) -> tuple[Repetitions | None, ...]:
        """The repetitions in each segment of a timeline; None in those whose action is none that is counted.

        Args:
            segments: in time order.
            repeating: labels that are counted.
        """
        result: list[Repetitions | None] = []
        for index, segment in enumerate(segments):
            if segment.label is None or segment.label not in repeating:
                result.append(None)
                continue
            start, end = segment.start - _MARGIN, segment.end + _MARGIN
            if index > 0:
                start = max(start, (segments[index - 1].end + segment.start) / 2)
            if index + 1 < len(segments):
                end = min(end, (segment.end + segments[index + 1].start) / 2)
            result.append(count_repetitions(*self._between(start, end), self._layout, segment.label))
        return tuple(result)

    def _between(self, start: float, end: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        blocks = [block for block in self._blocks if block[0][-1] >= start and block[0][0] <= end]
        if self._newest:
            blocks.append(_together(self._newest))
        if not blocks:
            count = len(self._layout)
            return np.empty(0), np.empty((0, count, self._layout.coordinates)), np.empty((0, count))
        times, joints, confidence = (np.concatenate(parts) for parts in zip(*blocks, strict=True))
        inside = (times >= start) & (times <= end)
        return times[inside], joints[inside], confidence[inside]


def _together(
    poses: Sequence[tuple[float, np.ndarray, np.ndarray]],
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    times, joints, confidence = zip(*poses, strict=True)
    return np.array(times), np.stack(joints), np.stack(confidence)
