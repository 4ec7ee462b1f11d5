"""What somebody calls a source, opened."""

from __future__ import annotations

from pathlib import Path

from app.video.landmarks import LandmarkFile
from pose.sources import Camera, VideoFile
from pose.sources import open_source as open_local
from pose.streams import Stream, Tell, is_address


def open_source(text: str, tell: Tell | None = None) -> VideoFile | Camera | Stream | LandmarkFile:
    """An address, a file of landmarks (.npz), a camera's number or a video file.

    Args:
        text: as the user has written it.
        tell: told in a sentence when the connection to an address breaks.

    Raises:
        SourceError, LandmarksError: with one sentence for the user.
    """
    if is_address(text):
        return Stream(text, tell)
    if Path(text).suffix.lower() == ".npz":
        return LandmarkFile(text)
    return open_local(text)
