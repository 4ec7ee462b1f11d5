"""Files that are, were, or call themselves videos."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from benchmarks.stress.inputs import numbers, pictures
from benchmarks.stress.inputs.clips import FORMATS, clip, encoded, plain
from benchmarks.stress.inputs.damage import damaged, truncated


@dataclass(frozen=True)
class Video:
    """A file.

    Attributes:
        name: it has.
        data: its bytes.
        refused: it is no video and leads elsewhere, so that nothing may come of it.
    """

    name: str
    data: bytes
    refused: bool = False


@dataclass(frozen=True)
class Elsewhere:
    """What a playlist may lead to: the path of a video, and an address where somebody listens."""

    path: str
    address: str


def video(rng: np.random.Generator, elsewhere: Elsewhere) -> Video:
    """One at random, often under a name that means something to FFmpeg or to a shell."""
    made = _KINDS[rng.integers(len(_KINDS))](rng, elsewhere)
    if rng.random() < 0.15:
        stems = (
            "a b ",
            " a",
            "-y",
            "x%03d",
            "ünï ☃",
            "a\nb",
            "concat:a|b",
            "pipe:1",
            "http:x",
            "[*?]",
            "'\"$(x)",
            "n" * 200,
        )
        made = Video(
            stems[rng.integers(len(stems))] + "." + made.name.rpartition(".")[2], made.data, made.refused
        )
    return made


@lru_cache(64)
def _plain(number: int, frames: int = 12, size: tuple[int, int] = (64, 48)) -> bytes:
    return encoded(plain(FORMATS[number], frames, size))


def _sound(rng: np.random.Generator, elsewhere: Elsewhere) -> Video:
    """A whole one with an odd size, rate or clock."""
    made = clip(rng)
    return Video("clip" + made.format.ending, encoded(made))


def _spoilt(rng: np.random.Generator, elsewhere: Elsewhere) -> Video:
    """A damaged one."""
    number = int(rng.integers(len(FORMATS)))
    data = _plain(number) if rng.random() < 0.7 else encoded(clip(rng))
    return Video("clip" + FORMATS[number].ending, damaged(data, rng))


def _boxes(rng: np.random.Generator, elsewhere: Elsewhere) -> Video:
    """An MP4 or MOV whose tables tell something else: sizes, durations, counts, places, rotation."""
    number = int(rng.integers(4))
    data = bytearray(_plain(number))
    names = (b"tkhd", b"mvhd", b"mdhd", b"stts", b"stsz", b"stco", b"stsc", b"stsd", b"stss", b"ctts",
    b"elst",
             b"avc1", b"avcC", b"moov", b"trak", b"mdat", b"hdlr", b"pasp")  # fmt: skip
    for _ in range(int(rng.integers(1, 4))):
        name = names[rng.integers(len(names))]
        place = data.find(name)
        if place < 4:
            continue
        offset = place - 4 if rng.random() < 0.15 else place + 4 * int(rng.integers(1, 22))
        value = int(
            rng.choice([0, 1, 2, 255, 0x10000, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 0xFFFF0000, 0x40000000])
        )
        if offset + 4 <= len(data):
            data[offset : offset + 4] = struct.pack(">I", value)
    return Video("clip" + FORMATS[number].ending, bytes(data))


def _turned(rng: np.random.Generator, elsewhere: Elsewhere) -> Video:
    """An MP4 with a display matrix: quarter turns, mirrored, sheared, or nonsense."""
    data = bytearray(_plain(0))
    one = 0x10000
    matrices = ((0, one, -one, 0), (-one, 0, 0, -one), (0, -one, one, 0), (-one, 0, 0, one), (0, 0, 0, 0),
                (one, one, one, one), (2**31 - 1, -(2**31), 1, -1), (46341, 46341, -46341,
                46341))  # fmt: skip
    a, b, c, d = matrices[rng.integers(len(matrices))]
    place = data.index(b"tkhd") + 44
    data[place : place + 36] = struct.pack(">9i", a, b, 0, c, d, 0, 0, 0, 1 << 30)
    return Video("turned.mp4", bytes(data))


def _changing(rng: np.random.Generator, elsewhere: Elsewhere) -> Video:
    """Streams of different sizes one behind the other."""
    number = int(
        rng.choice([n for n, form in enumerate(FORMATS) if form.container in ("mpegts", "h264", "mjpeg")])
    )
    sizes = ((64, 48), (128, 96), (32, 128), (250, 2), (640, 480))
    parts = [_plain(number, 6, sizes[rng.integers(len(sizes))]) for _ in range(int(rng.integers(2, 5)))]
    return Video("changing" + FORMATS[number].ending, b"".join(parts))


def _glued(rng: np.random.Generator, elsewhere: Elsewhere) -> Video:
    """Files of different formats one behind the other."""
    first, second = (int(rng.integers(len(FORMATS))) for _ in range(2))
    return Video("glued" + FORMATS[first].ending, truncated(_plain(first), rng) + _plain(second))


def _absurd(rng: np.random.Generator, elsewhere: Elsewhere) -> Video:
    """A few bytes that declare a picture of a gigabyte."""
    side = int(rng.choice([5000, 16000, 30000, 65535]))
    kind = rng.integers(6)
    if kind == 0:
        gif = bytearray(_plain(12))
        gif[6:10] = struct.pack("<HH", side, side)
        place = gif.find(b"\x2c") + 5
        if rng.random() < 0.5:
            gif[place : place + 4] = struct.pack("<HH", side, side)
        return Video("huge.gif", bytes(gif))
    if kind == 1:
        return Video("huge.png", _png_of(side, side, _plain(13)))
    if kind == 2:
        head = f"YUV4MPEG2 W{side} H{numbers.whole(rng)} F{numbers.whole(rng)}:1 Ip A1:1 C420jpeg\nFRAME\n"
        return Video("huge.y4m", head.encode() + bytes(1000))
    if kind == 3:
        ivf = bytearray(_plain(20))
        ivf[12:16] = struct.pack("<HH", side, side)
        return Video("huge.ivf", bytes(ivf))
    if kind == 4:
        data = _plain(9)
        place = data.find(b"\xff\xc0")
        return Video("huge.avi", data[: place + 5] + struct.pack(">HH", side, side) + data[place + 9 :])
    return Video("bomb.png", pictures.png_bomb(rng))


def _png_of(width: int, height: int, data: bytes) -> bytes:
    """A PNG with another size in its header, and the right checksum."""
    content = struct.pack(">II", width, height) + data[24:29]
    return data[:16] + content + struct.pack(">I", zlib.crc32(b"IHDR" + content)) + data[33:]


def _other(rng: np.random.Generator, elsewhere: Elsewhere) -> Video:
    """Another kind of file with the name of a video."""
    wav = (
        b"RIFF"
        + struct.pack("<I", 36 + 8000)
        + b"WAVEfmt "
        + struct.pack("<IHHIIHH", 16, 1, 1, 8000, 8000, 1, 8)
    )
    files = (
        b"", b"\0", b"hello\n", bytes(10_000), rng.bytes(5000), b"%PDF-1.7\n", b"PK\x03\x04" + bytes(100),
        b"<html><script>alert(1)</script></html>", b"\x7fELF" + bytes(60), pictures.figure(1),
        pictures.other_format(rng),
        wav + b"data" + struct.pack("<I", 8000) + bytes(8000), b"ID3\x04" + bytes(500),
        b"1\n00:00:01,000 --> 00:00:02,000\nx\n",
        b"<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'/>",
        b"[Script Info]\n[Events]\nDialogue: 0", b"\x1b[31mtext\n" * 50,
        pictures.gif_bomb(rng), b"GIF89a", b"RIFF\xff\xff\xff\xffAVI LIST",
        b"\x1a\x45\xdf\xa3" + rng.bytes(200), b"OggS" + bytes(50),
    )  # fmt: skip
    endings = (".mp4", ".mov", ".avi", ".webm", ".gif", ".mkv", ".m4v", ".txt", "", ".srt", ".png")
    return Video("file" + endings[rng.integers(len(endings))], files[rng.integers(len(files))])


def _playlist(rng: np.random.Generator, elsewhere: Elsewhere) -> Video:
    """A list that leads to other files or to a network: nobody has chosen those."""
    to = (
        elsewhere.path,
        f"file://{elsewhere.path}",
        f"{elsewhere.address}/x.mp4",
        "/etc/passwd",
        "subfile,,start,0,end,9,,:x",
    )[rng.integers(5)]
    lists = (
        f"#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:5\n#EXTINF:5,\n{to}\n#EXT-X-ENDLIST\n",
        f"#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\n{to}\n",
        f'#EXTM3U\n#EXT-X-MAP:URI="{to}"\n#EXTINF:5,\n{to}\n#EXT-X-ENDLIST\n',
        f"ffconcat version 1.0\nfile '{to}'\nduration 5\n",
        f"<?xml version='1.0'?><MPD xmlns='urn:mpeg:dash:schema:mpd:2011' type='static'><Period>"
        f"<AdaptationSet>"
        f"<Representation id='1'><BaseURL>{to}</BaseURL></Representation></AdaptationSet></Period></MPD>",
        f"v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\n"
        f"a=control:{to}\nm=video 5004 RTP/AVP 96\n",
        f"[playlist]\nFile1={to}\nNumberOfEntries=1\n",
        f"<smil><body><video src='{to}'/></body></smil>",
        f"# Timeline\n{to}\n",
        f"<?xml version='1.0'?><SmoothStreamingMedia><StreamIndex Type='video' Url='{to}'/>"
        f"</SmoothStreamingMedia>",
        f"RTSPtext\nrtsp://{to}\n",
    )  # fmt: skip
    endings = (".mp4", ".m3u8", ".mpd", ".ffconcat", ".mkv", ".sdp", ".avi", "")
    return Video(
        "list" + endings[rng.integers(len(endings))], lists[rng.integers(len(lists))].encode(), refused=True
    )


_KINDS: tuple[Callable[[np.random.Generator, Elsewhere], Video], ...] = (
    _sound, _sound, _sound, _spoilt, _spoilt, _spoilt, _spoilt, _spoilt, _boxes, _boxes, _turned, _changing,
    _glued,
    _absurd, _other, _playlist,
)  # fmt: skip
