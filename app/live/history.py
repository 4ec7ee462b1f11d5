"""What was shown of whom in the last half minute."""

from __future__ import annotations

from dataclasses import replace

from app.live.view import HistorySegment

HISTORY = 30.0
"""Seconds of actions that are kept."""

MOST_SEGMENTS = 200
"""Segments kept, whatever the clock does; in ``HISTORY`` seconds real ones are few."""


class History:
    """Segments of labels, each of one person.

    Args:
        gap: seconds without a label after which the same one begins anew.
        beat: seconds from one label to the next; a label began no earlier before it was first shown.
    """

    def __init__(self, gap: float, beat: float) -> None:
        self._gap, self._beat = gap, beat
        self._segments: list[HistorySegment] = []

    @property
    def segments(self) -> tuple[HistorySegment, ...]:
        """By person, then by time."""
        return tuple(sorted(self._segments, key=lambda segment: (segment.person, segment.start)))

    def began(self, person: int) -> float | None:
        """When the newest label of somebody began to be shown; None where there is none."""
        last = self._last(person)
        return None if last is None else last.start

    def show(self, person: int, label: str | None, timestamp: float) -> None:
        """Notes that a label, or that no action is known, is shown of somebody now."""
        last = self._last(person)
        if last is not None and last.label == label and timestamp - last.end <= self._gap:
            self._segments.remove(last)
            self._segments.append(replace(last, end=timestamp))
        else:
            start = timestamp if last is None else max(last.end, timestamp - self._beat)
            self._segments.append(HistorySegment(person, start, timestamp, label))

    def forget(self, timestamp: float) -> None:
        """Drops what is older than ``HISTORY``."""
        since = timestamp - HISTORY
        recent = [replace(each, start=max(each.start, since)) for each in self._segments if each.end > since]
        self._segments = recent[-MOST_SEGMENTS:]

    def _last(self, person: int) -> HistorySegment | None:
        own = (segment for segment in self._segments if segment.person == person)
        return max(own, key=lambda segment: segment.end, default=None)
