"""Fields that weights' cards, network choices and training configurations share, each with its limits.

Without them a card of a hundred bytes could ask for more memory than any machine has. The limits are far
above what has ever been of use.
"""

from __future__ import annotations

import math
from typing import Annotated

from pydantic import AfterValidator, Field, JsonValue, ValidationError

_LONGEST_FAULT = 300


def _printable(text: str) -> str:
    if not text.isprintable() or text != text.strip():
        raise ValueError("must be printable characters without spaces at its ends")
    return text


def _file_name(text: str) -> str:
    if text.startswith(".") or set(text) & set('/\\:*?"<>|'):
        raise ValueError('must be the name of a file: without any of /\\:*?"<>| and no dot first')
    return text


def _lines(text: str) -> str:
    if not all(line.isprintable() for line in text.split("\n")):
        raise ValueError("must be lines of printable characters")
    return text


def _finite(figures: JsonValue) -> JsonValue:
    parts = figures.values() if isinstance(figures, dict) else figures if isinstance(figures, list) else ()
    for part in parts:
        _finite(part)
    if isinstance(figures, float) and not math.isfinite(figures):
        raise ValueError("must hold no NaN and no infinity")
    return figures


def _odd(kernel: int) -> int:
    if kernel % 2 == 0:
        raise ValueError("must be odd")
    return kernel


Label = Annotated[str, Field(min_length=1, max_length=100), AfterValidator(_printable)]
"""What is shown to people and written into tables."""
FileName = Annotated[Label, AfterValidator(_file_name)]
"""A file's name without its ending."""

NameOrPath = Annotated[str, Field(min_length=1, max_length=4096), AfterValidator(_printable)]
"""Of weights."""

Text = Annotated[str, Field(max_length=10_000), AfterValidator(_lines)]
"""Of any number of lines."""
Figures = Annotated[dict[str, JsonValue], AfterValidator(_finite)]
"""Whatever JSON can hold, and no NaN or infinity, which it cannot."""

Fraction = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
Degrees = Annotated[float, Field(ge=0, le=180, allow_inf_nan=False)]
WholeDegrees = Annotated[int, Field(ge=0, le=180)]
Positive = Annotated[float, Field(gt=0, le=1e6, allow_inf_nan=False)]
Factor = Annotated[float, Field(gt=0, le=1000, allow_inf_nan=False)]

Count = Annotated[int, Field(gt=0, le=10**6)]
"""Of steps, epochs, batches."""
Batch = Annotated[int, Field(gt=0, le=2**16)]
Threads = Annotated[int, Field(gt=0, le=1024)]

WindowSeconds = Annotated[float, Field(gt=0, le=60, allow_inf_nan=False)]
Frames = Annotated[int, Field(gt=0, le=300)]
"""Of a window, the papers' longest. Memory grows with their square where all joints of all frames attend to
each other."""
Persons = Annotated[int, Field(gt=0, le=2)]

Width = Annotated[float, Field(gt=0, le=4, allow_inf_nan=False)]
"""Factor of a network's channels."""
Dropout = Annotated[float, Field(ge=0, lt=1, allow_inf_nan=False)]
Branches = Annotated[int, Field(gt=0, le=32)]
"""Scales, fragments, heads, grains: what a layer has several of."""
Kernel = Annotated[int, Field(gt=0, le=31), AfterValidator(_odd)]
Kernels = Annotated[tuple[Kernel, ...], Field(min_length=1, max_length=8)]
"""One a branch."""
Dilations = Annotated[tuple[Annotated[int, Field(gt=0, le=64)], ...], Field(min_length=1, max_length=8)]


def fault(error: ValidationError, tagged: str | None = None) -> str:
    """The first thing that is wrong, in one line such as "network.width: Input should be greater than 0".

    Args:
        error: of a card or a configuration.
        tagged: the field that holds one of several models; its tag, which no file has there, is left out.
    """
    first = error.errors(include_url=False, include_context=False)[0]
    top, *rest = map(str, first["loc"] or ("",))
    where = ".".join([top, *(rest[1:] if top == tagged else rest)])
    message = first["msg"].removeprefix("Value error, ")
    told = shown(": ".join(part for part in (where, message) if part), _LONGEST_FAULT)
    return told.rstrip(".")


def shown(text: str, most: int = 100) -> str:
    """A text from outside in one line of at most ``most`` characters, escapes in place of odd ones."""
    if len(text) > most:
        text = f"{text[: most // 2]} ... {text[-most // 4 :]}"
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
