"""Where pictures come from: video files through PyAV, cameras through OpenCV.

Both are iterated for `Frame` values: upright, unmirrored RGB with the real time since the first frame.
Nothing is collected on the way, so an hour of video needs no more memory than a second.
"""

from __future__ import annotations

import os
import threading
import time
import weakref
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np

from pose.containers import DECODER_ERRORS, SourceError, check_size, opened, refused_size
from pose.decoding import (
    LONGEST_PAUSE,
    FrameClock,
    VideoDecoder,
    display_matrix,
    shown_size,
    upright,
)

_DEFAULT_FPS = 30.0
_MIN_FPS, _MAX_FPS = 1 / LONGEST_PAUSE, 1000.0
_END_TOLERANCE = 0.5
"""Seconds by which a whole file may be shorter than its header says."""
_CAMERA_PATIENCE = 1.0
"""Seconds without a picture after which a camera counts as gone."""
_MOST_CAMERAS = 2**31
"""Their numbers are C's int."""


@dataclass(frozen=True)
class Frame:
    """One picture.

    Attributes:
        image: (H, W, 3) uint8 RGB, upright and unmirrored.
        timestamp: seconds since the first frame of the source, growing; see ``FrameClock`` for files.
    """

    image: np.ndarray
    timestamp: float


@dataclass(frozen=True)
class VideoInfo:
    """What is known about a source before it is read.

    Attributes:
        width, height: size of the frames in square pixels, after rotation.
        fps: average frame rate as the source declares it, 30 where it does not.
        duration: seconds, None where the source does not say (live recordings, cameras).
        frames: number of frames, None where the source does not say.
    """

    width: int
    height: int
    fps: float
    duration: float | None
    frames: int | None


class VideoFile:
    """A video file, decoded frame by frame. It may be iterated several times, each time from its start.

    All frames have the size of the first one. What cannot be decoded, or is over the limit of size, is left
    out.

    Attributes:
        name: the path, as it was given.
        info: size, rate and length.
        live: False, it has an end and every picture of it counts.
        problem: after iterating to the end, one sentence on what was missing, or None.

    Args:
        path: the file.

    Raises:
        SourceError: the file is missing, no picture can be read from it, or its pictures have more than
            ``MOST_PIXELS``. Iterating raises it where the file has become unreadable meanwhile.
    """

    live = False

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self.name = str(path)
        self.problem: str | None = None
        self._closed = False
        self._running: weakref.ref | None = None
        with opened(self.path) as (container, stream):
            first = next(VideoDecoder(container, stream).frames(), None)
            if first is not None:
                self._size = shown_size(first, stream)
                check_size(self.path.name, *self._size)
                self._matrix = display_matrix(first)
                self.info = declared_info(
                    container, stream, self._size if self._matrix[0, 0] else self._size[::-1]
                )
        if first is None:
            check_size(self.path.name, *(refused_size(self.path) or (0, 0)))
            raise SourceError(
                f"No picture in {self.path.name!r} can be decoded; the file is damaged or uses an "
                "unsupported codec."
            )

    def __iter__(self) -> Iterator[Frame]:
        frames = self._frames()
        self._running = weakref.ref(frames)
        return frames

    def close(self) -> None:
        """Ends a running iteration and releases the file. Closing twice is allowed."""
        self._closed = True
        running = self._running() if self._running is not None else None
        if running is not None:
            # ValueError: it is decoding in another thread at this moment, and stops after that frame.
            with suppress(ValueError):
                running.close()

    def __enter__(self) -> VideoFile:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _frames(self) -> Iterator[Frame]:
        self.problem = None
        if self._closed:
            return
        clock = FrameClock(self.info.fps)
        width, height = self._size
        with opened(self.path) as (container, stream):
            decoder = VideoDecoder(container, stream)
            for frame in decoder.frames():
                try:
                    image = frame.to_ndarray(format="rgb24", width=width, height=height)
                except DECODER_ERRORS:
                    decoder.skipped += 1
                    continue
                timestamp = clock.seconds(decoder.moment(frame))
                yield Frame(upright(image, self._matrix), timestamp)
                if self._closed:
                    return
            self.problem = self._diagnose(decoder, clock)

    def _diagnose(self, decoder: VideoDecoder, clock: FrameClock) -> str | None:
        if decoder.broken or decoder.missing > _END_TOLERANCE + 2 / self.info.fps:
            return (
                f"{self.path.name!r} ends early or is damaged: only the first {clock.elapsed:.1f} s could be "
                "read."
            )
        if decoder.skipped:
            return f"{self.path.name!r} is damaged: parts of it could not be decoded and were left out."
        return None


