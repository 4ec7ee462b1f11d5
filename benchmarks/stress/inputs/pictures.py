"""Pictures as they come over a socket: good ones, damaged ones, bombs and other formats than JPEG."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable
from functools import cache

import cv2
import numpy as np
from PIL import Image

from app.drawing.example_clip import render
from benchmarks.stress.inputs.damage import damaged


@cache
def figure(tenths: int = 0, size: tuple[int, int] = (320, 240), quality: int = 75) -> bytes:
    """The project's figure at a tenth of a second, as a camera's JPEG."""
    picture = cv2.cvtColor(cv2.resize(render(tenths / 10), size), cv2.COLOR_RGB2BGR)
    return cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, quality])[1].tobytes()


def good(rng: np.random.Generator) -> bytes:
    """One that a camera could give."""
    size = ((320, 240), (640, 480), (240, 320), (16, 16), (1, 1), (17, 333))[rng.integers(6)]
    return figure(int(rng.integers(90)), size)


def noise(rng: np.random.Generator) -> bytes:
    """A picture of nothing."""
    width, height = (int(2 ** rng.uniform(0, 10)) for _ in range(2))
    return cv2.imencode(".jpg", rng.integers(0, 256, (height, width, 3), np.uint8))[1].tobytes()


def spoilt(rng: np.random.Generator) -> bytes:
    """A damaged one."""
    return damaged(good(rng), rng)


def claimed(rng: np.random.Generator) -> bytes:
    """A few hundred bytes that claim to be a huge picture."""
    data = bytearray(figure(0, (16, 16)))
    place = data.index(b"\xff\xc0") + 5  # height and width of the frame's header
    sides = [
        (20000, 20000),
        (65535, 65535),
        (65535, 1),
        (1, 65535),
        (0, 0),
        (0, 100),
        (4097, 600),
        (1921, 1921),
    ]
    data[place : place + 4] = struct.pack(">HH", *sides[rng.integers(len(sides))])
    return bytes(data)


def progressive(rng: np.random.Generator) -> bytes:
    """A JPEG of many scans; each may be repeated, which costs the decoder a walk over the picture."""
    side = int(rng.choice([64, 640, 1900]))
    stored = io.BytesIO()
    Image.new("RGB", (side, side), (90, 120, 60)).save(stored, "JPEG", progressive=True)
    data = stored.getvalue()
    last = data.rindex(b"\xff\xda")
    return data[:last] + data[last:-2] * int(rng.choice([1, 30, 1000])) + data[-2:]


def other_format(rng: np.random.Generator) -> bytes:
    """A picture of a format that the page never sends."""
    ending = (".png", ".bmp", ".tiff", ".jp2", ".webp", ".hdr", ".ppm", ".pbm", ".sr", ".exr", ".pfm")[
        rng.integers(11)
    ]
    picture = rng.integers(0, 256, (64, 96, 3), np.uint8)
    if ending in (".hdr", ".pfm", ".exr"):
        picture = picture.astype(np.float32)
    elif ending == ".pbm":
        picture = picture[..., 0]
    try:
        written, stored = cv2.imencode(ending, picture)
    except cv2.error:  # not in every OpenCV
        written = False
    data = stored.tobytes() if written else b"GIF89a" + bytes(64)
    return damaged(data, rng) if rng.random() < 0.5 else data


def png_bomb(rng: np.random.Generator) -> bytes:
    """A PNG whose rows are all alike, so that a few kilobytes are hundreds of megabytes."""
    width, height = int(rng.choice([20_000, 30_000])), int(rng.choice([10_000, 20_000]))
    packer = zlib.compressobj(9)
    row = bytes(1 + width // 8)
    rows = b"".join(packer.compress(row * 100) for _ in range(height // 100)) + packer.flush()

    def chunk(kind: bytes, content: bytes) -> bytes:
        return (
            struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
        )

    start = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", start) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def gif_bomb(rng: np.random.Generator) -> bytes:
    """A GIF of some bytes that claims the largest picture that it can."""
    return b"GIF89a" + struct.pack("<HHBBB", 65535, 65535, 0x80, 0, 0) + bytes(int(rng.integers(200)))


def other_file(rng: np.random.Generator) -> bytes:
    """Not a picture at all."""
    texts = (b"", b"\0", b"\xff\xd8", b"\xff\xd8\xff\xd9", b"%PDF-1.7\n",
    b"<svg xmlns='http://www.w3.org/2000/svg'/>",
             b"\x7fELF", b"PK\x03\x04", b"#EXTM3U\nfile:///etc/passwd\n")  # fmt: skip
    return texts[rng.integers(len(texts))] + rng.bytes(int(rng.integers(0, 2000)))


def large(rng: np.random.Generator) -> bytes:
    """More bytes than a page ever sends."""
    return (
        figure(0, (16, 16))[:-2]
        + bytes(int(rng.choice([10**6, 3 * 2**20, 2**22 - 8, 5 * 10**6])))
        + b"\xff\xd9"
    )


def turned(rng: np.random.Generator) -> bytes:
    """A JPEG that says in its EXIF, truly or not, which side is up."""
    exif = Image.Exif()
    exif[0x0112] = int(rng.integers(0, 20))
    stored = io.BytesIO()
    Image.open(io.BytesIO(figure(3))).save(stored, "JPEG", exif=exif)
    data = stored.getvalue()
    return data if rng.random() < 0.5 else damaged(data[:400], rng) + data[400:]


ODD: tuple[Callable[[np.random.Generator], bytes], ...] = (
    noise, spoilt, spoilt, spoilt, claimed, claimed, progressive, other_format, other_format, png_bomb,
    gif_bomb,
    other_file, large, turned,
)  # fmt: skip


def odd(rng: np.random.Generator) -> bytes:
    """Any but a good one."""
    return ODD[rng.integers(len(ODD))](rng)
