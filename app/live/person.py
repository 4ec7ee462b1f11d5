"""What the live engine keeps of each person, or hand, that it follows."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Container, Sequence

from pose.buffer import SlidingBuffer
from pose.layouts import SkeletonLayout
from pose.mapping import to_layout
from pose.skeleton import PersonPose
from recognizer.counting import RepetitionCounter, Repetitions
from recognizer.smoothing import LabelSmoother, SmoothedLabel, Steadiness

KEPT_POSES = 6.0
"""Seconds of poses kept, for other weights to start from; a person lost for longer is forgotten."""


class Person:
    """One tracked person: recent poses, the window that slides over them, the label shown, how often so far.

    Args:
        layout, window_seconds, classes: the recogniser's.
        threshold: probability under which no action is named.
        steadiness: how much labels are steadied.
        repeating: labels that are counted.
    """

    def __init__(
        self,
        layout: SkeletonLayout,
        window_seconds: float,
        classes: Sequence[str],
        threshold: float,
        steadiness: Steadiness = Steadiness(),
        repeating: Container[str] = (),
    ) -> None:
        self._layout = layout
        self.buffer = SlidingBuffer(layout, window_seconds)
        self.smoother = LabelSmoother(classes, threshold, steadiness)
        self.shown: SmoothedLabel | None = None
        self._counter = RepetitionCounter(layout, repeating)
        self._row: Repetitions | None = None
        self.poses: deque[tuple[float, PersonPose | None]] = deque()
        self.last_seen = -math.inf

    def push(self, timestamp: float, pose: PersonPose | None) -> None:
        """Takes the person's pose in one frame, None where they were not seen; a repeated timestamp replaces
        the frame."""
        if self.poses and self.poses[-1][0] == timestamp:
            self.poses.pop()
        self.poses.append((timestamp, pose))
        while timestamp - self.poses[0][0] > KEPT_POSES:
            self.poses.popleft()
        if pose is None:
            self.buffer.push(timestamp, None, None)
            return
        self.last_seen = timestamp
        joints, confidence = to_layout(pose, self._layout)
        self.buffer.push(timestamp, joints, confidence)
        self._row = self._counter.update(timestamp, joints, confidence, self.shown and self.shown.label)

    @property
    def repetitions(self) -> Repetitions | None:
        """How often the action that is shown was done in a row; None where it is not counted."""
        row, shown = self._row, self.shown
        return row if row is not None and shown is not None and row.label == shown.label else None

    @property
    def span(self) -> float:
        """Seconds from the first kept sighting to the last."""
        first = next((timestamp for timestamp, pose in self.poses if pose is not None), self.last_seen)
        return 0.0 if math.isinf(first) else self.last_seen - first
