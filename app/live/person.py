"""What the live engine keeps of each person, or hand, that it follows."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Sequence

from pose.buffer import SlidingBuffer
from pose.layouts import SkeletonLayout
from pose.mapping import to_layout
from pose.skeleton import PersonPose
from recognizer.smoothing import LabelSmoother, SmoothedLabel

KEPT_POSES = 6.0
"""Seconds of poses kept, for other weights to start from; a person lost for longer is forgotten."""


class Person:
    """One tracked person: recent poses, the window that slides over them and the label shown.

    Args:
        layout, window_seconds, classes: the recogniser's.
        threshold: probability under which no action is named.
    """

    def __init__(
        self, layout: SkeletonLayout, window_seconds: float, classes: Sequence[str], threshold: float
    ) -> None:
        self._layout = layout
        self.buffer = SlidingBuffer(layout, window_seconds)
        self.smoother = LabelSmoother(classes, threshold)
        self.shown: SmoothedLabel | None = None
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
        self.buffer.push(timestamp, *to_layout(pose, self._layout))

    @property
    def span(self) -> float:
        """Seconds from the first kept sighting to the last."""
        first = next((timestamp for timestamp, pose in self.poses if pose is not None), self.last_seen)
        return 0.0 if math.isinf(first) else self.last_seen - first
