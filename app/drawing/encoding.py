"""Pictures into an H.264 MP4 that plays in a browser."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from fractions import Fraction
from pathlib import Path
from types import TracebackType

import av
import numpy as np

from pose.files import replacing

_TICKS = 90_000
"""Clock ticks a second: fine enough for any frame rate, the usual clock of video."""


class VideoWriter:
    """Writes pictures with their own timestamps. The file appears when the ``with`` block ends well.

    Args:
        path: the .mp4 file; its folder exists.
        size: (width, height) of the pictures in pixels, both even.
        fps: nominal rate, for players that ask.

    Raises:
        OSError: the file cannot be written.
    """

    def __init__(self, path: str | Path, size: tuple[int, int], fps: float) -> None:
        self._path = path
        self._size = size
        self._fps = Fraction(min(max(fps, 1.0), 240.0)).limit_denominator(1001)
        self._last = -1
        self._files = ExitStack()

    def __enter__(self) -> VideoWriter:
        with self._files as opened:
            temporary = opened.enter_context(replacing(self._path))
            opened.enter_context(_plain_errors())
            options = {"movflags": "+faststart"}
            # With the protocol told, a name with a colon is no address.
            self._container = opened.enter_context(
                av.open(f"file:{temporary}", "w", format="mp4", options=options)
            )
            self._stream = self._container.add_stream("libx264", rate=self._fps)
            self._stream.width, self._stream.height = self._size
            self._stream.pix_fmt = "yuv420p"
            self._stream.options = {"preset": "veryfast", "crf": "23"}
            self._stream.time_base = self._stream.codec_context.time_base = Fraction(1, _TICKS)
            self._files = opened.pop_all()
        return self

    def write(self, picture: np.ndarray, timestamp: float) -> None:
        """Adds one picture.

        Args:
            picture: (H, W, 3) uint8 RGB of the writer's size.
            timestamp: seconds; one that does not grow is moved a tick on.
        """
        frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
        self._last = frame.pts = max(round(timestamp * _TICKS), self._last + 1)
        frame.time_base = self._stream.codec_context.time_base
        self._container.mux(self._stream.encode(frame))

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._files:
            if error is not None:
                raise error  # so that the unfinished file goes
            self._container.mux(self._stream.encode(None))


@contextmanager
def _plain_errors() -> Iterator[None]:
    """Makes FFmpeg's errors OSErrors, which are told with the file's name: nothing else can go wrong here."""
    try:
        yield
    except av.FFmpegError as error:
        known = isinstance(error, OSError) or error.errno in errno.errorcode
        if known:
            raise OSError(error.errno, os.strerror(error.errno)) from error
        raise OSError(errno.EIO, f"the video cannot be encoded ({error.strerror})") from error


def even_size(width: int, height: int, longest: int) -> tuple[int, int]:
    """The size to write a picture in: even sides (H.264 halves the colours), none over ``longest``."""
    scale = min(1.0, longest / max(width, height))
    return max(2, round(width * scale / 2) * 2), max(2, round(height * scale / 2) * 2)
