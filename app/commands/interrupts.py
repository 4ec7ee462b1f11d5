"""Ctrl-C: it stops the work promptly, wherever it comes and however often it is pressed."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType, TracebackType

_AGAIN = 1.0
"""Seconds after which an interrupt is raised again that nobody has taken seriously."""


@contextmanager
def interruptible(insist: bool = False) -> Iterator[threading.Event]:
    """While the block runs, the first Ctrl-C raises KeyboardInterrupt and sets the event.

    Later ones do nothing: what has been begun is being cleaned up, and that must not be cut short.

    Python loses exceptions that are raised where nobody can take them (a callback of native code, a
    finaliser) and prints a traceback instead; native modules print those that come while they import NumPy.
    So loops ask the event as well, and those tracebacks are not printed. A program that was started with
    Ctrl-C ignored, as shells start those in the background, goes on ignoring it. Only for the main thread.

    Args:
        insist: for work that does not ask the event. What was lost, or taken for a missing module by somebody
            who tried to import it, is raised again, by itself (not on Windows) and by the next Ctrl-C.
    """
    interrupted, repeated = threading.Event(), insist and hasattr(signal, "setitimer")
    before = signal.getsignal(signal.SIGINT)
    lost_hook, printing_hook = sys.unraisablehook, sys.excepthook
    if before is signal.SIG_IGN:
        yield interrupted
        return

    def on_interrupt(number: int, frame: FrameType | None) -> None:
        first = not interrupted.is_set()
        interrupted.set()
        if repeated:
            signal.setitimer(signal.ITIMER_REAL, _AGAIN)
        if first or (insist and not _being_handled()):
            raise KeyboardInterrupt

    def on_lost(lost: sys.UnraisableHookArgs) -> None:
        if not issubclass(lost.exc_type, KeyboardInterrupt):
            lost_hook(lost)

    def on_printed(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        if not issubclass(kind, KeyboardInterrupt):
            printing_hook(kind, error, trace)

    sys.unraisablehook, sys.excepthook = on_lost, on_printed
    alarm = signal.signal(signal.SIGALRM, on_interrupt) if repeated else None
    signal.signal(signal.SIGINT, on_interrupt)
    try:
        yield interrupted
    finally:
        if repeated:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, alarm)
        signal.signal(signal.SIGINT, before)
        sys.unraisablehook, sys.excepthook = lost_hook, printing_hook


def _being_handled() -> bool:
    """Whether the code that was interrupted is cleaning up after a Ctrl-C."""
    error = sys.exc_info()[1]
    while error is not None and not isinstance(error, KeyboardInterrupt):
        error = error.__context__
    return error is not None


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