class Camera:
    """A camera of this machine, through OpenCV. Iterating yields its newest frames until it is closed.

    Attributes:
        name: "camera" and its number.
        info: size and rate that the camera agreed to; no duration.
        live: True, the newest picture counts.
        problem: always None; here so that files and cameras can be used alike.

    Args:
        index: 0 for the first camera.
        width, height: wished size in pixels; the camera may choose another.

    Raises:
        SourceError: no such camera, it gives no picture, or (while iterating) it stops giving them.
    """

    live = True
    problem: str | None = None

    def __init__(self, index: int, width: int = 640, height: int = 480) -> None:
        self.index = index
        self.name = f"camera {index}"
        self._closed = False
        self._lock = threading.Lock()
        with _quiet_opencv():
            self._capture = cv2.VideoCapture(index)
            self._capture.set(cv2.CAP_PROP_FRAME_WIDTH, width)
            self._capture.set(cv2.CAP_PROP_FRAME_HEIGHT, height)
            self._capture.set(cv2.CAP_PROP_BUFFERSIZE, 1)  # the newest picture, not one from a queue
            image = self._read() if self._capture.isOpened() else None
            fps = self._capture.get(cv2.CAP_PROP_FPS)
        if image is None:
            self.close()
            raise SourceError(
                f"Camera {index} cannot be opened; check that it is connected and not in use by another "
                "program."
            )
        self.info = VideoInfo(image.shape[1], image.shape[0], _sane_fps(fps), None, None)

    def __iter__(self) -> Iterator[Frame]:
        start = None
        while (image := self._read()) is not None:
            now = time.monotonic()
            start = now if start is None else start
            yield Frame(image, now - start)
        if not self._closed:
            raise SourceError(f"Camera {self.index} stopped delivering pictures; check its connection.")

    def close(self) -> None:
        """Releases the camera; waits for a read in another thread. Closing twice is allowed."""
        self._closed = True
        with self._lock:
            self._capture.release()

    def __enter__(self) -> Camera:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _read(self) -> np.ndarray | None:
        """The next picture; None once the camera is closed or has failed for a while."""
        give_up = time.monotonic() + _CAMERA_PATIENCE
        while True:
            with self._lock, _quiet_opencv():
                if self._closed:
                    return None
                delivered, image = self._capture.read()
            if delivered and image is not None:
                return cv2.cvtColor(image, cv2.COLOR_BGR2RGB)
            if time.monotonic() > give_up:
                return None
            time.sleep(0.01)


def open_source(text: str) -> VideoFile | Camera:
    """A camera if ``text`` is a number and no file has that name, else a video file: names stay as they are.

    Raises:
        SourceError: as those do.
    """
    text = str(text)
    if not (text.isascii() and text.isdigit()) or os.path.isfile(text):
        return VideoFile(text)
    # Python takes no numbers of thousands of digits.
    if len(text.lstrip("0")) > len(str(_MOST_CAMERAS)) or int(text) >= _MOST_CAMERAS:
        raise SourceError(
            "There is no camera of such a high number, and no file of that name; the first camera is 0."
        )
    return Camera(int(text))


def declared_info(
    container: av.container.InputContainer, stream: av.VideoStream, size: tuple[int, int]
) -> VideoInfo:
    """What a container says of itself, whose upright frames have this size."""
    width, height = size
    if stream.duration and stream.time_base:
        duration = float(stream.duration * stream.time_base)
    else:
        duration = container.duration / av.time_base if container.duration else 0.0
    fps = _sane_fps(stream.average_rate or stream.guessed_rate)
    return VideoInfo(width, height, fps, duration if duration > 0 else None, max(stream.frames, 0) or None)


def _sane_fps(fps: float | Fraction | None) -> float:
    return float(fps) if fps and _MIN_FPS <= fps <= _MAX_FPS else _DEFAULT_FPS


@contextmanager
def _quiet_opencv() -> Iterator[None]:
    """OpenCV prints its own warnings about cameras; the user gets our sentence instead."""
    level = cv2.getLogLevel()
    cv2.setLogLevel(0)  # silent
    try:
        yield
    finally:
        cv2.setLogLevel(level)
