"""When each person of a video was there, and the windows that are cut from that time while the video runs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from app.video.movements import Movements
from pose.buffer import SlidingBuffer
from pose.layouts import SkeletonLayout
from pose.mapping import to_layout
from pose.skeleton import PersonPose, SkeletonSequence
from recognizer.windows import STEP

AWAY = 1.0
"""Seconds without a sight after which a person counts as gone; when they return, windows start afresh."""

FIRST_PREVIEW = 1.0
"""Seconds of a person after which the first, provisional label is asked for."""

PREVIEW_STEP = 0.5
"""Seconds between provisional windows."""


@dataclass(frozen=True)
class Window:
    """One window of one person.

    Attributes:
        person: the track's number.
        visit: number of the person's stay in the picture, from 0.
        start, end: seconds; the part of the window in which the person was there.
        preview: made before a whole window's time had passed: good for a label on the picture, not counted.
        sequence: what the recogniser gets.
    """

    person: int
    visit: int
    start: float
    end: float
    preview: bool
    sequence: SkeletonSequence


@dataclass
class Visit:
    """One stay of a person in the picture: first and last sight in seconds."""

    start: float
    end: float


class Presence:
    """Follows one person through a video and cuts their windows.

    Windows that count lie inside a visit, ``STEP`` seconds apart, the last one ending with it; a visit
    shorter than a window has one, which ends with it (``recognizer.windows.window_ends``, as a stream).

    Attributes:
        person: the track's number.
        visits: the person's stays, the last one with the latest sight.
        here: whether the last one goes on.
        movements: what repetitions are counted from.

    Args:
        person: the track's number.
        layout, seconds, frames: of the windows.
        keep: whether movements are kept.
    """

    def __init__(
        self, person: int, layout: SkeletonLayout, seconds: float, frames: int, keep: bool = True
    ) -> None:
        self.person = person
        self.visits: list[Visit] = []
        self._layout, self._seconds, self._frames = layout, seconds, frames
        self.movements = Movements(layout) if keep else None
        self._buffer = SlidingBuffer(layout, seconds)
        self.here = False
        self._next = self._next_preview = 0.0
        self._last_end: float | None = None

    @property
    def seen(self) -> float:
        """Seconds of all visits together."""
        return sum(visit.end - visit.start for visit in self.visits)

    def push(self, timestamp: float, pose: PersonPose | None) -> Iterator[Window]:
        """Takes one frame (None: not seen in it) and gives the windows that end by it."""
        if pose is None:
            if self.here and timestamp - self.visits[-1].end > AWAY:
                yield from self.leave()
            self._buffer.push(timestamp, None, None)
            return
        if self.here and timestamp - self.visits[-1].end > AWAY:  # no frame in between told of it
            yield from self.leave()
        joints, confidence = to_layout(pose, self._layout)
        self._buffer.push(timestamp, joints, confidence)
        if self.movements is not None:
            self.movements.add(timestamp, joints, confidence)
        if not self.here:
            self.here = True
            self.visits.append(Visit(timestamp, timestamp))
            self._next, self._next_preview = timestamp + self._seconds, timestamp + FIRST_PREVIEW
            self._last_end = None
        self.visits[-1].end = timestamp
        while self._next_preview <= timestamp and self._next_preview < self.visits[-1].start + self._seconds:
            yield from self._window(self._next_preview, preview=True)
            self._next_preview += PREVIEW_STEP
        while self._next <= timestamp + 1e-9:
            yield from self._window(self._next, preview=False)
            self._last_end = self._next
            self._next += STEP

    def leave(self) -> Iterator[Window]:
        """Ends the visit that runs, if one does, and gives its last window."""
        if not self.here:
            return
        self.here = False
        end = self.visits[-1].end
        if self._last_end is None or end - self._last_end > 1e-6:
            yield from self._window(end, preview=False)

    def _window(self, end: float, preview: bool) -> Iterator[Window]:
        sequence = self._buffer.window(self._frames, end)
        if sequence is not None:
            start = max(end - self._seconds, self.visits[-1].start)
            yield Window(self.person, len(self.visits) - 1, start, end, preview, sequence)
