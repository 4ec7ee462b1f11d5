"""Long work in the background: a few jobs at a time, the others wait their turn, each can be cancelled."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

Result = TypeVar("Result")


class Job(Generic[Result]):
    """One piece of work in a thread of its own.

    Attributes:
        progress: (fraction done or None while unknown, sentence).
        ahead: jobs that have to end before this one starts; 0 once it runs.
        result: what the work gave, once done.
        error: what it raised, once done.
    """

    def __init__(self) -> None:
        self.progress: tuple[float | None, str] = (None, "Starting")
        self.ahead = 0
        self.result: Result | None = None
        self.error: BaseException | None = None
        self._cancelled = threading.Event()
        self._done = threading.Event()

    @property
    def done(self) -> bool:
        """Whether it has ended in any way."""
        return self._done.is_set()

    @property
    def cancelled(self) -> bool:
        """Whether it was asked to stop; the work looks at this."""
        return self._cancelled.is_set()

    def report(self, fraction: float | None, sentence: str) -> None:
        """Tells how far the work is."""
        self.progress = (fraction, sentence)

    def cancel(self) -> None:
        """Asks it to stop soon. One that still waits never starts."""
        self._cancelled.set()

    def wait(self, timeout: float) -> bool:
        """Waits for its end, at most ``timeout`` seconds; True when it has ended."""
        return self._done.wait(timeout)


class JobQueue:
    """Starts jobs in the order they came, ``most`` at a time."""

    def __init__(self, most: int = 2) -> None:
        self.most = most
        self._places = threading.Condition()
        self._jobs: list[Job] = []

    def start(self, work: Callable[[Job[Result]], Result]) -> Job[Result]:
        """Queues ``work``, which gets its job, calls ``job.report`` and looks at ``job.cancelled``."""
        job: Job[Result] = Job()
        with self._places:
            self._jobs.append(job)
            job.ahead = max(0, len(self._jobs) - self.most)
        threading.Thread(target=self._run, args=(job, work), name="video-job", daemon=True).start()
        return job

    def _run(self, job: Job[Result], work: Callable[[Job[Result]], Result]) -> None:
        try:
            with self._places:
                while not job.cancelled:
                    job.ahead = max(0, self._jobs.index(job) + 1 - self.most)
                    if not job.ahead:
                        break
                    self._places.wait(timeout=0.2)  # a cancelled job leaves without being woken
            if not job.cancelled:
                job.result = work(job)
        except BaseException as error:  # handed to whoever waits for the job
            job.error = error
        finally:
            with self._places:
                self._jobs.remove(job)
                self._places.notify_all()
            job._done.set()
