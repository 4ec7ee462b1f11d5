"""What may come over the live WebSocket: conversations of pictures, settings, silence and sudden ends."""

from __future__ import annotations

import json
import struct
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from benchmarks.stress.inputs import numbers, pictures, teaching

Kind = Literal["text", "bytes", "shown", "wait", "unread", "close", "abort", "raw"]


@dataclass(frozen=True)
class Step:
    """One thing that a client does.

    Attributes:
        kind: sends a text or bytes; sends bytes and waits for their answer; waits; lets answers lie unread
            while it sends bytes many times; closes; goes without a word; or sends bytes that are no frame of
            a WebSocket.
        content: what is sent.
        times: how often; seconds where it waits.
    """

    kind: Kind
    content: str | bytes = b""
    times: float = 1


GOOD = Step("text", json.dumps({"type": "settings", "weights": "kinetics-18-lsta-daily", "threshold": 0.5}))


def conversation(rng: np.random.Generator) -> tuple[Step, ...]:
    """Some steps, mostly behind settings that start the recogniser."""
    steps = [GOOD] if rng.random() < 0.7 else []
    for _ in range(int(rng.integers(1, 7))):
        steps += _PARTS[rng.integers(len(_PARTS))](rng)
    return tuple(steps)


def _frame(time: float, picture: bytes) -> Step:
    return Step("bytes", struct.pack("<d", time) + picture)


def _odd_pictures(rng: np.random.Generator) -> list[Step]:
    return [_frame(100.0 * number, pictures.odd(rng)) for number in range(int(rng.integers(1, 4)))]


def _odd_times(rng: np.random.Generator) -> list[Step]:
    """Good pictures whose times jump, stand still, run backwards or are no numbers."""
    times = [numbers.odd(rng) if rng.random() < 0.5 else float(rng.uniform(-1e4, 1e6)) for _ in range(4)]
    return [_frame(time, pictures.figure(number)) for number, time in enumerate(times)]


def _steady(rng: np.random.Generator) -> list[Step]:
    first = float(rng.uniform(0, 1e6))
    return [_frame(first + 66.0 * number, pictures.figure(number)) for number in range(5)]


def _changing_sizes(rng: np.random.Generator) -> list[Step]:
    return [_frame(50.0 * number, pictures.good(rng)) for number in range(4)]


def _odd_bytes(rng: np.random.Generator) -> list[Step]:
    contents = (b"", b"\0", bytes(7), bytes(8), bytes(9), rng.bytes(int(rng.integers(0, 4000))), b"\xff" * 8)
    return [Step("bytes", contents[rng.integers(len(contents))])]


def _odd_settings(rng: np.random.Generator) -> list[Step]:
    return [Step("text", _settings(rng)) for _ in range(int(rng.integers(1, 4)))]


def _settings(rng: np.random.Generator) -> str:
    """A text that is, or is not, JSON of settings."""
    number = numbers.written(rng)
    name = _names(rng)
    texts = (
        f'{{"type": "settings", "threshold": {number}}}',
        f'{{"type": "settings", "weights": {number}}}',
        f'{{"type": "settings", "attention": {number}}}',
        f'{{"type": {number}}}',
        f'{{"type": "settings", "weights": "kinetics-18-lsta-daily", "threshold": {number}}}',
        json.dumps({"type": "settings", "weights": name}),
        json.dumps({"type": "settings", "weights": name, "threshold": 0.5, "attention": True}),
        json.dumps({"type": "settings", name: 1, "weights": None}),
        json.dumps({"type": "settings", "weights": [name], "threshold": {}}),
        json.dumps({"type": "record"}),
        json.dumps({"type": "record", name: 1}),
        json.dumps({"type": name}),
        numbers.nested(int(rng.choice([10, 3000, 100_000])), brackets=str(rng.choice(["[]", "{}"]))),
        '{"weights": ' + numbers.nested(3000) + "}",
        '{"type": "settings", "threshold": 0.1, "threshold": 5, "threshold": "x"}',
        "", " ", "null", "[]", "1", '"weights"', "{", "\ufeff{}", '{"weights": "\\ud800"}', "{" * 50_000,
        json.dumps({"weights": "x" * int(rng.choice([100, 10_000, 3_000_000]))}),
        bytes(rng.integers(1, 128, int(rng.integers(1, 300)), np.uint8)).decode("ascii"),
    )  # fmt: skip
    return texts[rng.integers(len(texts))]


def _names(rng: np.random.Generator) -> str:
    """Names of weights that there are or are not, paths, and fusions."""
    one = "kinetics-18-lsta-daily"
    names = (
        one, "kinetics-18-stf-daily", "ntu-25-lsta-daily-3d", f"{one}+{one}", "+".join([one] * 3000),
        f"{one}+",
        "+", "+" * 1000, f"{one}+ntu-25-lsta-daily-3d", f"{one}*nan+{one}", f"{one}*1e400+{one}", f"{one}*0",
        "",
        "../weights/kinetics-18-lsta-daily", "/etc/passwd", "/dev/zero", "/dev/zero.safetensors", "\0",
        "a\nb",
        "/proc/self/environ", "C:\\weights.json", "<b>bold</b>", "none", "x" * 5000, "‮",
        "http://127.0.0.1/x.json",
    )  # fmt: skip
    return names[rng.integers(len(names))]


def _pause(rng: np.random.Generator) -> list[Step]:
    return [Step("wait", times=float(rng.uniform(0, 0.5)))]


def _flood(rng: np.random.Generator) -> list[Step]:
    """Many messages at once, whose answers nobody reads."""
    kind = rng.integers(3)
    if kind == 0:
        return [Step("unread", struct.pack("<d", 1.0) + pictures.figure(1), times=100)]
    if kind == 1:
        return [Step("unread", struct.pack("<d", 1.0) + b"no picture", times=2000)]
    return [Step("text", _settings(rng)) for _ in range(30)]


def _asked(rng: np.random.Generator) -> list[Step]:
    """Somebody asks for own actions without having shown anything, several times."""
    return [Step("text", teaching.message(rng)) for _ in range(int(rng.integers(1, 12)))]


def _taught(rng: np.random.Generator) -> list[Step]:
    """Somebody shows something, has it kept, and changes their mind."""
    times = np.linspace(0, teaching.SHOWN, 14)
    frames = [_frame(float(time), pictures.figure(number)) for number, time in enumerate(times)]
    return [
        GOOD,
        *(replace(frame, kind="shown") for frame in frames),
        Step("text", teaching.record(rng)),
        *_asked(rng),
    ]


def _end(rng: np.random.Generator) -> list[Step]:
    return [Step(("close", "abort", "raw")[rng.integers(3)], rng.bytes(40))]


_PARTS: tuple[Callable[[np.random.Generator], list[Step]], ...] = (
    _odd_pictures, _odd_pictures, _odd_pictures, _odd_times, _odd_times, _steady, _changing_sizes, _odd_bytes,
    _odd_settings, _odd_settings, _odd_settings, _pause, _flood, _asked, _asked, _taught, _taught, _taught,
    _end,
)  # fmt: skip
