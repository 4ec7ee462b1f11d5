"""A thread that works on the newest job only: nothing ever queues up behind a slow one."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

Job = TypeVar("Job")
Result = TypeVar("Result")


@dataclass(frozen=True)
class Outcome(Generic[Job, Result]):
    """What became of a job.

    Attributes:
        job: as it was submitted.
        result: what the work gave; None where it failed.
        error: what it raised, or None.
        milliseconds: how long it took.
    """

    job: Job
    result: Result | None
    error: Exception | None
    milliseconds: float


class NewestOnlyWorker(Generic[Job, Result]):
    """Does ``work(job)`` in a thread of its own, one job at a time.

    Args:
        work: called in the thread; an exception it raises becomes the outcome's ``error``.
    """

    def __init__(self, work: Callable[[Job], Result]) -> None:
        self._work = work
        self._condition = threading.Condition()
        self._pending: Job | None = None
        self._busy = False
        self._outcome: Outcome[Job, Result] | None = None
        self._closed = False
        self._thread = threading.Thread(target=self._run, name="recogniser", daemon=True)
        self._thread.start()

    @property
    def idle(self) -> bool:
        """Whether a job submitted now would start at once."""
        with self._condition:
            return not self._busy and self._pending is None

    def submit(self, job: Job) -> None:
        """Hands over a job; one that has not started yet is replaced."""
        with self._condition:
            self._pending = job
            self._condition.notify_all()

    def take(self) -> Outcome[Job, Result] | None:
        """The newest outcome that was not taken yet, or None."""
        with self._condition:
            outcome, self._outcome = self._outcome, None
            return outcome

    def close(self) -> None:
        """Ends the thread after the job it is at, which is waited for, however long it takes: until then the
        core is not free. A pending job is dropped. May be called twice."""
        with self._condition:
            self._closed = True
            self._pending = None
            self._condition.notify_all()
        self._thread.join()

    def _run(self) -> None:
        while True:
            with self._condition:
                while self._pending is None and not self._closed:
                    self._condition.wait()
                if self._closed:
                    return
                job, self._pending = self._pending, None
                self._busy = True
            began = time.perf_counter()
            result, error = None, None
            try:
                result = self._work(job)
            except Exception as problem:  # told to the user by whoever takes the outcome
                error = problem
            spent = (time.perf_counter() - began) * 1000
            with self._condition:
                self._busy = False
                self._outcome = Outcome(job, result, error, spent)
