"""What `pose.sources` needs to know about decoding: damaged streams, clocks in files, rotated pictures."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

import av
import numpy as np
from av.sidedata.sidedata import Type as SideDataType

_BACKWARDS = 0.5
"""Seconds backwards that count as a new beginning of the file's clock, not as jitter."""


_MOST_OBLONG = 4.0
"""Width to height of the longest pixel that is believed."""


class VideoDecoder:
    """Decodes one stream of a container and takes note of what is missing.

    Attributes:
        broken: the last thing read was an error, or a packet that the file holds only in part.
        skipped: number of packets that could not be decoded.
    """

    def __init__(self, container: av.container.InputContainer, stream: av.VideoStream) -> None:
        self.broken = False
        self.skipped = 0
        self._container = container
        self._stream = stream
        self._reached = 0.0

    @property
    def missing(self) -> float:
        """Seconds between the end of the last packet of any stream and the end that the file declares."""
        container, stream = self._container, self._stream
        if not self._reached:
            return 0.0  # a bare stream without times
        if container.duration is not None:
            return container.duration / av.time_base - self._reached
        return float(stream.duration * stream.time_base) - self._reached if stream.duration else 0.0

    def frames(self) -> Iterator[av.VideoFrame]:
        for packet in self._packets():
            try:
                yield from packet.decode()
            except av.FFmpegError:
                self.skipped += 1
        if self.broken:  # after an error in the file, the decoder still holds the frames before it
            with suppress(av.FFmpegError):
                yield from self._stream.decode(None)

    def moment(self, frame: av.VideoFrame) -> float | None:
        """When the file shows the frame, in seconds of its own clock; None where it does not say."""
        if self._container.format.name == "avi":
            # AVI numbers its pictures in the order of decoding: as display times, those run to and fro.
            return None if frame.dts is None else float(frame.dts * frame.time_base)
        return frame.time

    def _packets(self) -> Iterator[av.Packet]:
        """The stream's packets. The others only tell how far the file reaches: sound may outlast pictures."""
        start = (self._container.start_time or 0) / av.time_base
        packets = self._container.demux()
        incomplete: av.Packet | None = None
        while True:
            try:
                packet = next(packets, None)
            except av.FFmpegError:
                self.broken = True
                return
            if packet is None:
                return
            if packet.size and incomplete is not None:
                # The file goes on after it, as where recordings are joined: the decoder may judge. As the
                # last packet of a file that was cut off it would only become a smeared picture.
                if incomplete.stream is self._stream:
                    yield incomplete
                incomplete, self.broken = None, False
            if packet.is_corrupt:
                incomplete, self.broken = packet, True
                continue
            moment = packet.dts if packet.pts is None else packet.pts  # avi may know only the former
            if moment is not None and packet.time_base:
                end = float((moment + (packet.duration or 0)) * packet.time_base)
                self._reached = max(self._reached, end - start)
            if packet.stream is self._stream:
                yield packet


class FrameClock:
    """Turns the times in a file into seconds since its first frame that never decrease."""

    def __init__(self, fps: float) -> None:
        self._step = 1 / fps
        self._origin: float | None = None
        self._last: float | None = None

    @property
    def elapsed(self) -> float:
        """Seconds of video up to the end of the last frame."""
        return 0.0 if self._last is None else self._last + self._step

    def seconds(self, moment: float | None) -> float:
        """Time of the next frame.

        Args:
            moment: seconds in the file's own time; None where a frame carries none.
        """
        expected = self.elapsed
        if moment is None:
            seconds = expected
        else:
            if self._origin is None:
                self._origin = moment - expected
            seconds = moment - self._origin
            if seconds < expected - self._step - _BACKWARDS:
                # The file's clock starts again, as in recordings joined end to end.
                self._origin, seconds = moment - expected, expected
        self._last = seconds if self._last is None else max(seconds, self._last)
        return self._last


def shown_size(frame: av.VideoFrame, stream: av.VideoStream) -> tuple[int, int]:
    """Width and height of a frame with square pixels, before rotation (DV and DVD store oblong ones)."""
    aspect = float(stream.sample_aspect_ratio or 1)
    if not 1 / _MOST_OBLONG <= aspect <= _MOST_OBLONG:
        aspect = 1.0  # what no camera makes is a fault of the file
    return max(1, round(frame.width * aspect)), frame.height


def display_matrix(frame: av.VideoFrame) -> np.ndarray:
    """How a frame wants to be shown, from its container's rotation metadata.

    Returns:
        (2, 2) of -1, 0, 1: where the frame's x axis (row 0) and y axis (row 1) point in the upright picture.
    """
    side_data = frame.side_data.get(SideDataType.DISPLAYMATRIX)
    if side_data is None:
        return np.eye(2, dtype=int)
    axes = np.frombuffer(side_data, np.int32).reshape(3, 3)[:2, :2].astype(float)
    turned = abs(axes[0, 1]) > abs(axes[0, 0])
    nearest = np.where(np.eye(2, dtype=bool) ^ turned, np.sign(axes), 0).astype(int)
    return nearest if abs(np.linalg.det(nearest)) == 1 else np.eye(2, dtype=int)


def upright(image: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    """The picture as players show it: turned and flipped by quarter turns."""
    if matrix[0, 1]:
        image = image.transpose(1, 0, 2)
    flip_y, flip_x = matrix.sum(axis=0)[::-1] < 0
    if flip_y:
        image = image[::-1]
    if flip_x:
        image = image[:, ::-1]
    return np.ascontiguousarray(image)
