"""Files that a library has mapped into memory and read."""

from __future__ import annotations

import ctypes
from pathlib import Path

_MADV_DONTNEED = 4
_MAPS = Path("/proc/self/maps")


def let_go_of(path: Path) -> None:
    """Takes the pages of a mapped file from this process's memory, on Linux; elsewhere nothing happens. What
    is needed again is read again.

    MediaPipe maps its models, reads them once to put the weights into the order in which it computes, and
    keeps the mapping: 25 MB for each landmarker, all of them of the same file.
    """
    try:
        lines = _MAPS.read_text().splitlines()
        advise = ctypes.CDLL(None).madvise
    except (AttributeError, OSError, TypeError):
        return
    advise.argtypes = ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int
    whole = str(path.resolve())
    for line in lines:
        place, permissions, *_, name = line.split(maxsplit=5)
        if name == whole and "w" not in permissions:
            begin, end = (int(address, 16) for address in place.split("-"))
            advise(begin, end - begin, _MADV_DONTNEED)
