"""Threads that work ahead of and behind a loop, with bounded queues and honest errors."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterable, Iterator
from typing import Generic, TypeVar

Item = TypeVar("Item")

_PATIENCE = 0.1
"""Seconds between two looks at whether the other side has gone."""
_END = object()


def read_ahead(items: Iterable[Item], size: int) -> Iterator[Item]:
    """Iterates ``items`` in a thread of its own, at most ``size`` items ahead.

    What the iteration raises is raised here. Closing the returned generator ends the thread.
    """
    ready: queue.Queue = queue.Queue(size)
    stopped = threading.Event()

    def give(item: object) -> None:
        while not stopped.is_set():
            try:
                ready.put(item, timeout=_PATIENCE)
                return
            except queue.Full:
                continue

    def run() -> None:
        try:
            for item in items:
                give((item, None))
                if stopped.is_set():
                    return
            give((_END, None))
        except BaseException as error:  # raised again in the reader's thread
            give((_END, error))

    thread = threading.Thread(target=run, name="read-ahead", daemon=True)
    thread.start()
    try:
        while True:
            item, error = ready.get()
            if error is not None:
                raise error
            if item is _END:
                return
            yield item
    finally:
        stopped.set()
        thread.join()


class Behind(Generic[Item]):
    """Hands items to ``work`` in a thread of its own, in order, at most ``size`` items behind.

    As a context manager: leaving the block waits for the rest, or drops it when the block raises.

    Args:
        work: called with each item; what it raises is raised by the next ``put`` or at the end.
    """

    def __init__(self, work: Callable[[Item], None], size: int) -> None:
        self._work = work
        self._queue: queue.Queue = queue.Queue(size)
        self._error: BaseException | None = None
        self._dropping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="behind", daemon=True)

    def put(self, item: Item) -> None:
        """Hands over an item; waits while the queue is full."""
        while self._error is None:
            try:
                self._queue.put(item, timeout=_PATIENCE)
                return
            except queue.Full:
                continue
        raise self._error

    def __enter__(self) -> Behind[Item]:
        self._thread.start()
        return self

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if error is not None:
            self._dropping.set()
        self._queue.put(_END)  # the thread empties the queue in any case
        self._thread.join()
        if error is None and self._error is not None:
            raise self._error

    def _run(self) -> None:
        while (item := self._queue.get()) is not _END:
            if self._dropping.is_set() or self._error is not None:
                continue
            try:
                self._work(item)
            except BaseException as error:
                self._error = error
