"""Programs that connect to ``/events``: honest ones, silent ones, those that talk, and those that may not."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from benchmarks.stress.inputs import numbers
from benchmarks.stress.inputs.requests import Request

Manner = Literal["reads", "silent", "leaves", "aborts"]


@dataclass(frozen=True)
class Listener:
    """A program at ``/events``.

    Attributes:
        manner: reads what comes for a while; never reads; closes at once; or goes without a word.
        says: what it sends once it is connected, as text or bytes.
        raw: bytes that it sends which are no frame of a WebSocket.
        headers: of its handshake; an "Origin" overrules the page's.
        path: it connects to.
        stranger: it must not be let in.
        times: how many of its kind there are.
    """

    manner: Manner = "reads"
    says: tuple[str | bytes, ...] = ()
    raw: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()
    path: str = "/events"
    stranger: bool = False
    times: int = 1


def visit(rng: np.random.Generator) -> Listener | Request:
    """One of them, or a request over HTTP that asks for the same."""
    return _KINDS[rng.integers(len(_KINDS))](rng)


def _honest(rng: np.random.Generator) -> Listener:
    return Listener(times=int(rng.integers(1, 4)))


def _rude(rng: np.random.Generator) -> Listener:
    """Some that are there or gone without reading."""
    return Listener(("silent", "leaves", "aborts")[rng.integers(3)], times=int(rng.integers(1, 9)))


def _crowd(rng: np.random.Generator) -> Listener:
    """More than there is room for."""
    return Listener(("reads", "silent")[rng.integers(2)], times=int(rng.choice([16, 17, 40])))


def _talks(rng: np.random.Generator) -> Listener:
    """One that says what nobody listens to."""
    texts: tuple[str | bytes, ...] = (
        "", b"", "x" * 10_000, bytes(5 * 2**20), "x" * (5 * 2**20), rng.bytes(1000), numbers.nested(3000),
        "\0",
        json.dumps({"type": "settings", "weights": None}),
        json.dumps({"type": "teach-undo", "collection": "mine"}),
        json.dumps({"camera": 0, "time": 1.0, "person": 0, "label": "wave", "score": 1.0, "count": None}),
        b"\xff\xd8\xff\xd9",
    )  # fmt: skip
    said = texts[rng.integers(len(texts))]
    return Listener(says=(said,) * int(1 if len(said) > 10**6 else rng.choice([1, 3, 300])))


def _garbage(rng: np.random.Generator) -> Listener:
    """One that sends no frames: noise, another length than it tells, text that is none, no mask."""
    frames = (
        rng.bytes(40), b"\x81\xff" + b"\xff" * 8, b"\x81\x82\0\0\0\0\xff\xfe", b"\x81\x05hello",
        b"\x8f\x80\0\0\0\0", b"\x88\x81\0\0\0\0x", b"\x01\x80\0\0\0\0" * 50, b"\x89\xfe\xff\xff\0\0\0\0",
    )  # fmt: skip
    return Listener(raw=frames[rng.integers(len(frames))])


def _stranger(rng: np.random.Generator) -> Listener:
    """A page of another origin, another name of this machine, or a path that is nothing."""
    headers = (
        ("Origin", "http://evil.example"), ("Origin", "null"), ("Origin", "http://127.0.0.1:1"),
        ("Origin", "https://127.0.0.1.evil.example"), ("Sec-Fetch-Site", "cross-site"),
        ("Host", "evil.example"),
        ("Host", "127.0.0.1.evil.example"), ("Origin", "http://localhost.evil.example"), ("Origin", ""),
    )  # fmt: skip
    if rng.random() < 0.7:
        return Listener(headers=(headers[rng.integers(len(headers))],), stranger=True)
    paths = (
        "/events/", "/events/x", "//events", "/EVENTS", "/events%2f", "/live/../events",
        "/pose2action/events", "/gradio_api/events", "/event", "/events%00",
    )  # fmt: skip
    return Listener(path=paths[rng.integers(len(paths))], stranger=True)


def _odd_headers(rng: np.random.Generator) -> Listener:
    """One with headers that mean nothing here."""
    headers = (
        ("Cookie", "=;;" * 300), ("Sec-WebSocket-Protocol", "mqtt, x" * 50), ("X", "y" * 60_000),
        ("Authorization", "Basic x"),
        ("Sec-WebSocket-Extensions", "permessage-deflate; server_max_window_bits=99"),
        ("X-Forwarded-For", "evil.example"),
        ("Sec-WebSocket-Extensions", "x; y=z" * 200),
    )  # fmt: skip
    return Listener(headers=(headers[rng.integers(len(headers))],))


def _http(rng: np.random.Generator) -> Request:
    """The same path without a WebSocket, or with half a handshake."""
    hand = {
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "x" * 22 + "==",
    }
    kind = rng.integers(4)
    if kind == 0:
        hand = {}
    elif kind == 1:
        del hand[list(hand)[rng.integers(len(hand))]]
    elif kind == 2:
        values = ("", "0", "x" * 5000, numbers.written(rng)[:100], "\u2603")
        hand[list(hand)[rng.integers(len(hand))]] = values[rng.integers(len(values))]
    method = ("GET", "GET", "GET", "POST", "HEAD", "PUT", "OPTIONS", "CONNECT")[rng.integers(8)]
    body = rng.bytes(50) if method in ("POST", "PUT") else b""
    broken_off = int(rng.integers(1, 200)) if rng.random() < 0.2 else None
    return Request(method, "/events", tuple(hand.items()), body, broken_off=broken_off)


_KINDS: tuple[Callable[[np.random.Generator], Listener | Request], ...] = (
    _honest, _rude, _rude, _crowd, _talks, _talks, _garbage, _stranger, _stranger, _stranger, _odd_headers,
    _http, _http,
)  # fmt: skip
