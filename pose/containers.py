"""Opening video files: what is no video, or would take too much memory, is refused with a sentence.

A file may claim anything in a few bytes, so its claims are judged before anything is allocated for them.
"""

from __future__ import annotations

import ctypes
import logging
import os
import re
import stat
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import islice
from pathlib import Path

import av
import av.logging

from pose.errors import UserError

MOST_PIXELS = 8192 * 4320
"""Pixels of a frame: 8K, the most that cameras record. As RGB that is 106 MB. H.264, the greediest codec, may
keep 16 frames for reference and one for each thread: 1.1 GB of the usual 4:2:0 at most."""

_CODEC_PIXELS = 8192 * 4352
"""The same for FFmpeg's decoders, which count whole blocks: some pictures are a little larger in memory."""

_THREADS = 4
"""Of a decoder. Each holds a frame of its own, and the poses take longer than the decoding in any case."""

_LARGEST_BLOCK = 160 * 2**20
"""Bytes that FFmpeg allocates at once: a frame's plane (142 MB at 4 bytes a pixel), or the index of a file,
which a few bytes may claim to have any number of entries (24 bytes each: 7 million are 65 hours of video)."""

_MOST_STREAMS = 100
"""Of a file: FFmpeg opens a decoder for each to look at it."""

_TEXT_AND_PLAYLISTS = {"tty", "hls", "concat", "dash"}
"""Formats that FFmpeg opens as if they were videos: text drawn as a terminal, lists of other files."""

# Everything that FFmpeg says of damaged files, in PyAV's words: its own errors, and those of Python code that
# turns what stands in the file into numbers and text.
DECODER_ERRORS = (
    av.FFmpegError, OSError, ValueError, ArithmeticError, LookupError, MemoryError, RuntimeError, TypeError,
    EOFError, struct.error,
)  # fmt: skip

_TOO_LARGE = re.compile(r"Picture size (\d+)x(\d+) exceeds")
_listening = threading.Lock()


# While `refused_size` listens, other files' decoders may speak too; Python would print that.
logging.getLogger("libav").addHandler(logging.NullHandler())

with suppress(OSError, AttributeError):  # where a build hides FFmpeg's functions, its own limit of 2 GB holds
    # PyAV does not know this one. Through PyAV's library the loader finds the FFmpeg that PyAV uses.
    ctypes.CDLL(av._core.__file__).av_max_alloc(ctypes.c_size_t(_LARGEST_BLOCK))


class SourceError(UserError, ValueError):
    """A video or camera cannot be used. The message is one sentence for the user."""


_NETWORK = "rtsp,rtp,srtp,udp,tcp,tls,http,https,httpproxy,crypto"
_OPEN_WITHIN, _READ_WITHIN = 10.0, 10.0
"""Seconds of waiting for an answer, and for the next bytes of one."""


@contextmanager
def opened_address(address: str, name: str) -> Iterator[tuple[av.container.InputContainer, av.VideoStream]]:
    """As ``opened``, for an address in the network; every wait has an end.

    Args:
        address: what is opened.
        name: what sentences call it; without a password.

    Raises:
        SourceError: nobody answers in time, or not with pictures that can be read.
    """
    pixels = {"max_pixels": str(_CODEC_PIXELS)}
    # TCP: pictures come whole or not at all. The whitelist keeps answers from reading files of this machine.
    limits = {"protocol_whitelist": _NETWORK, "max_streams": str(_MOST_STREAMS), "rtsp_transport": "tcp"}
    try:
        container = av.open(
            address, options=limits | pixels, metadata_errors="replace", timeout=(_OPEN_WITHIN, _READ_WITHIN)
        )
    except DECODER_ERRORS as error:
        why = getattr(error, "strerror", None) or "no answer that is a video"
        raise SourceError(f"{name!r} cannot be opened ({why}); check the address and the network.") from None
    try:
        with container:
            stream = _video_stream(container, name)
            stream.codec_context.options = pixels
            stream.codec_context.thread_count = _THREADS
            stream.thread_type = "SLICE"  # threads for whole frames would hold some back
            check_size(name, stream.codec_context.width, stream.codec_context.height)
            yield container, stream
    except SourceError:
        raise
    except MemoryError:
        raise SourceError(f"There is not enough memory to read {name!r}; close other programs.") from None
    except DECODER_ERRORS as error:
        raise SourceError(f"{name!r} does not send pictures that can be read.") from error


