"""Imports Gradio in half the time.

Whenever Gradio is imported, it works out type stubs of all its components for editors, and writes them beside
its own files: two of the four seconds. It leaves out a class that lies in no file, so none does meanwhile.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def _components_in_no_file() -> Iterator[None]:
    getfile = inspect.getfile

    def of_others(thing: Any) -> str:
        if isinstance(thing, type) and thing.__module__.startswith("gradio."):
            raise OSError("no stubs")
        return getfile(thing)

    inspect.getfile = of_others
    try:
        yield
    finally:
        inspect.getfile = getfile


with _components_in_no_file():
    import gradio  # noqa: F401
