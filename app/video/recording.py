"""What one person does in a video, or a part of it, as a recording to teach with."""

from __future__ import annotations

from contextlib import ExitStack, closing
from pathlib import Path

from app.core.protocols import Estimator, make_mediapipe
from app.core.subjects import Subject
from pose.skeleton import PersonPose
from pose.sources import VideoFile
from pose.tracking import PersonTracker
from recognizer.own.recordings import LONGEST, Recording, RecordingError

STEP = 1 / 36
"""Seconds between two frames that are looked at: every frame of a 30 fps video."""
_ANOTHER = 0.3
"""Share of the frames above which a second person is no passer-by."""


def record_video(
    path: str | Path,
    subject: Subject,
    start: float = 0.0,
    end: float | None = None,
    estimator: Estimator | None = None,
    longest: float = LONGEST,
) -> Recording:
    """The landmarks of the one person, or hand, in a video.

    Args:
        path: of the video.
        subject: whom it is about.
        start, end: seconds of the part to take; None goes to the video's end.
        estimator: finds people; stays open. None makes one for this video.
        longest: seconds that it may last.

    Raises:
        SourceError: the video cannot be read.
        RecordingError: nobody is in it, or several, or it is too long for one action.
    """
    if end is not None and end <= start:
        raise RecordingError(f"A part of a video ends after its start: {end:g} s is not after {start:g} s.")
    found: list[tuple[float, dict[int, PersonPose]]] = []
    with ExitStack() as resources:
        video = resources.enter_context(VideoFile(path))
        if estimator is None:
            estimator = resources.enter_context(closing(make_mediapipe(subject.landmarks)))
        tracker, due = PersonTracker(slots=2), start
        for frame in video:
            if frame.timestamp < due - 1e-3:
                continue
            if end is not None and frame.timestamp > end:
                break
            if frame.timestamp - start > longest:
                raise RecordingError(
                    f"{path} goes on for longer than {longest:.0f} s: say with --start and --end where the "
                    "action is."
                )
            due = max(due + STEP, frame.timestamp)
            tracks = tracker.update(estimator.estimate(frame.image, frame.timestamp), frame.timestamp)
            found.append((frame.timestamp, {track.id: track.pose for track in tracks}))
    return only_one(found, subject, str(path), longest)


def only_one(
    found: list[tuple[float, dict[int, PersonPose]]], subject: Subject, where: str, longest: float = LONGEST
) -> Recording:
    """The recording of the one who is there for most of the time.

    Args:
        found: time and poses of every frame, by the tracker's numbers.
        subject: whom it is about.
        where: what the sentence of an error begins with.
        longest: seconds that it may last.

    Raises:
        RecordingError: nobody is there, or several, or it is too short or too long.
    """
    counts: dict[int, int] = {}
    for _, poses in found:
        for person in poses:
            counts[person] = counts.get(person, 0) + 1
    if not counts:
        raise RecordingError(f"{where}: no {subject.name} is in the picture.")
    main, *others = sorted(counts, key=lambda person: -counts[person])
    together = sum(main in poses and bool(poses.keys() & set(others)) for _, poses in found)
    if together > _ANOTHER * counts[main]:
        raise RecordingError(f"{where}: two are in the picture; show one {subject.name} alone.")
    return Recording.of([(time, poses.get(main)) for time, poses in found], longest)