@contextmanager
def opened(path: Path) -> Iterator[tuple[av.container.InputContainer, av.VideoStream]]:
    """The open container and its video stream, whose decoder takes no frame over ``MOST_PIXELS``.

    Both are closed again on leaving. What FFmpeg raises meanwhile becomes a SourceError.

    Raises:
        SourceError: no such file, no file that could be a video, or no pictures in it that can be read.
    """
    _check_file(path)
    name = path.name
    pixels = {"max_pixels": str(_CODEC_PIXELS)}
    try:
        # The whitelist keeps playlists from fetching anything from a network.
        limits = {"protocol_whitelist": "file", "max_streams": str(_MOST_STREAMS)} | pixels
        container = av.open(f"file:{path}", options=limits, metadata_errors="replace")
    except PermissionError:
        raise SourceError(f"{name!r} may not be read; check its permissions.") from None
    except DECODER_ERRORS:
        raise SourceError(
            f"{name!r} cannot be read as a video: it is damaged, incomplete or another kind of file."
        ) from None
    try:
        with container:
            stream = _video_stream(container, name)
            stream.codec_context.options = pixels
            stream.codec_context.thread_count = _THREADS
            stream.thread_type = "AUTO"
            check_size(name, stream.codec_context.width, stream.codec_context.height)
            yield container, stream
    except SourceError:
        raise
    except MemoryError:
        raise SourceError(f"There is not enough memory to read {name!r}; close other programs.") from None
    except DECODER_ERRORS as error:
        raise SourceError(f"{name!r} is damaged and cannot be read; record or copy it again.") from error


def check_size(name: str, width: int, height: int) -> None:
    """Raises SourceError if frames of ``width`` x ``height`` pixels are over ``MOST_PIXELS``."""
    if width * height > MOST_PIXELS:
        raise SourceError(
            f"The pictures of {name!r} have {width} x {height} pixels, more than the limit of 8192 x 4320 "
            f"({MOST_PIXELS:,} in all); scale the video down first."
        )


def refused_size(path: Path) -> tuple[int, int] | None:
    """The size for which the decoder refuses the first pictures, where it does so for their size.

    Some formats (GIF, PNG) tell sizes to the decoder alone, which says them in FFmpeg's log. It is listened
    to only here, where a file has failed already: listening is a setting of the whole process.
    """
    with _listening:
        before = av.logging.get_level(), av.logging.get_skip_repeated()
        av.logging.set_level(av.logging.ERROR)
        av.logging.set_skip_repeated(False)
        try:
            with (
                av.logging.Capture(local=True) as messages,
                suppress(SourceError),
                opened(path) as (container, stream),
            ):
                stream.thread_type = "NONE"  # other threads' messages are not captured
                for packet in islice(container.demux(stream), 10):
                    with suppress(*DECODER_ERRORS):
                        packet.decode()
        finally:
            av.logging.set_level(before[0])
            av.logging.set_skip_repeated(before[1])
    found = next(filter(None, (_TOO_LARGE.search(text) for _, _, text in messages)), None)
    return (int(found[1]), int(found[2])) if found else None


def _check_file(path: Path) -> None:
    """Refuses all but files with something in them. Pipes and devices are not even opened: they may block."""
    try:
        state = os.stat(path)
    except (FileNotFoundError, NotADirectoryError):
        raise SourceError(f"There is no file {str(path)!r}; check the path.") from None
    except PermissionError:
        raise SourceError(f"{str(path)!r} may not be read; check its permissions.") from None
    except (OSError, ValueError) as error:  # too long a name, links in a circle, a zero byte
        why = getattr(error, "strerror", None) or error
        raise SourceError(f"{str(path)!r} cannot be the name of a video ({why}); check the path.") from None
    if not stat.S_ISREG(state.st_mode):
        raise SourceError(f"{str(path)!r} is not a file; give the path of a video file.")
    if state.st_size == 0:
        raise SourceError(f"{path.name!r} is empty (0 bytes); record or copy the video again.")


def _video_stream(container: av.container.InputContainer, name: str) -> av.VideoStream:
    if container.format.name in _TEXT_AND_PLAYLISTS:
        raise SourceError(f"{name!r} is a text file, not a video.")
    stream = container.streams.best("video")
    # Music files carry their cover as a video of one picture.
    if not isinstance(stream, av.VideoStream) or stream.disposition & av.stream.Disposition.attached_pic:
        raise SourceError(f"{name!r} has no video track; choose a file with pictures.")
    if stream.codec_context is None:
        raise SourceError(f"The video codec of {name!r} is not supported; convert it to H.264 (mp4).")
    return stream
