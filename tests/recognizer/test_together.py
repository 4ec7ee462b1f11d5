"""Calls that are done together."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from recognizer.together import Together


class Slow:
    """Doubles numbers; the first batch waits until it is let go."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.started, self.go = threading.Event(), threading.Event()
        self.at_work = 0

    def __call__(self, items):
        self.at_work += 1
        assert self.at_work == 1, "one thread at a time"
        self.batches.append(list(items))
        self.started.set()
        assert self.go.wait(20)
        self.at_work -= 1
        if 13 in items:
            raise ValueError("thirteen")
        return [2 * item for item in items]


def waiting(together: Together, count: int) -> None:
    while len(together._waiting) < count:
        threading.Event().wait(0.001)


def test_what_comes_meanwhile_is_one_batch_and_each_has_its_own_results():
    work = Slow()
    together = Together(work, most=4)
    with ThreadPoolExecutor(4) as pool:
        first = pool.submit(together, [1])
        assert work.started.wait(20)
        later = []
        for number, items in enumerate(([2, 3], [4], [5, 6]), 1):
            later.append(pool.submit(together, items))
            waiting(together, number)
        work.go.set()
        assert first.result(20) == [2]
        assert [call.result(20) for call in later] == [[4, 6], [8], [10, 12]]
    assert work.batches[0] == [1] and len(work.batches) == 3, "one of three fits into no batch of four"
    assert sorted(item for batch in work.batches for item in batch) == [1, 2, 3, 4, 5, 6]
    assert all(len(batch) <= 4 for batch in work.batches)


def test_a_large_call_is_not_split():
    work = Slow()
    work.go.set()
    assert Together(work, most=2)([1, 2, 3]) == [2, 4, 6]
    assert work.batches == [[1, 2, 3]]


def test_an_error_reaches_all_of_its_batch_and_nobody_else():
    work = Slow()
    together = Together(work)
    with ThreadPoolExecutor(3) as pool:
        first = pool.submit(together, [1])
        assert work.started.wait(20)
        later = [pool.submit(together, [13]), pool.submit(together, [2])]
        waiting(together, 2)
        work.go.set()
        assert first.result(20) == [2]
        for call in later:
            with pytest.raises(ValueError, match="thirteen"):
                call.result(20)
    assert together([3]) == [6], "and it goes on"
