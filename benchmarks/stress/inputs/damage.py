"""Bytes that disks, networks and editors have damaged."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

Damage = Callable[[bytes, np.random.Generator], bytes]


def _span(data: bytes, rng: np.random.Generator, longest: float = 0.25) -> tuple[int, int]:
    first = int(rng.integers(len(data) + 1))
    return first, min(len(data), first + 1 + int(rng.integers(max(1, int(longest * len(data))))))


def truncated(data: bytes, rng: np.random.Generator) -> bytes:
    """The file ends early."""
    return data[: int(rng.integers(len(data) + 1))]


def beheaded(data: bytes, rng: np.random.Generator) -> bytes:
    """The file begins late."""
    return data[int(rng.integers(min(len(data), 4096) + 1)) :]


def flipped(data: bytes, rng: np.random.Generator) -> bytes:
    """Some bytes are others."""
    changed = np.frombuffer(data, np.uint8).copy()
    if len(changed):
        places = rng.integers(len(changed), size=int(2 ** rng.uniform(0, 8)))
        changed[places] = rng.integers(256, size=len(places))
    return changed.tobytes()


def header(data: bytes, rng: np.random.Generator) -> bytes:
    """Some of the first bytes are others: sizes, counts, names."""
    most = min(len(data), 512)
    return flipped(data[:most], rng) + data[most:]


def bits(data: bytes, rng: np.random.Generator) -> bytes:
    """Single bits are turned, about one in some thousands."""
    changed = np.frombuffer(data, np.uint8).copy()
    if len(changed):
        places = rng.integers(len(changed), size=1 + len(changed) // int(rng.integers(200, 20_000)))
        changed[places] ^= (1 << rng.integers(8, size=len(places))).astype(np.uint8)
    return changed.tobytes()


def numbers(data: bytes, rng: np.random.Generator) -> bytes:
    """A 32-bit number somewhere becomes a huge, negative or vanishing one."""
    changed = bytearray(data)
    for _ in range(int(rng.integers(1, 6))):
        if len(changed) < 4:
            break
        value = (0, 1, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 0xFFFF, 0x10000, 0x7FFF)[rng.integers(8)]
        place = int(rng.integers(len(changed) - 3))
        changed[place : place + 4] = value.to_bytes(4, "big" if rng.random() < 0.5 else "little")
    return bytes(changed)


def moved(data: bytes, rng: np.random.Generator) -> bytes:
    """A block is somewhere else."""
    first, end = _span(data, rng)
    rest = data[:first] + data[end:]
    place = int(rng.integers(len(rest) + 1))
    return rest[:place] + data[first:end] + rest[place:]


def doubled(data: bytes, rng: np.random.Generator) -> bytes:
    """A block is there twice."""
    first, end = _span(data, rng)
    return data[:end] + data[first:]


def zeroed(data: bytes, rng: np.random.Generator) -> bytes:
    """A block was never written."""
    first, end = _span(data, rng)
    return data[:first] + bytes(end - first) + data[end:]


def removed(data: bytes, rng: np.random.Generator) -> bytes:
    """A block is missing."""
    first, end = _span(data, rng, 0.1)
    return data[:first] + data[end:]


def glued(data: bytes, rng: np.random.Generator) -> bytes:
    """The file once more behind itself, whole or in part."""
    return data + truncated(data, rng)


ALL: tuple[Damage, ...] = (
    truncated, beheaded, flipped, header, bits, numbers, moved, doubled, zeroed, removed, glued,
)  # fmt: skip


def damaged(data: bytes, rng: np.random.Generator) -> bytes:
    """One to three of ``ALL``, one after the other."""
    for _ in range(int(rng.choice([1, 1, 1, 2, 3]))):
        data = ALL[rng.integers(len(ALL))](data, rng)
    return data
