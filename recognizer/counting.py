"""Repetitions of an action, counted from the skeleton: squats, push-ups, jumping jacks, one's own actions.

What moves becomes one number that goes up and down: the first principal component of the joints that the
action moves (``recognizer.motions``), or of all joints where nothing is known of it. A turning point counts
once the motion has come back from it by a share of its own extent (``recognizer.oscillation``), so that
neither trembling nor the noise of a pose estimator counts, slow and quick repetitions do, and a last one that
is broken off does not.

``python -m benchmarks.counting --data DATA`` tells how often the counts are right.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Container, Sequence
from dataclasses import dataclass

import numpy as np

from pose.layouts import SkeletonLayout
from recognizer.motions import MOTIONS
from recognizer.oscillation import Pose, Turns, turning_points

RATE = 20.0
"""Poses a second that are looked at, at most. Ropes are jumped up to three times a second."""

MEMORY = 20.0
"""Seconds of poses that are looked at together."""

LOOK = 0.25
"""Seconds between two counts."""

LEAD = 1.5
"""Seconds before an action's first label that belong to it: labels come when the action has begun."""

PAUSE = 4.0
"""Seconds for which a row waits without its label, and goes on when it comes again."""

AFTER = 0.5
"""Seconds after an action's last label that belong to it."""

OTHER = 1.0
"""Seconds of another label that is counted, after which the row is over."""

_KEPT = 20
"""Turning points and rows that are kept to be shown."""


@dataclass(frozen=True)
class Repetitions:
    """How often an action was done in a row.

    Attributes:
        label: the action.
        count: repetitions that were completed. It can fall, when a larger motion shows that what was counted
            before was none.
        start: seconds at which the row began.
        times: seconds of the latest repetitions' turning points (the bottom of a squat, the top of a curl):
            20 at least where there were so many.
    """

    label: str
    count: int
    start: float
    times: tuple[float, ...]

    @property
    def seconds(self) -> float | None:
        """From one repetition to the next: the median of the latest six; None before there are two."""
        return float(np.median(np.diff(self.times[-7:]))) if len(self.times) > 1 else None

    @property
    def per_minute(self) -> float | None:
        """The tempo; None before there are two repetitions."""
        return None if not self.seconds else 60.0 / self.seconds


