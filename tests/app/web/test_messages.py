"""Messages of a page, good and hostile."""

from __future__ import annotations

import os
import struct
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from app.web import messages
from app.web.messages import MAX_FRAME, MAX_TEXT, CameraFrame, MessageError, RecordRequest, parse_text
from tests.app.web.test_jpeg import encode, frame_header, insert

ROOT = Path(__file__).parents[3]


def frame(captured: float, jpeg: bytes = b"jpeg") -> bytes:
    return struct.pack("<d", captured) + jpeg


@pytest.mark.parametrize("captured", [0.0, -0.5, 1234.5, 1.8e12 / 2])
def test_a_frame_has_its_time_and_picture(captured: float):
    assert CameraFrame.parse(frame(captured)) == CameraFrame(captured, b"jpeg")


@pytest.mark.parametrize(
    ("message", "words"),
    [
        (b"", "8 bytes"),
        (b"12345678", "8 bytes"),
        (frame(float("nan")), "must be a number"),
        (frame(float("-inf")), "must be a number"),
        (frame(1e300), "decades"),
        (frame(-1e13), "decades"),
        (frame(0, b"x" * MAX_FRAME), "at most 3145728 bytes"),
    ],
)
def test_frames_that_are_none(message: bytes, words: str):
    with pytest.raises(MessageError, match=words):
        CameraFrame.parse(message)


def test_the_page_s_pictures_are_decoded_as_they_are():
    picture = np.zeros((48, 64, 3), np.uint8)
    picture[:, :32, 0] = 220  # red on the left
    jpeg = cv2.imencode(".jpg", picture[..., ::-1])[1].tobytes()
    decoded = CameraFrame(0, jpeg).decode()
    assert decoded.shape == (48, 64, 3) and decoded[20, 5, 0] > 180 > decoded[20, 60, 0]


@pytest.mark.parametrize(
    "jpeg",
    [
        *(encode(64, 48, kind=kind) for kind in (".png", ".bmp", ".tiff", ".jp2", ".hdr", ".webp")),
        insert(encode(64, 48), frame_header(20_000, 20_000)),
        b"\xff\xd8" + frame_header(20_000, 20_000) + b"\xff\xda\0\2\xff\xd9",
        b"\xff\xd8" + frame_header(65_000, 3) + b"\xff\xda\0\2\xff\xd9",
        encode(64, 48)[:-1],
        b"no picture at all",
    ],
    ids=["png", "bmp", "tiff", "jp2", "hdr", "webp", "small, then large", "huge", "wide", "cut", "text"],
)
def test_what_is_no_picture_of_the_page_reaches_no_decoder(jpeg: bytes, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(messages.cv2, "imdecode", lambda *_: pytest.fail("it was decoded"))
    assert CameraFrame(0, jpeg).decode() is None


def test_a_jpeg_of_garbage_is_none_or_a_picture_of_the_size_it_claims():
    jpeg = bytearray(encode(64, 48))
    random = np.random.default_rng(0)
    shapes = set()
    for _ in range(300):
        broken = jpeg.copy()
        for place in random.integers(2, len(jpeg) - 2, 6):
            broken[place] = random.integers(256)
        decoded = CameraFrame(0, bytes(broken)).decode()
        shapes.add(None if decoded is None else decoded.shape)
    assert (48, 64, 3) in shapes
    assert all(shape is None or shape[0] * shape[1] <= messages.MAX_PIXELS for shape in shapes)


def test_what_opencv_raises_is_no_picture(monkeypatch: pytest.MonkeyPatch):
    def fail(*_: object) -> None:
        raise cv2.error("OpenCV: out of memory")

    monkeypatch.setattr(messages.cv2, "imdecode", fail)
    assert CameraFrame(0, encode(64, 48)).decode() is None


@pytest.mark.parametrize(
    ("module", "own"),
    [("app.web.messages", None), ("app.drawing.picture", None), ("app.drawing.example_clip", None),
     ("pose.sources", None), ("app.web.messages", "1000")],
)  # fmt: skip
def test_opencv_takes_no_huge_pictures_whoever_imports_it(module: str, own: str | None):
    """In a new process: OpenCV reads its limit when it is imported."""
    code = (
        f"import {module}, cv2, numpy as np\n"
        "def opens(bmp):\n"
        "    try:\n"
        "        return cv2.imdecode(np.frombuffer(bmp, np.uint8), 1) is not None\n"
        "    except cv2.error:\n"
        "        return False\n"
        "def bmp(side):\n"
        "    head = b'BM' + (54).to_bytes(4, 'little') + bytes(4) + (54).to_bytes(4, 'little')\n"
        "    size = side.to_bytes(4, 'little') * 2\n"
        "    return head + (40).to_bytes(4, 'little') + size + bytes([1, 0, 24]) + bytes(25 + 3 * side**2)\n"
        "print(opens(bmp(20)), opens(bmp(40)), opens(bmp(8200)))\n"
    )
    environment = {key: value for key, value in os.environ.items() if "OPENCV" not in key}
    if own:
        environment["OPENCV_IO_MAX_IMAGE_PIXELS"] = own
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["True", str(own is None), "False"]


def settings(text: str) -> str:
    """Some settings as the page writes them."""
    return '{"type": "settings", ' + text[1:]


def test_settings_are_what_is_set():
    told = parse_text(settings('{"weights": "a+b", "threshold": 1}'))
    assert (told.weights, told.threshold) == ("a+b", 1.0)
    assert told.sets("threshold") and not told.sets("attention") and not told.film
    both = told.then(parse_text(settings('{"attention": true, "weights": null}')))
    assert (both.weights, both.threshold, both.attention) == (None, 1.0, True)
    assert both.sets("weights") and both.sets("attention")
    assert told.weights == "a+b"


def test_a_record_is_asked_for():
    assert parse_text('{"type": "record"}') == RecordRequest()


@pytest.mark.parametrize(
    "text",
    [
        "", "null", "not json", "[1]", "{}", '{"type": 1}', '{"type": null}', '{"type": "nothing"}',
        '{"weights": "a"}', '{"type": "' + "x" * 8000 + '"}', '{"type": "record", "since": 3}',
        "[" * 8000, '{"a":' * 1500, "\0", '{"' + "k" * 8000 + '": 1}',
    ],
)  # fmt: skip
def test_texts_of_no_kind_are_a_short_sentence(text: str):
    check_refused(text)


@pytest.mark.parametrize(
    "text",
    [
        '{"unknown": 1}', '{"weights": 3}', '{"weights": ["a"]}',
        '{"threshold": "0.5"}', '{"threshold": true}', '{"threshold": NaN}', '{"threshold": -Infinity}',
        '{"threshold": 1e400}', f'{{"threshold": 1{"0" * 400}}}', f'{{"threshold": 1{"0" * 7000}}}',
        '{"threshold": 1.01}', '{"threshold": -0.01}', '{"attention": 1}', '{"attention": null}',
        '{"film": 1}', '{"weights": "\\ud800"}', '{"weights": "\ud800"}',
        '{"weights": "' + "a" * MAX_TEXT + '"}', '{"' + "k" * 8000 + '": 1}',
    ],
)  # fmt: skip
def test_settings_that_are_none_are_a_short_sentence(text: str):
    check_refused(settings(text))


def check_refused(text: str) -> None:
    with pytest.raises(MessageError) as caught:
        parse_text(text)
    assert 5 < len(str(caught.value)) < 250 and "\n" not in str(caught.value)
