"""The landmarks of everybody in the last half minute, for a record of it and for teaching by example."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass

from pose.skeleton import PersonPose

KEPT = 35.0
"""Seconds of landmarks that are kept."""
MOST_FRAMES = 60 * 35
"""Frames kept of each person, whatever the clock does; about 1 kB each."""


@dataclass(frozen=True)
class SeenPose:
    """One person's landmarks at one instant of the frames' clock, in seconds."""

    timestamp: float
    pose: PersonPose


class LandmarkHistory:
    """Landmarks by person and time. Not safe for several threads: the engine's lock guards it."""

    def __init__(self) -> None:
        self._seen: dict[int, deque[SeenPose]] = {}

    @property
    def persons(self) -> tuple[int, ...]:
        """Those who were seen within the last ``KEPT`` seconds, by number."""
        return tuple(sorted(self._seen))

    def add(self, timestamp: float, poses: Mapping[int, PersonPose]) -> None:
        """Takes the poses of one frame, by person, and drops what is older than ``KEPT``.

        Args:
            timestamp: seconds, never less than the last one; the same again replaces the frame.
            poses: by person.
        """
        for number, pose in poses.items():
            own = self._seen.setdefault(number, deque(maxlen=MOST_FRAMES))
            if own and own[-1].timestamp == timestamp:
                own.pop()
            own.append(SeenPose(timestamp, pose))
        for number, own in list(self._seen.items()):
            while own and timestamp - own[0].timestamp > KEPT:
                own.popleft()
            if not own:
                del self._seen[number]

    def of(self, person: int, since: float = -math.inf, until: float = math.inf) -> tuple[SeenPose, ...]:
        """What was seen of somebody from ``since`` to ``until`` seconds, both included, by time; nothing of
        someone unknown."""
        return tuple(each for each in self._seen.get(person, ()) if since <= each.timestamp <= until)

    def clear(self) -> None:
        """Forgets everybody."""
        self._seen.clear()