class RepetitionCounter:
    """Counts the repetitions of whatever one person is doing, while poses and labels come in.

    Holds ``MEMORY`` seconds of poses and costs one look at them every ``LOOK`` seconds. Not safe for use from
    several threads at once.

    Args:
        layout: of the joints; any, also a hand's.
        repeating: labels that are counted; the built-in ones by default. Labels without a motion of their own
            (``recognizer.motions``) are counted by what moves most of the whole body.

    >>> import numpy as np
    >>> from pose.layouts import KINETICS_18
    >>> counter = RepetitionCounter(KINETICS_18)
    >>> for frame in range(300):
    ...     joints = np.random.default_rng(0).uniform(0, 100, (18, 2))
    ...     joints[:, 1] += 60 * np.cos(2 * np.pi * frame / 60)  # one in two seconds, at 30 frames a second
    ...     row = counter.update(frame / 30, joints, np.ones(18), "squat")
    >>> row.label, row.count, round(row.seconds, 1)
    ('squat', 4, 2.0)
    """

    def __init__(self, layout: SkeletonLayout, repeating: Container[str] = MOTIONS) -> None:
        self._layout, self._repeating = layout, repeating
        self.clear()

    def clear(self) -> None:
        """Forgets everything, as for somebody else."""
        self._recent: deque[Pose] = deque()  # of the last seconds, whatever the label
        self._row: _Row | None = None
        self._labelled = 0.0  # when the row's label was last given
        self._other: tuple[str, float] | None = None  # another label that is counted, and since when
        self._waiting: list[Pose] = []  # since the row's label was last given
        self._shown: Repetitions | None = None
        self._due = -np.inf
        self._finished: deque[Repetitions] = deque(maxlen=_KEPT)

    @property
    def finished(self) -> tuple[Repetitions, ...]:
        """Rows that are over, the oldest first, at most 20."""
        return tuple(self._finished)

    def update(
        self, time: float, joints: np.ndarray | None, confidence: np.ndarray | None, label: str | None
    ) -> Repetitions | None:
        """Takes one frame and says how often the action that goes on has been done.

        Args:
            time: seconds. One that runs backwards starts afresh.
            joints: (V, C) in the layout's units; None where the person was not seen.
            confidence: (V,) in [0, 1]; None together with ``joints``.
            label: the action that is shown now; None for none.

        Returns:
            The row that goes on, or None while no action that repeats does.
        """
        if self._recent and time < self._recent[-1].time:
            self.clear()
        if joints is not None and confidence is not None:
            self._take(Pose(time, np.asarray(joints, np.float32), np.asarray(confidence, np.float32)))
        self._follow(time, label if label is not None and label in self._repeating else None)
        if self._row is None:
            return None
        if time >= self._due:
            self._due = time + LOOK
            self._shown = self._row.count()
        return self._shown

    def finish(self) -> None:
        """Ends the row that goes on, as when the person is gone."""
        if self._row is not None:
            self._row.add([pose for pose in self._waiting if pose.time <= self._labelled + AFTER])
            self._finished.append(self._row.count())
        self._row, self._shown, self._other = None, None, None
        self._waiting.clear()

    def _take(self, pose: Pose) -> None:
        if self._recent and pose.time - self._recent[-1].time < 1 / RATE - 0.005:
            return
        self._recent.append(pose)
        while pose.time - self._recent[0].time > LEAD + OTHER:
            self._recent.popleft()
        if self._row is not None:
            self._waiting.append(pose)

    def _follow(self, time: float, label: str | None) -> None:
        row = self._row
        if row is None:
            if label is not None:
                self._begin(label, time)
            return
        if label == row.label:
            self._labelled, self._other = time, None
            row.add(self._waiting)
            self._waiting.clear()
            return
        if label is None or self._other is None or self._other[0] != label:
            self._other = None if label is None else (label, time)
        if self._other is not None and time - self._other[1] >= OTHER:
            other, since = self._other
            self.finish()
            self._begin(other, since)
        elif time - self._labelled > PAUSE:
            self.finish()

    def _begin(self, label: str, since: float) -> None:
        """A new row; its first poses came before its label, but not in the row before it."""
        start = max(since - LEAD, self._labelled) if self._finished else since - LEAD
        self._row = _Row(label, self._layout)
        self._row.add([pose for pose in self._recent if pose.time >= start])
        self._labelled, self._other, self._due = since, None, -np.inf
        self._waiting.clear()


def count_repetitions(
    times: np.ndarray, joints: np.ndarray, confidence: np.ndarray, layout: SkeletonLayout, label: str
) -> Repetitions:
    """Counts the repetitions of one action in poses of one person who does nothing else meanwhile.

    Args:
        times: (T,) seconds, not decreasing.
        joints: (T, V, C) in the layout's units.
        confidence: (T, V) in [0, 1].
        layout: what the V joints are.
        label: the action.
    """
    row = _Row(label, layout)
    last = -np.inf
    for time, points, sure in zip(times, joints, confidence, strict=True):
        if time - last >= 1 / RATE - 0.005 and sure.any():
            row.add([Pose(float(time), points, sure)])
            last = time
    return row.count()


class _Row:
    """One action's repetitions. What was done more than ``MEMORY`` ago is counted for good."""

    def __init__(self, label: str, layout: SkeletonLayout) -> None:
        self.label, self._layout, self._motion = label, layout, MOTIONS.get(label)
        self._poses: deque[Pose] = deque()
        self._start: float | None = None
        self._settled = 0
        self._times: list[float] = []
        self._least = 0.0

    def add(self, poses: Sequence[Pose]) -> None:
        """Takes poses in time order."""
        for pose in poses:
            self._start = pose.time if self._start is None else self._start
            self._poses.append(pose)
            if pose.time - self._poses[0].time > MEMORY:
                self._settle()

    def count(self) -> Repetitions:
        times = self._turns().times
        return Repetitions(self.label, self._settled + len(times), self._start or 0.0, (*self._times, *times))

    def _turns(self) -> Turns:
        return turning_points(tuple(self._poses), self._layout, self._motion, self._least)

    def _settle(self) -> None:
        """Forgets the older half, up to a rest between two repetitions where there is one."""
        half = self._poses[-1].time - MEMORY / 2
        turns = self._turns()
        cut = max((time for time in turns.rests if time <= half), default=half)
        gone = [time for time in turns.times if time < cut]
        self._settled += len(gone)
        self._times = [*self._times, *gone][-_KEPT:]
        self._least = max(self._least, turns.extent / 2)  # so that a long rest's trembling is not counted
        while self._poses[0].time < cut:
            self._poses.popleft()
