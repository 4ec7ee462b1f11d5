"""Files that are read whole, and only when they are files and not too large for that."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path


def read_plain(path: Path, most: int) -> bytes:
    """The content of a file.

    Args:
        path: of it.
        most: bytes that a file of its kind can have; of one with more nothing is read.

    Raises:
        OSError: it cannot be read, has more bytes, or is something that may never end, such as a pipe.
    """
    state = path.stat()
    if stat.S_ISDIR(state.st_mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    if not stat.S_ISREG(state.st_mode):
        raise OSError(errno.EINVAL, "It is no plain file", str(path))
    if state.st_size > most:
        sentence = f"It has {state.st_size:,} bytes, and no file of its kind has more than {most:,}"
        raise OSError(errno.EFBIG, sentence, str(path))
    return path.read_bytes()
