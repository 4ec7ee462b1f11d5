"""A program in a pickle, which must never be run."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path


class Program:
    """Makes a file when it is unpickled.

    Args:
        marker: the file.
    """

    def __init__(self, marker: Path) -> None:
        self._marker = marker

    def __reduce__(self) -> tuple[Callable, tuple]:
        return Path.touch, (self._marker,)
