"""Where frames come from, and who is in one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Protocol

from app.core.protocols import Estimator
from pose.skeleton import PersonPose
from pose.sources import Frame, VideoInfo
from pose.tracking import PersonTracker

People = Callable[[Frame], dict[int, PersonPose]]
"""Gives who is in a frame, by number."""


class Source(Protocol):
    """Where frames come from: a video file, a camera, an address, a file of landmarks.

    Attributes:
        name: as results call it.
        info: size, rate and length.
        live: whether it has no end of its own, so that the newest frame counts and not each.
        problem: after iterating to the end, one sentence on what was missing, or None.
    """

    name: str
    info: VideoInfo
    live: bool
    problem: str | None

    def __iter__(self) -> Iterator[Frame]: ...


class Estimated:
    """Finds people, or hands, and tells them apart."""

    def __init__(self, estimator: Estimator) -> None:
        self._estimator, self._tracker = estimator, PersonTracker(slots=2)

    def __call__(self, frame: Frame) -> dict[int, PersonPose]:
        found = self._estimator.estimate(frame.image, frame.timestamp)
        return {track.id: track.pose for track in self._tracker.update(found, frame.timestamp)}
