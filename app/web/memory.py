"""The C library's memory: few arenas, and what was freed goes back to the system."""

from __future__ import annotations

import ctypes
import functools
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

_M_ARENA_MAX = -8
ARENAS = 4
EVERY = 15.0
"""Seconds from one time that freed memory is given back to the next."""


def use_few_arenas() -> None:
    """Lets all threads share a few of glibc's arenas; to be called before there are threads.

    It makes up to eight for each core, and each keeps the most that it ever held, whichever thread came to
    use it: memory grows for hours until every arena has seen the largest picture and the largest network.
    """
    limit = _glibc("mallopt")
    if limit is not None and "MALLOC_ARENA_MAX" not in os.environ:
        limit(_M_ARENA_MAX, ARENAS)


@contextmanager
def giving_back() -> Iterator[None]:
    """Gives freed memory back to the system every few seconds from a thread, as long as this is entered."""
    over = threading.Event()

    def work() -> None:
        while not over.wait(EVERY):
            give_back()

    thread = threading.Thread(target=work, name="memory", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def give_back() -> None:
    """Gives freed memory back to the system, which takes some milliseconds.

    Sessions, analyses, second persons and weights come and go, and glibc keeps what they have freed in its
    arenas: after an hour of ordinary use that was 1.4 of 3.6 GB, after minutes of it 60 MB. Other
    allocators do this by themselves.
    """
    trim = _glibc("malloc_trim")
    if trim is not None:
        trim(0)


@functools.cache
def _glibc(name: str) -> Callable[..., int] | None:
    try:
        return getattr(ctypes.CDLL(None), name)
    except (AttributeError, OSError, TypeError):  # another C library, or Windows
        return None
