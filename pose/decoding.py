"""What `pose.sources` needs to know about decoding: damaged streams, clocks in files, rotated pictures."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import suppress

import av
import numpy as np
from av.sidedata.sidedata import Type as SideDataType

from pose.containers import DECODER_ERRORS

LONGEST_PAUSE = 600.0
"""Seconds from one frame to the next that are believed. Screen recordings and slide shows stand still for
minutes; further apart, the file's clock has jumped."""
_SHORTEST_STEP = 1e-4
"""Seconds from one frame to the next at least."""
_BACKWARDS = 0.5
"""Seconds backwards that count as a new beginning of the file's clock, not as jitter."""
_STANDSTILL = 1.0
"""Seconds of frames, at the declared rate, for which the file's clock may stand still."""

_PATIENCE = 10_000
"""Packets in a row without a picture after which the rest of a file is given up: five minutes of them."""

_MOST_OBLONG = 4.0
"""Width to height of the longest pixel that is believed."""


class VideoDecoder:
    """Decodes one stream of a container and takes note of what is missing.

    Attributes:
        broken: the last thing read was an error, or a packet that the file holds only in part, or too many
            packets came without a picture.
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
        if stream.duration and stream.time_base:
            return float(stream.duration * stream.time_base) - self._reached
        return 0.0

    def frames(self) -> Iterator[av.VideoFrame]:
        """What can be decoded; packets that cannot be are left out, whatever the decoder raises."""
        fruitless = 0
        for packet in self._packets():
            try:
                for frame in packet.decode():
                    fruitless = -1
                    yield frame
            except DECODER_ERRORS:
                self.skipped += 1
            fruitless += 1
            if fruitless >= _PATIENCE:
                self.broken = True
                break
        if self.broken:  # after an error in the file, the decoder still holds the frames before it
            with suppress(*DECODER_ERRORS):
                yield from self._stream.decode(None)

    def moment(self, frame: av.VideoFrame) -> float | None:
        """When the file shows the frame, in seconds of its own clock; None where it does not say."""
        # AVI numbers its pictures in the order of decoding: as display times, those run to and fro.
        ticks = frame.dts if self._container.format.name == "avi" else frame.pts
        if ticks is None or frame.time_base is None:
            return None
        try:
            return float(ticks * frame.time_base)
        except (ArithmeticError, TypeError, ValueError):  # a clock of no or endlessly many ticks a second
            return None

    def _packets(self) -> Iterator[av.Packet]:
        """The stream's packets. The others only tell how far the file reaches: sound may outlast pictures."""
        start = (self._container.start_time or 0) / av.time_base
        packets = self._container.demux()
        incomplete: av.Packet | None = None
        while True:
            try:
                packet = next(packets, None)
            except DECODER_ERRORS:
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
    """Turns the times in a file into seconds since its first frame that always grow.

    This is the one place that judges times. What follows may rely on it: a frame comes at least 0.1 ms and at
    most ``LONGEST_PAUSE`` after the one before, and all times are finite.

    - A frame without a time (none, NaN, infinite) follows the last one at the declared rate.
    - One that is not later than the last, by jitter, follows it by the shortest step. Once that lasts for a
      second's worth of frames, the file's clock stands still: they follow at the declared rate.
    - One that is far earlier, or later by more than ``LONGEST_PAUSE``, is where the file's clock starts
      again, as in recordings joined end to end: it follows at the declared rate, and the clock runs on.

    Args:
        fps: the declared rate.
    """

    def __init__(self, fps: float) -> None:
        self._step = float(np.clip(1 / fps, _SHORTEST_STEP, LONGEST_PAUSE))
        self._origin: float | None = None
        self._last: float | None = None
        self._standing = 0

    @property
    def elapsed(self) -> float:
        """Seconds of video up to the end of the last frame."""
        return 0.0 if self._last is None else self._last + self._step

    def seconds(self, moment: float | None) -> float:
        """Time of the next frame.

        Args:
            moment: seconds in the file's own time; None where a frame carries none.
        """
        if moment is None or not math.isfinite(moment):
            last = self.elapsed
        elif self._last is None or self._origin is None:
            last = self._start_again(moment)
        else:
            since = moment - self._origin - self._last
            self._standing = self._standing + 1 if since < _SHORTEST_STEP else 0
            stands_still = self._standing * self._step > _STANDSTILL
            if stands_still or not -_BACKWARDS <= since <= LONGEST_PAUSE:
                last = self._start_again(moment)
            else:
                last = self._last + max(since, _SHORTEST_STEP)
        self._last = last
        return last

    def _start_again(self, moment: float) -> float:
        """Takes a moment of the file's clock for the one at which the next frame is due, and gives that."""
        due = self.elapsed
        self._origin = moment - due
        return due


def shown_size(frame: av.VideoFrame, stream: av.VideoStream) -> tuple[int, int]:
    """Width and height of a frame with square pixels, before rotation (DV and DVD store oblong ones)."""
    try:
        aspect = float(stream.sample_aspect_ratio or 1)
    except (ArithmeticError, ValueError):
        aspect = 1.0
    if not 1 / _MOST_OBLONG <= aspect <= _MOST_OBLONG:
        aspect = 1.0  # what no camera makes is a fault of the file
    return max(1, round(frame.width * aspect)), frame.height


def display_matrix(frame: av.VideoFrame) -> np.ndarray:
    """How a frame wants to be shown, from its container's rotation metadata.

    Returns:
        (2, 2) of -1, 0, 1: where the frame's x axis (row 0) and y axis (row 1) point in the upright picture.
    """
    try:
        # PyAV's own types know no keys of this kind.
        side_data = frame.side_data.get(SideDataType.DISPLAYMATRIX)  # type: ignore[call-overload]
    except ValueError:  # PyAV gives up on all side data where it does not know one of them
        side_data = None
    numbers = np.array([] if side_data is None else np.frombuffer(side_data, np.uint8))
    if numbers.size != 36:
        return np.eye(2, dtype=int)
    axes = numbers.view(np.int32).reshape(3, 3)[:2, :2].astype(float)
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
