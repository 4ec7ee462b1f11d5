"""A part of an analysed video as a recording to teach with."""

from __future__ import annotations

from pathlib import Path

from app.core.subjects import Subject
from app.video.landmarks import LandmarkFile
from app.video.recording import only_one
from recognizer.own.recordings import Recording, RecordingError


def cut(landmarks: Path, subject: Subject, start: float, end: float) -> Recording:
    """What the one person, or hand, does between two times.

    Args:
        landmarks: who was in the video, see ``SkeletonWriter``.
        subject: whom it is about.
        start, end: seconds.

    Raises:
        RecordingError: nobody is there, or several, or for too short or too long a time.
        LandmarksError: there is no such file any more.
        OSError: it cannot be read.
    """
    if end <= start:
        raise RecordingError(f"A part of a video ends after its start: {end:g} s is not after {start:g} s.")
    source = LandmarkFile(landmarks)
    found = [(each.timestamp, source.people(each)) for each in source if start <= each.timestamp <= end]
    return only_one(found, subject, f"From {start:g} s to {end:g} s")
