"""The pictures of the last seconds, for who wants the videos of what they teach to be kept too."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from pathlib import Path

import cv2

from app.core.failures import explain
from app.drawing.encoding import VideoWriter, even_size
from app.live.landmarks import KEPT, MOST_FRAMES
from app.web.jpeg import jpeg_size
from app.web.messages import MAX_SIDE, CameraFrame
from pose.errors import UserError
from recognizer.own.recordings import Recording

MOST_BYTES = 64 * 2**20
"""Of the pictures of one session: a page sends some 30 million in ``KEPT`` seconds."""

_ROUNDING = 1e-3
"""Seconds by which a frame's time may differ from what was computed with it."""


class FilmError(UserError, ValueError):
    """There is no video of a recording. The message is one sentence for the user."""


class Film:
    """A session's newest pictures as they came: as long as landmarks are kept, ``MOST_BYTES`` at most.

    Not safe for several threads.
    """

    def __init__(self) -> None:
        self._frames: deque[CameraFrame] = deque()
        self._bytes = 0

    def add(self, frame: CameraFrame) -> None:
        """Takes a picture that can be decoded; the oldest go. A clock that runs backwards begins anew, as the
        engine does."""
        if self._frames and frame.captured < self._frames[-1].captured:
            self.clear()
        self._frames.append(frame)
        self._bytes += len(frame.jpeg)
        while (
            frame.captured - self._frames[0].captured > KEPT * 1000
            or self._bytes > MOST_BYTES
            or len(self._frames) > MOST_FRAMES
        ):
            self._bytes -= len(self._frames.popleft().jpeg)

    def between(self, since: float, until: float) -> tuple[CameraFrame, ...]:
        """The pictures between two times of the page's clock, in milliseconds, both included, by time."""
        return tuple(frame for frame in self._frames if since <= frame.captured <= until)

    def clear(self) -> None:
        """Forgets all pictures."""
        self._frames.clear()
        self._bytes = 0


def keep_videos(paths: Sequence[Path], recordings: Sequence[Recording], frames: Sequence[CameraFrame]) -> str:
    """Writes the videos of recordings; what goes wrong leaves no file and is told.

    Args:
        paths: of the .mp4 files, one for each recording.
        recordings: made of what was seen in the frames, on the same clock.
        frames: by time.

    Returns:
        A sentence on what could not be kept, or "".
    """
    reasons = []
    for path, recording in zip(paths, recordings, strict=True):
        try:
            _write(path, recording, frames)
        except OSError as error:
            reasons.append(f"{error.strerror or error}. Make room before you record again.")
        except Exception as error:  # the recording is kept, whatever it is
            reasons.append(explain(error, "it could not be encoded. Record again, or do without it."))
    if not reasons:
        return ""
    what = "Its video was" if len(paths) == 1 else f"Videos of {len(reasons)} of them were"
    return f"{what} not kept: {reasons[0]}"


def _write(path: Path, recording: Recording, frames: Sequence[CameraFrame]) -> None:
    """Writes a recording's pictures, not mirrored, at its own times: the video's 0 is the recording's."""
    first, last = recording.began - _ROUNDING, recording.began + recording.duration + _ROUNDING
    shown = [frame for frame in frames if first <= frame.captured / 1000 <= last]
    size = jpeg_size(shown[0].jpeg) if shown else None
    if size is None:
        raise FilmError("there are no pictures of it. Record again with the box ticked.")
    even = even_size(*size, MAX_SIDE)
    with VideoWriter(path, even, len(shown) / recording.duration) as video:
        for frame in shown:
            picture = frame.decode()
            if picture is not None:
                if picture.shape[1::-1] != even:
                    picture = cv2.resize(picture, even, interpolation=cv2.INTER_AREA)
                video.write(picture, frame.captured / 1000 - recording.began)
