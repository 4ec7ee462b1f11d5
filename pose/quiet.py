"""Keeps native libraries quiet: MediaPipe, absl and TFLite write to the file descriptor of stderr itself.

That is past ``sys.stderr`` and past their own switches.
"""

from __future__ import annotations

import contextlib
import os
import re
import sys
import tempfile
import threading
from collections.abc import Iterator

_CHATTER = re.compile(rb"[IW]\d{4} |WARNING: All log messages before absl|INFO: Created TensorFlow Lite")
_BLOCK = 1 << 16


class _Held:
    """What is written to stderr while anybody wants quiet, kept in a file and passed on without the chatter.

    Threads share it: the first to want quiet turns stderr aside and the last to leave turns it back. In
    between none waits for another, and each that leaves passes on what has come so far, so that nothing is
    held back for longer than one call takes.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._users = 0
        self._kept = self._file = -1
        self._passed = 0  # bytes of the file
        self._line = b""  # the beginning of one whose end has not come

    def enter(self) -> None:
        with self._lock:
            if self._users == 0:
                self._turn_aside()
            self._users += 1

    def leave(self) -> None:
        with self._lock:
            self._users -= 1
            if self._users == 0:
                self._turn_back()
            elif self._kept >= 0 and hasattr(os, "pread"):
                self._pass_on()

    def _turn_aside(self) -> None:
        if sys.stderr is not None:
            with contextlib.suppress(OSError, ValueError):  # closed, or its reader is gone
                sys.stderr.flush()
        try:
            kept = os.dup(2)
        except OSError:  # a process without a stderr has nothing to keep quiet
            return
        try:
            with tempfile.TemporaryFile(buffering=0) as file:
                self._file = os.dup(file.fileno())
            os.dup2(self._file, 2)
        except OSError:  # a full disk: better loud than broken
            os.close(kept)
            self._close_file()
            return
        self._kept, self._passed, self._line = kept, 0, b""

    def _turn_back(self) -> None:
        if self._kept < 0:
            return
        os.dup2(self._kept, 2)
        self._pass_on()
        self._write(self._line)
        os.close(self._kept)
        self._close_file()
        self._kept = -1

    def _close_file(self) -> None:
        if self._file >= 0:
            os.close(self._file)
        self._file = -1

    def _pass_on(self) -> None:
        while block := self._read():
            self._passed += len(block)
            *lines, self._line = (self._line + block).split(b"\n")
            for line in lines:
                self._write(line + b"\n")

    def _read(self) -> bytes:
        if hasattr(os, "pread"):  # leaves the position, at which others write, where it is
            return os.pread(self._file, _BLOCK, self._passed)
        os.lseek(self._file, self._passed, os.SEEK_SET)
        return os.read(self._file, _BLOCK)

    def _write(self, line: bytes) -> None:
        if line and not _CHATTER.match(line):
            with contextlib.suppress(OSError):  # its reader is gone
                os.write(self._kept, line)


_held = _Held()


@contextlib.contextmanager
def quiet_native_libraries() -> Iterator[None]:
    """Holds back what is written to stderr meanwhile; everything but known chatter is passed on.

    Threads that use it at the same time do not wait for each other.
    """
    _held.enter()
    try:
        yield
    finally:
        _held.leave()
