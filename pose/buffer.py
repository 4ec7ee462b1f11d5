"""The last seconds of one person, cut into windows of fixed duration for the recogniser."""

from __future__ import annotations

import math
from collections import deque

import numpy as np

from pose.layouts import SkeletonLayout
from pose.skeleton import MAX_GAP, SkeletonSequence


class SlidingBuffer:
    """Keeps seconds, not frames: a 12 fps laptop camera and a 60 fps file give windows of the same shape.

    Not safe for use from several threads at once; the windows it returns are immutable and may go anywhere.

    Args:
        layout: what the joints are.
        seconds: duration of a window.
        max_gap: seconds without an observation of a joint that interpolation may bridge.
    """

    def __init__(self, layout: SkeletonLayout, seconds: float, max_gap: float = MAX_GAP) -> None:
        if not seconds > 0:
            raise ValueError(f"a window must last longer than 0 s, got {seconds}")
        self.layout = layout
        self.seconds = float(seconds)
        self.max_gap = float(max_gap)
        self._observations: deque[tuple[float, np.ndarray, np.ndarray]] = deque()
        self._newest: float | None = None

    def push(self, timestamp: float, joints: np.ndarray | None, confidence: np.ndarray | None) -> None:
        """Adds one frame.

        A timestamp that runs backwards (the camera or the file started again) forgets everything before it;
        a repeated one replaces the frame.

        Args:
            timestamp: seconds.
            joints: (V, C) in the layout's units, or None when the person was not seen in this frame.
            confidence: (V,) in [0, 1], None together with ``joints``.

        Raises:
            ValueError: shapes that do not fit the layout, or a timestamp that is not a number.
        """
        if not math.isfinite(timestamp):
            raise ValueError(f"timestamp must be a finite number of seconds, got {timestamp}")
        observation = None
        if joints is not None or confidence is not None:
            observation = self._checked(timestamp, joints, confidence)
        if self._newest is not None:
            if timestamp < self._newest:
                self.clear()
            else:
                self._prune(self._newest)
        if self._observations and self._observations[-1][0] == timestamp:
            self._observations.pop()
        if observation is not None:
            self._observations.append(observation)
        self._newest = timestamp

    def window(
        self, frames: int, end: float | None = None, seconds: float | None = None
    ) -> SkeletonSequence | None:
        """The person during the ``seconds`` before ``end``, resampled to ``frames`` equidistant frames.

        Joints are interpolated as by `SkeletonSequence.resample`, from what was seen between ``max_gap``
        before the window and ``max_gap`` after it: nothing further away could be interpolated to.

        Args:
            frames: length T of the window.
            end: last instant of the window in seconds; the newest frame where None. It may lie after the
                newest frame and up to ``max_gap`` before the last but one; what older windows need is
                forgotten.
            seconds: of a shorter window; the buffer's own where None.

        Returns:
            A sequence with M = 1 and timestamps from ``end - seconds`` to ``end``, or None when the person
            was not seen in that time.
        """
        if end is None:
            end = self._newest
        if end is None:
            return None
        start = end - (self.seconds if seconds is None else seconds)
        near = [o for o in self._observations if start - self.max_gap <= o[0] <= end + self.max_gap]
        if not any(start <= timestamp <= end for timestamp, _, _ in near):
            return None
        timestamps, joints, confidence = zip(*near, strict=True)
        seen = SkeletonSequence(np.stack(joints)[None], np.stack(confidence)[None], timestamps, self.layout)
        window = seen.resample(np.linspace(start, end, frames), self.max_gap)
        return window if window.confidence.any() else None

    def clear(self) -> None:
        """Forgets everything, as after a restart of the source."""
        self._observations.clear()
        self._newest = None

    def _checked(
        self, timestamp: float, joints: np.ndarray | None, confidence: np.ndarray | None
    ) -> tuple[float, np.ndarray, np.ndarray] | None:
        """Own copies of one observation; None when no joint of it was seen."""
        if joints is None or confidence is None:
            raise ValueError("joints and confidence must be given together, or both be None")
        joints = np.array(joints, np.float32)
        confidence = np.array(confidence, np.float32)
        expected = (len(self.layout), self.layout.coordinates)
        if joints.shape != expected or confidence.shape != expected[:1]:
            raise ValueError(
                f"layout {self.layout.name} needs joints {expected} and confidence {expected[:1]}, "
                f"got {joints.shape} and {confidence.shape}"
            )
        return (timestamp, joints, confidence) if (confidence > 0).any() else None

    def _prune(self, newest: float) -> None:
        """Drops what no window that ends within ``max_gap`` of ``newest`` can use.

        Called with the time of the frame before the one that arrives, so that a window may still end between
        the two: videos of variable frame rate have frames that are seconds apart.
        """
        oldest = newest - self.seconds - 2 * self.max_gap
        while self._observations and self._observations[0][0] < oldest:
            self._observations.popleft()
