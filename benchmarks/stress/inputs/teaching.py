"""What a page may ask for while somebody teaches: to record, list, rename, undo, and all of it wrong."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.stress.inputs import numbers
from benchmarks.stress.inputs.contents import odd_json
from benchmarks.stress.inputs.homes import ACTION, NAME
from recognizer.own.collection import NOTHING

SHOWN = 1200.0
"""Milliseconds of the page's clock in which somebody is shown before a recording is asked for."""


def message(rng: np.random.Generator) -> str:
    """Something about a collection, mostly as the page would ask for it."""
    asked = _KINDS[rng.integers(len(_KINDS))](rng)
    if rng.random() < 0.25:
        return odd_json(asked, rng).decode(errors="replace")
    return json.dumps(asked)


def record(rng: np.random.Generator) -> str:
    """Asks to keep what was just shown."""
    asked = _record(rng, odd=0.3)
    return json.dumps(asked | {"since": 0.0, "until": SHOWN + 500, "cuts": False})


def _record(rng: np.random.Generator, odd: float = 0.5) -> dict[str, Any]:
    times = (0.0, SHOWN, -1.0, 1e12, 1e13, float(rng.uniform(0, SHOWN)), numbers.odd(rng), numbers.whole(rng))
    asked = {
        "type": "teach-record",
        "collection": _name(rng, NAME, odd),
        "action": _name(rng, ACTION, odd),
        "since": times[rng.integers(len(times))],
        "until": times[rng.integers(len(times))],
    }
    if rng.random() < 0.5:
        asked["both_sides"] = bool(rng.random() < 0.5)
    if rng.random() < 0.3:
        asked["cuts"] = bool(rng.random() < 0.7)
    return asked


def _list(rng: np.random.Generator) -> dict[str, Any]:
    return {"type": "teach-list", "collection": _name(rng, NAME)}


def _show(rng: np.random.Generator) -> dict[str, Any]:
    return {"type": "teach-show", "collection": _name(rng, NAME), "action": _name(rng, ACTION)}


def _delete(rng: np.random.Generator) -> dict[str, Any]:
    asked = {"type": "teach-delete", "collection": _name(rng, NAME), "action": _name(rng, ACTION)}
    return asked if rng.random() < 0.4 else asked | {"recording": _name(rng, "0")}


def _rename(rng: np.random.Generator) -> dict[str, Any]:
    return _show(rng) | {"type": "teach-rename", "to": _name(rng, "wave twice")}


def _sides(rng: np.random.Generator) -> dict[str, Any]:
    return _show(rng) | {"type": "teach-sides", "both_sides": bool(rng.random() < 0.5)}


def _undo(rng: np.random.Generator) -> dict[str, Any]:
    return {"type": "teach-undo", "collection": _name(rng, NAME)}


def _own(rng: np.random.Generator) -> dict[str, Any]:
    """A choice of what is recognised."""
    return {"type": "settings", "own": None if rng.random() < 0.3 else _name(rng, NAME)}


def _last_seconds(rng: np.random.Generator) -> dict[str, Any]:
    return {"type": "record"}


def _name(rng: np.random.Generator, usual: str, odd: float = 0.35) -> str:
    names = (
        "", " ", ".", "..", "../x", "../../etc", "/etc", "a/b", "a\\b", "C:\\x", "\0", "a\nb", "\x1b[31m",
        "CON", "nul.txt",
        "x" * 60, "x" * 61, "x" * 200, "x" * 201, "x" * 7000, "\u2603" * 60, "e\u0301", "\u202ecod.exe",
        "\ud800", ".deleted",
        "collection.json", "mine.", " mine ", "MINE", "Wave Once", NOTHING, "0.npz", "*", "[a-z]", "-rf",
        "<b>bold</b>",
        "%s", "wave", "no action I know", "\U0001f44b", "other",
    )  # fmt: skip
    return names[rng.integers(len(names))] if rng.random() < odd else usual


_KINDS: tuple[Callable[[np.random.Generator], dict[str, Any]], ...] = (
    _record, _list, _show, _show, _delete, _delete, _rename, _rename, _sides, _undo, _own, _own,
    _last_seconds,
)  # fmt: skip
