"""What ``pose2action teach`` does: recordings of an own action, cut out of videos."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from app.commands.console import printable
from app.core.subjects import HANDS, PEOPLE
from pose.errors import UserError
from recognizer.own.collection import NOTHING, Collections
from recognizer.own.names import checked_name


class TeachError(UserError, ValueError):
    """Something cannot be taught. The message is one sentence for the user."""


def teach(
    collection: str,
    action: str,
    videos: Sequence[str],
    start: float,
    end: float | None,
    both_sides: bool,
    hands: bool,
) -> None:
    """Adds one recording a video; either all are added or none.

    Raises:
        TeachError: a part of several videos.
        CollectionError, RecordingError, SourceError: with one sentence for the user.
        OSError: the disk is full, say.
    """
    if len(videos) > 1 and (start or end is not None):
        raise TeachError("--start and --end are of one video: name the others in calls of their own.")
    checked_name(collection, "collection")
    action = checked_name(action)
    for video in videos:  # before minutes of work
        if not Path(video).is_file():
            raise TeachError(f"{video}: there is no such video file.")
    errors = Console(stderr=True)
    with errors.status("Looking for people ..."):
        from app.video.recording import record_video

        subject = HANDS if hands else PEOPLE
        recordings = [record_video(video, subject, start, end) for video in videos]
    made = Collections().make(collection)
    for video, recording in zip(videos, recordings, strict=True):
        name = made.add(action, recording, both_sides or None)
        seconds = f"{recording.duration:.1f} s"
        print(printable(f"{made.name}/{action}/{name}: {seconds} of {video}"))
    count = len(made.recordings(action))
    if count < 3 and action != NOTHING:
        print(printable(f"{action} has {count} now: three to five make it sure."))
