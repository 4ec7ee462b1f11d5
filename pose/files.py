"""Files and folders that appear whole or not at all, and leave nothing behind when a program is killed.

A program that is killed cannot delete what it was writing. So every temporary file and folder is locked while
its writer lives, the system gives the lock back whatever ends it, and the next writer of the same place
deletes those that nobody holds.
"""

from __future__ import annotations

import errno
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

try:
    import fcntl
except ModuleNotFoundError:  # Windows
    fcntl = None  # type: ignore[assignment]

_SUFFIX = ".part"
_LOCK = ".lock"
_SHOWN = 100
"""Characters of a file's name that its temporary file has too: names have an end, of 255 bytes mostly."""
_ABANDONED = 24 * 3600
"""Seconds after which a temporary file counts as left behind where the system has no such locks."""


@contextmanager
def replacing(path: str | Path) -> Iterator[Path]:
    """A temporary path beside ``path`` that takes its place when the block ends well.

    When the block raises (Ctrl-C included), the temporary file goes and an older ``path`` stays as it was.
    What killed programs have left of the same file goes as well.

    Raises:
        OSError: the folder is missing or cannot be written to, the disk is full, or ``path`` is no file.

    >>> with replacing("result.json") as temporary:  # doctest: +SKIP
    ...     temporary.write_text("{}")
    """
    path = Path(path)
    if path.exists() and not path.is_file():  # a device, say, which would become a file
        raise FileExistsError(errno.EEXIST, "this is no file that can be replaced", str(path))
    prefix = f".{os.fsencode(path.name)[:_SHOWN].decode(errors='ignore')}."  # names may be of no encoding
    for leftover in path.parent.glob(f"{_literal(prefix)}*{_SUFFIX}"):
        _delete_abandoned(leftover)
    handle, temporary = _locked_file(path.parent, prefix)
    try:
        yield temporary
        temporary.chmod(0o644)  # mkstemp makes files that nobody else may read
        os.replace(temporary, path)
    except OSError as error:
        if error.filename is None or str(error.filename) == str(temporary):
            error.filename = str(
                path
            )  # a full disk does not tell, and the temporary name tells nobody anything
        raise
    finally:
        temporary.unlink(missing_ok=True)
        if handle is not None:
            os.close(handle)


@contextmanager
def temporary_folder(prefix: str, parent: Path | None = None) -> Iterator[Path]:
    """A new folder that goes with all it holds when the block ends.

    Those of killed programs with the same prefix and of the same user go when the next one is made.

    Args:
        prefix: of the folder's name, that no other program uses.
        parent: where to make it; None takes the system's place for temporary files.

    Raises:
        OSError: it cannot be made.
    """
    parent = Path(tempfile.gettempdir()) if parent is None else parent
    for leftover in parent.glob(f"{_literal(prefix)}*"):
        if leftover.is_dir() and not leftover.is_symlink():
            _delete_abandoned(leftover, leftover / _LOCK)
    while True:
        folder = Path(tempfile.mkdtemp(prefix=prefix, dir=parent))
        handle = _lock(os.open(folder / _LOCK, os.O_CREAT | os.O_RDWR, 0o600))
        if folder.exists():  # nobody has taken it for an abandoned one before it was locked
            break
        os.close(handle)
    try:
        yield folder
    finally:
        if fcntl is None:
            os.close(handle)  # an open file cannot be deleted on Windows
        shutil.rmtree(folder, ignore_errors=True)
        if fcntl is not None:
            os.close(handle)


def _locked_file(folder: Path, prefix: str) -> tuple[int | None, Path]:
    """A new file and the handle that keeps it locked; None where files cannot be locked."""
    while True:
        handle, name = tempfile.mkstemp(dir=folder, prefix=prefix, suffix=_SUFFIX)
        if fcntl is None:
            os.close(handle)  # an open file cannot be replaced on Windows
            return None, Path(name)
        _lock(handle)
        if os.path.exists(name):
            return handle, Path(name)
        os.close(handle)


def _lock(handle: int) -> int:
    if fcntl is not None:
        with suppress(OSError):  # some network drives know no locks
            fcntl.flock(handle, fcntl.LOCK_EX)
    return handle


def _delete_abandoned(path: Path, lock: Path | None = None) -> None:
    """Deletes a temporary file or folder of this user unless its writer is still at work."""
    lock = lock or path
    with suppress(OSError):
        state = path.lstat()
        if hasattr(os, "getuid") and state.st_uid != os.getuid():
            return
        if fcntl is None or not lock.exists():
            if time.time() - state.st_mtime > _ABANDONED:
                _delete(path)
            return
        handle = os.open(lock, os.O_RDWR | os.O_NOFOLLOW)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            _delete(path)
        finally:
            os.close(handle)


def _delete(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def _literal(text: str) -> str:
    """A pattern of ``glob`` that stands for nothing but the text."""
    return "".join(f"[{c}]" if c in "*?[" else c for c in text)
