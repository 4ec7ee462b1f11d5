"""Who was in a video's frames, kept for the next analysis of the same video."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from app.video.skeletons import SkeletonWriter
from app.video.source import People
from pose.layouts import SkeletonLayout
from pose.skeleton import PersonPose
from pose.sources import Frame

MOST_BYTES = 10**8
"""Of a video's landmarks: one person for 75 minutes, ten who come and go for seven and a half. A file of them
is in memory as a whole while it is used."""


class Keeping:
    """Tells who is in a frame, as ``people`` does, and keeps it. No analysis fails for it: where there is too
    much to keep, or no room, nothing is kept.

    Args:
        people: who is in a frame.
        landmarks: MEDIAPIPE_33 or MEDIAPIPE_HAND_21.
    """

    def __init__(self, people: People, landmarks: SkeletonLayout) -> None:
        self._people = people
        self._pose_bytes = 2 * 4 * 4 * len(landmarks)
        self._seen: set[int] = set()
        self._frames = 0
        self._writer: SkeletonWriter | None = None
        with suppress(OSError):
            self._writer = SkeletonWriter(landmarks)

    def __call__(self, frame: Frame) -> dict[int, PersonPose]:
        poses = self._people(frame)
        if self._writer is not None:
            self._seen |= poses.keys()
            self._frames += 1
            try:
                self._writer.add(frame.timestamp, poses)
            except OSError:
                self.close()
            if self._frames * len(self._seen) * self._pose_bytes > MOST_BYTES:
                self.close()
        return poses

    def save(self, path: Path) -> None:
        """Writes what was kept as ``SkeletonWriter`` does, everybody of every frame; nothing where that
        cannot be."""
        if self._writer is not None and self._frames:
            with suppress(OSError):
                path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                self._writer.save(path, tuple(sorted(self._seen)))

    def close(self) -> None:
        """Deletes what lies on disk beside the file, and keeps nothing more."""
        if self._writer is not None:
            self._writer.close()
            self._writer = None
