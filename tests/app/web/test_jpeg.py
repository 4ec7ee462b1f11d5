"""What the bytes of a JPEG claim."""

from __future__ import annotations

import struct

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.web.jpeg import jpeg_size


def encode(width: int, height: int, *options: int, colours: int = 3, kind: str = ".jpg") -> bytes:
    picture = np.random.default_rng(0).integers(0, 255, (height, width, colours), dtype=np.uint8)
    return cv2.imencode(kind, picture, list(options))[1].tobytes()


def frame_header(width: int, height: int, marker: int = 0xC0, precision: int = 8, colours: int = 3) -> bytes:
    content = struct.pack(">BHHB", precision, height, width, colours)
    content += b"".join(bytes([number + 1, 0x11, 0]) for number in range(colours))
    return bytes([0xFF, marker]) + struct.pack(">H", 2 + len(content)) + content


def insert(jpeg: bytes, segment: bytes) -> bytes:
    return jpeg[:2] + segment + jpeg[2:]


WHOLE = encode(64, 48)


@pytest.mark.parametrize(
    "options",
    [
        (),
        (cv2.IMWRITE_JPEG_PROGRESSIVE, 1),
        (cv2.IMWRITE_JPEG_OPTIMIZE, 1),
        (cv2.IMWRITE_JPEG_RST_INTERVAL, 4),
    ],
    ids=["baseline", "progressive", "optimised", "restarts"],
)
@pytest.mark.parametrize("colours", [1, 3])
def test_sizes_are_read(options: tuple[int, ...], colours: int):
    assert jpeg_size(encode(321, 97, *options, colours=colours)) == (321, 97)
    assert jpeg_size(encode(1, 1, *options, colours=colours)) == (1, 1)


def test_comments_and_thumbnails_in_front_do_not_matter():
    thumbnail = b"\xff\xe1" + struct.pack(">H", 2 + len(WHOLE)) + WHOLE
    assert jpeg_size(insert(WHOLE, thumbnail)) == (64, 48)


@pytest.mark.parametrize("kind", [".png", ".bmp", ".tiff", ".jp2", ".hdr", ".webp", ".ppm"])
def test_other_formats_are_none(kind: str):
    assert jpeg_size(encode(64, 48, kind=kind)) is None


def test_every_truncation_is_none():
    for length in range(len(WHOLE)):
        assert jpeg_size(WHOLE[:length]) is None


@pytest.mark.parametrize(
    "jpeg",
    [
        insert(WHOLE, frame_header(64, 48)),
        insert(WHOLE, frame_header(20_000, 20_000)),
        insert(WHOLE, frame_header(64, 48, marker=0xC9)),
        b"\xff\xd8" + frame_header(0, 48) + b"\xff\xda\0\2\xff\xd9",
        b"\xff\xd8" + frame_header(64, 0) + b"\xff\xda\0\2\xff\xd9",
        b"\xff\xd8" + frame_header(64, 48, precision=12) + b"\xff\xda\0\2\xff\xd9",
        b"\xff\xd8" + frame_header(64, 48, colours=4) + b"\xff\xda\0\2\xff\xd9",
        b"\xff\xd8\xff\xda\0\2\xff\xd9",
        insert(WHOLE, b"\xff\xfe\0\2" * 100),
        insert(WHOLE, b"\xff\xfe\0\1"),
        insert(WHOLE, b"\xff\xd8"),
        insert(WHOLE, b"\xff" * 1000),
        WHOLE[:-2] + b"\xff\xda\0\2" * 40 + b"\xff\xd9",
    ],
    ids=["twice", "small, then large", "arithmetic", "no width", "no height", "12 bits", "CMYK", "no frame",
         "many segments", "a length of 1", "a second start", "padding", "many scans"],
)  # fmt: skip
def test_what_no_browser_makes_is_none(jpeg: bytes):
    assert jpeg_size(jpeg) is None


@given(st.binary(max_size=200), st.integers(0, len(WHOLE)), st.integers(0, 40))
def test_garbage_gives_a_size_or_none(garbage: bytes, place: int, dropped: int):
    size = jpeg_size(WHOLE[:place] + garbage + WHOLE[place + dropped :])
    assert size is None or (0 < size[0] < 2**16 and 0 < size[1] < 2**16)
    assert jpeg_size(garbage) is None
