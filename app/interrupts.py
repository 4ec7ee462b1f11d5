"""Ctrl-C: it stops the work promptly, wherever it comes and however often it is pressed."""

from __future__ import annotations

import _thread
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

_AGAIN = 0.05
"""Seconds after which an interrupt that nobody could take is raised again."""


@contextmanager
def interruptible(insist: bool = False) -> Iterator[threading.Event]:
    """While the block runs, the first Ctrl-C raises KeyboardInterrupt and sets the event.

    Later ones do nothing: what has been begun is being cleaned up, and that must not be cut short.

    Python loses exceptions that are raised where nobody can take them (a callback of native code, a
    finaliser) and prints a traceback instead. So loops ask the event as well, and those tracebacks are not
    printed. A program that was started with Ctrl-C ignored, as shells start those in the background, goes on
    ignoring it. Only for the main thread.

    Args:
        insist: raise again what was lost, for work that does not ask the event.
    """
    interrupted, repeated = threading.Event(), threading.Event()
    again: list[threading.Timer] = []
    before, hook = signal.getsignal(signal.SIGINT), sys.unraisablehook
    if before is signal.SIG_IGN:
        yield interrupted
        return

    def on_interrupt(number: int, frame: FrameType | None) -> None:
        if not interrupted.is_set() or repeated.is_set():
            interrupted.set()
            repeated.clear()
            raise KeyboardInterrupt

    def on_lost(lost: sys.UnraisableHookArgs) -> None:
        if not issubclass(lost.exc_type, KeyboardInterrupt):
            hook(lost)
        elif insist:
            repeated.set()
            again.append(threading.Timer(_AGAIN, _thread.interrupt_main))
            again[-1].start()

    sys.unraisablehook = on_lost
    signal.signal(signal.SIGINT, on_interrupt)
    try:
        yield interrupted
    finally:
        for timer in again:
            timer.cancel()
        signal.signal(signal.SIGINT, before)
        sys.unraisablehook = hook


@contextmanager
def until_interrupted() -> Iterator[threading.Event]:
    """An event that the first Ctrl-C sets, without raising anything; the second one does what it did before.

    For work that has no other end. Only for the main thread.
    """
    interrupted = threading.Event()
    before = signal.getsignal(signal.SIGINT)

    def on_interrupt(number: int, frame: FrameType | None) -> None:
        interrupted.set()
        signal.signal(signal.SIGINT, signal.default_int_handler if before is signal.SIG_IGN else before)

    signal.signal(signal.SIGINT, on_interrupt)
    try:
        yield interrupted
    finally:
        signal.signal(signal.SIGINT, before)
