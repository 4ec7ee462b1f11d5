"""Calls of several threads as one batch: tabs share a network, and one thread at a time computes it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


class _Call(Generic[Item, Result]):
    def __init__(self, items: Sequence[Item]) -> None:
        self.items = items
        self.results: Sequence[Result] | None = None
        self.error: Exception | None = None


class Together(Generic[Item, Result]):
    """Does ``work(items)``; calls that come while it is at work are done together when it is free.

    May be called from any thread. A batch runs in the thread of one of its callers.

    Args:
        work: gives one result an item. What it raises, every call of its batch raises.
        most: items that calls are joined up to; a call is never split.
    """

    def __init__(self, work: Callable[[Sequence[Item]], Sequence[Result]], most: int = 8) -> None:
        self._work, self._most = work, most
        self._waiting: list[_Call[Item, Result]] = []
        self._lock = threading.Lock()
        self._working = threading.Lock()

    def __call__(self, items: Sequence[Item]) -> Sequence[Result]:
        """The results of these items alone, in their order."""
        call: _Call[Item, Result] = _Call(items)
        with self._lock:
            self._waiting.append(call)
        with self._working:
            if call.results is None and call.error is None:  # nobody has taken it along
                self._do(self._batch_with(call))
        if call.error is not None:
            raise call.error
        assert call.results is not None
        return call.results

    def _batch_with(self, own: _Call[Item, Result]) -> list[_Call[Item, Result]]:
        batch, size = [own], len(own.items)
        with self._lock:
            self._waiting.remove(own)
            for call in list(self._waiting):
                if size + len(call.items) <= self._most:
                    batch.append(call)
                    size += len(call.items)
                    self._waiting.remove(call)
        return batch

    def _do(self, batch: list[_Call[Item, Result]]) -> None:
        try:
            results = self._work([item for call in batch for item in call.items])
        except Exception as error:
            for call in batch:
                call.error = error
            return
        begin = 0
        for call in batch:
            call.results = results[begin : begin + len(call.items)]
            begin += len(call.items)
