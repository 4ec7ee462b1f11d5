"""What ``pose2action teach`` does: recordings of an own action, cut out of videos."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from app.commands.console import printable
from app.core.subjects import HANDS, PEOPLE, Subject
from pose.errors import UserError
from recognizer.own.collection import NOTHING, Collections
from recognizer.own.cuts import LONGEST_ROW, cut_at_rest
from recognizer.own.names import checked_name
from recognizer.own.recordings import Recording, RecordingError


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
    cuts: bool = False,
) -> None:
    """Adds one recording a video, or one for each time that the action is done in it; either all or none.

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
        subject = HANDS if hands else PEOPLE
        recordings = [
            (video, recording)
            for video in videos
            for recording in _recordings(video, subject, start, end, cuts)
        ]
    made = Collections().make(collection)
    names = made.add_all(action, [recording for _, recording in recordings], both_sides or None)
    for name, (video, recording) in zip(names, recordings, strict=True):
        seconds = f"{recording.duration:.1f} s"
        print(printable(f"{made.name}/{action}/{name}: {seconds} of {video}"))
    if cuts:
        print(printable(f"Kept {len(recordings)}, each from one rest to the next."))
    count = len(made.recordings(action))
    if count < 3 and action != NOTHING:
        print(printable(f"{action} has {count} now: three to five make it sure."))


def _recordings(video: str, subject: Subject, start: float, end: float | None, cuts: bool) -> list[Recording]:
    from app.video.recording import record_video

    if not cuts:
        return [record_video(video, subject, start, end)]
    row = record_video(video, subject, start, end, longest=LONGEST_ROW)
    try:
        return cut_at_rest(row)
    except RecordingError as error:
        raise RecordingError(f"{video}: {error}") from None
