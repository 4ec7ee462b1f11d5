"""Training configurations that nobody can train with, as YAML and as overrides."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import yaml

from benchmarks.stress.inputs import numbers
from benchmarks.stress.inputs.damage import damaged

_BOMB = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{name}: &{name} [" + ", ".join([f"*{before}"] * 9) + "]\n"
    for before, name in zip("abcdefgh", "bcdefghi", strict=True)
)
"""A few lines that stand for a billion values."""


def configuration(rng: np.random.Generator, shipped: Sequence[Path]) -> tuple[bytes, list[str]]:
    """A YAML file's content, and overrides."""
    values = yaml.safe_load(shipped[rng.integers(len(shipped))].read_text())
    kind = rng.integers(6)
    text = yaml.safe_dump(values).encode()
    if kind == 0:
        return damaged(text, rng), []
    if kind == 1:
        return _odd_file(rng), []
    if kind == 2:
        return text, [_override(rng, values) for _ in range(int(rng.integers(1, 4)))]
    place = values
    while True:
        key = list(place)[rng.integers(len(place))]
        if not (isinstance(place[key], dict) and place[key]) or rng.random() < 0.3:
            break
        place = place[key]
    if kind == 3:
        del place[key]
        place[("x", key + "s", "__class__", 5)[rng.integers(4)]] = 1
        return yaml.safe_dump(values).encode(), []
    place[key] = "@odd@"
    return yaml.safe_dump(values).replace("'@odd@'", _odd(rng)).encode(errors="replace"), []


def _odd(rng: np.random.Generator) -> str:
    """A value as YAML writes it."""
    values = (
        ".nan", ".inf", "-.inf", "1e999", "-1", "0", "1:59:59:59", "1_0", "0o17", "~", "", "yes",
        "2026-01-01", "[]", "{}",
        "!!python/object/apply:os.system ['true']", "!!binary aGk=", "&a [*a]", "x: y: z", "'", "|",
        numbers.nested(30),
        numbers.nested(5000), "100000000000", "1e30", "[1, .nan]", "{a: .inf}", "'../../x'", '"\\0"',
        "x" * 20_000,
    )  # fmt: skip
    if rng.random() < 0.4:
        return numbers.written(rng)
    return values[rng.integers(len(values))]


def _override(rng: np.random.Generator, values: dict) -> str:
    """A change on the command line, such as ``steps=nan``."""
    fields = [*values, "network.width", "network.name", "augmentation.noise", "preprocessing.streams", "seed",
    "threads",
              "window_seconds", "frames", "batch_size", "learning_rate", "x", "", "name", "steps.x",
              "a.b.c.d", "."]  # fmt: skip
    key = fields[rng.integers(len(fields))]
    return f"{key}{'=' if rng.random() < 0.95 else ''}{_odd(rng)}"


def _odd_file(rng: np.random.Generator) -> bytes:
    files = (
        b"", b"\0", b"---\n---\n", b"- a\n- b\n", b"5", b"\xff\xfe", _BOMB.encode(), b"name: x\nname: y\n",
        b"? [a]\n: b\n",
        b"%YAML 9.9\n---\n", numbers.nested(100_000).encode(), b"a: &a\n  b: *a\n", b"name: lsta\n" * 100_000,
        b"<<: {a: 1}\n", b"\t- x", rng.bytes(500),
    )  # fmt: skip
    return files[rng.integers(len(files))]
