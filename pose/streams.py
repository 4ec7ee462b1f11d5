"""Pictures from an address: network cameras (RTSP), streams and video files over HTTP, through PyAV.

What has an end is read like a file, picture by picture. Of what has none, the newest picture counts: a thread
decodes as fast as pictures come and keeps one. A connection that breaks is made again, after growing pauses,
until no picture has come for ``PATIENCE``.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from itertools import chain
from urllib.parse import urlsplit

import av
import numpy as np

from pose.containers import DECODER_ERRORS, SourceError, check_size, opened_address
from pose.decoding import FrameClock, VideoDecoder, shown_size
from pose.sources import Frame, VideoInfo, declared_info

SCHEMES = ("rtsp://", "rtsps://", "http://", "https://")

PATIENCE = 30.0
"""Seconds without a picture after which a stream counts as ended."""

FIRST_PAUSE, LONGEST_PAUSE = 0.5, 8.0
"""Seconds before a broken connection is made again: twice as long each time it fails."""

Tell = Callable[[str], None]


def is_address(text: str) -> bool:
    """Whether a source is an address that can be read."""
    return text.lower().startswith(SCHEMES)


def public(address: str) -> str:
    """The address without the name and password that may stand in it."""
    parts = urlsplit(address)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()


class _Connection:
    """An address that has been opened and has given its first picture.

    Raises:
        SourceError: it cannot be opened, or gives none.
    """

    def __init__(self, address: str, name: str) -> None:
        with ExitStack() as opening:
            self.container, self.stream = opening.enter_context(opened_address(address, name))
            self.decoder = VideoDecoder(self.container, self.stream)
            frames = self.decoder.frames()
            first = next(frames, None)
            if first is None:
                raise SourceError(f"No pictures come from {name!r}; check the address.")
            self.first, self._frames = first, chain((first,), frames)
            self._open = opening.pop_all()

    def frames(self) -> Iterator[av.VideoFrame]:
        """The pictures, once; the connection is closed after them. Raises SourceError where it breaks."""
        with self._open:
            yield from self._frames

    def close(self) -> None:
        """Closes it where nobody reads it."""
        self._open.close()


class Stream:
    """Pictures from an address; iterate it once.

    Attributes:
        name: the address, without a password.
        info: size, rate, and the length of what has an end.
        live: whether it has none.
        problem: after iterating to the end, one sentence on what was missing, or None.

    Args:
        address: one of ``SCHEMES``.
        tell: told in a sentence when a connection breaks; called from another thread.

    Raises:
        SourceError: nobody answers there, or no pictures come, or pictures over ``MOST_PIXELS``.
    """

    def __init__(self, address: str, tell: Tell | None = None) -> None:
        self.name = public(address)
        self._address, self._tell = address, tell or (lambda sentence: None)
        self.problem: str | None = None
        self._closed = threading.Event()
        self._changed = threading.Condition()
        self._newest: tuple[av.VideoFrame, float] | None = None
        self._ended = False
        # It is read on from where looking has come: some servers give one connection only.
        self._first: _Connection | None = _Connection(address, self.name)
        try:
            container, stream = self._first.container, self._first.stream
            self._size = shown_size(self._first.first, stream)
            check_size(self.name, *self._size)
        except SourceError:
            self._first.close()
            raise
        self.info: VideoInfo = declared_info(container, stream, self._size)
        self.live = self.info.duration is None and container.size <= 0

    def __iter__(self) -> Iterator[Frame]:
        connection, self._first = self._first, None
        if connection is None:
            raise RuntimeError("A stream can be iterated once.")
        return self._newest_ones(connection) if self.live else self._all(connection)

    def close(self) -> None:
        """Ends a running iteration. The thread that reads ends with its next picture, or a bounded wait."""
        self._closed.set()
        with self._changed:
            self._changed.notify_all()
        if self._first is not None:
            self._first.close()
            self._first = None

    def __enter__(self) -> Stream:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _all(self, connection: _Connection) -> Iterator[Frame]:
        clock, decoder = FrameClock(self.info.fps), connection.decoder
        with suppress(SourceError):  # what came until then counts, as of a damaged file
            for frame in connection.frames():
                picture = self._picture(frame)
                if picture is not None:
                    yield Frame(picture, clock.seconds(decoder.moment(frame)))
                if self._closed.is_set():
                    return
        if decoder.broken or clock.elapsed < (self.info.duration or 0.0) - 0.5 - 2 / self.info.fps:
            self.problem = f"{self.name!r} ended early: only the first {clock.elapsed:.1f} s could be read."

    def _newest_ones(self, connection: _Connection) -> Iterator[Frame]:
        threading.Thread(target=self._read, args=(connection,), name="stream", daemon=True).start()
        while True:
            with self._changed:
                while self._newest is None and not self._ended and not self._closed.is_set():
                    self._changed.wait()
                if self._newest is None or self._closed.is_set():
                    return
                (frame, moment), self._newest = self._newest, None
            picture = self._picture(frame)
            if picture is not None:
                yield Frame(picture, moment)

    def _picture(self, frame: av.VideoFrame) -> np.ndarray | None:
        width, height = self._size
        try:
            return frame.to_ndarray(format="rgb24", width=width, height=height)
        except DECODER_ERRORS:
            return None

    def _read(self, first: _Connection) -> None:
        """The reading thread: connects again and again."""
        connection: _Connection | None = first
        began = time.monotonic()
        reached = 0.0
        while connection is not None and not self._closed.is_set():
            clock = FrameClock(self.info.fps)
            base = max(time.monotonic() - began, reached) if reached else 0.0
            with suppress(SourceError):  # as if the stream had ended: it is tried again
                for frame in connection.frames():
                    reached = base + clock.seconds(connection.decoder.moment(frame))
                    with self._changed:
                        self._newest = frame, reached
                        self._changed.notify_all()
                    if self._closed.is_set():
                        return
            connection = self._connected_again()
        if not self._closed.is_set():
            self.problem = (
                f"{self.name!r} gave pictures for {reached:.1f} s; then none came for {PATIENCE:.0f} s."
            )
        with self._changed:
            self._ended = True
            self._changed.notify_all()

    def _connected_again(self) -> _Connection | None:
        """A new connection; None when the stream is closed or nothing has come for ``PATIENCE``."""
        lost, pause = time.monotonic(), FIRST_PAUSE
        while True:
            self._tell(f"No pictures from {self.name!r}; connecting again in {pause:g} s.")
            if self._closed.wait(pause):
                return None
            try:
                return _Connection(self._address, self.name)
            except SourceError:
                if time.monotonic() - lost > PATIENCE:
                    return None
            pause = min(2 * pause, LONGEST_PAUSE)
