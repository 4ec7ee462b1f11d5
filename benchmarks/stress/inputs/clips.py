"""Small real videos of every usual kind, made by FFmpeg's own libraries."""

from __future__ import annotations

import io
from dataclasses import dataclass, replace
from fractions import Fraction

import av
import numpy as np

MOST_FRAMES = 24


@dataclass(frozen=True)
class Format:
    """A container with a codec.

    Attributes:
        container, codec, pixels: FFmpeg's names.
        ending: of files.
        odd_sizes: whether sides may be odd.
        rates: frame rates to choose from, where the clock ticks with the pictures; any if empty.
    """

    container: str
    codec: str
    pixels: str
    ending: str
    odd_sizes: bool = False
    rates: tuple[Fraction, ...] = ()


_MPEG_RATES = (Fraction(25), Fraction(30000, 1001), Fraction(50), Fraction(24))

FORMATS = (
    Format("mp4", "libx264", "yuv420p", ".mp4"),
    Format("mp4", "mpeg4", "yuv420p", ".m4v"),
    Format("mov", "libx264", "yuv420p", ".mov"),
    Format("mov", "mjpeg", "yuvj420p", ".mov", odd_sizes=True),
    Format("matroska", "libx264", "yuv420p", ".mkv"),
    Format("matroska", "mjpeg", "yuvj420p", ".mkv", odd_sizes=True),
    Format("matroska", "ffv1", "bgr0", ".mkv", odd_sizes=True),
    Format("webm", "libvpx", "yuv420p", ".webm", odd_sizes=True),
    Format("webm", "libvpx-vp9", "yuv420p", ".webm", odd_sizes=True),
    Format("avi", "mjpeg", "yuvj420p", ".avi", odd_sizes=True),
    Format("avi", "mpeg4", "yuv420p", ".avi"),
    Format("avi", "rawvideo", "bgr24", ".avi", odd_sizes=True),
    Format("gif", "gif", "rgb8", ".gif", odd_sizes=True),
    Format("apng", "apng", "rgb24", ".png", odd_sizes=True),
    Format("mpegts", "mpeg2video", "yuv420p", ".ts", rates=_MPEG_RATES),
    Format("mpegts", "libx264", "yuv420p", ".ts"),
    Format("flv", "flv", "yuv420p", ".flv"),
    Format("h264", "libx264", "yuv420p", ".h264"),
    Format("mjpeg", "mjpeg", "yuvj420p", ".mjpeg", odd_sizes=True),
    Format("yuv4mpegpipe", "wrapped_avframe", "yuv420p", ".y4m", odd_sizes=True, rates=_MPEG_RATES),
    Format("ivf", "libvpx", "yuv420p", ".ivf"),
    Format("nut", "mpeg4", "yuv420p", ".nut"),
)


@dataclass(frozen=True)
class Clip:
    """What a video is to be.

    Attributes:
        format: its container and codec.
        size: (width, height) in pixels.
        rate: frames a second, as declared.
        times: of the frames, in units of 1 / ``ticks`` seconds.
        ticks: a second.
        seed: of the pictures.
    """

    format: Format
    size: tuple[int, int]
    rate: Fraction
    times: tuple[int, ...]
    ticks: int
    seed: int


def plain(form: Format, frames: int = 12, size: tuple[int, int] = (64, 48)) -> Clip:
    """Nothing special about it."""
    ticks = 15_000
    rate = form.rates[0] if form.rates else Fraction(25)
    step = int(ticks / rate)
    return Clip(form, size, rate, tuple(step * number for number in range(frames)), ticks, 0)


def clip(rng: np.random.Generator) -> Clip:
    """One with any format, size, rate and clock."""
    form = FORMATS[rng.integers(len(FORMATS))]
    size = tuple(int(2 ** rng.uniform(1, 8)) for _ in range(2))
    if not form.odd_sizes:
        size = tuple(2 * (side // 2) for side in size)
    rates = form.rates or tuple(map(Fraction, ("25", "30000/1001", "1/10", "1", "7", "240", "1000", "90000")))
    made = plain(form, int(rng.integers(1, MOST_FRAMES + 1)), size)
    rate = rates[rng.integers(len(rates))]
    made = replace(made, rate=rate, seed=int(rng.integers(2**31)))
    return replace(made, times=_times(rng, len(made.times), rate, made.ticks))


def _times(rng: np.random.Generator, count: int, rate: Fraction, ticks: int) -> tuple[int, ...]:
    """Regular ones, mostly; or those of a clock that jumps, stands or runs backwards."""
    step = max(1, round(ticks / rate))
    regular = np.arange(count) * step
    kind = rng.integers(8)
    if kind == 0:
        regular = np.sort(rng.integers(0, max(2, count * step), count))
    elif kind == 1:
        regular = np.full(count, int(rng.integers(0, 1000)))
    elif kind == 2:
        regular = regular[::-1].copy()
    elif kind == 3:
        regular[count // 2 :] += int(rng.choice([10, 10**3, 10**5, 10**7])) * ticks
    elif kind == 4:
        regular += int(rng.choice([-1, 1]) * 10 ** int(rng.integers(1, 10)))
    elif kind == 5:
        regular[count // 2 :] -= regular[count // 2]
    return tuple(int(time) for time in regular)


def encoded(made: Clip) -> bytes:
    """The file. Where FFmpeg refuses the times, the same with regular ones."""
    try:
        return _encoded(made)
    except (av.FFmpegError, ValueError, OverflowError):
        regular = plain(made.format, len(made.times), made.size)
        return _encoded(replace(regular, seed=made.seed))


def _encoded(made: Clip) -> bytes:
    file = io.BytesIO()
    with av.open(file, "w", format=made.format.container) as container:
        stream = container.add_stream(made.format.codec, rate=made.rate)
        stream.width, stream.height = made.size
        stream.pix_fmt = made.format.pixels
        if not made.format.rates:  # whose clocks tick with their pictures
            stream.codec_context.time_base = Fraction(1, made.ticks)
        if made.format.codec == "libx264":
            stream.options = {"preset": "ultrafast"}
        if made.format.codec.startswith("libvpx"):
            stream.options = {"deadline": "realtime", "cpu-used": "8"}
        for picture, time in zip(_pictures(made), made.times, strict=True):
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24").reformat(format=made.format.pixels)
            frame.pts, frame.time_base = time, Fraction(1, made.ticks)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return file.getvalue()


def _pictures(made: Clip) -> list[np.ndarray]:
    """A square that moves over a coloured, slightly noisy ground."""
    rng = np.random.default_rng(made.seed)
    width, height = made.size
    ground = rng.integers(0, 200, 3) + rng.integers(0, 20, (height, width, 3))
    pictures = []
    for number in range(len(made.times)):
        picture = ground.astype(np.uint8)
        left = 3 * number % max(1, width)
        picture[height // 4 : height // 2 + 1, left : left + width // 4 + 1] = rng.integers(0, 256, 3)
        pictures.append(picture)
    return pictures
