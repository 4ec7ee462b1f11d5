"""Long work in the background: a few jobs at a time, some wait their turn, each can be cancelled."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from typing import Generic, TypeVar

from pose.errors import UserError

Result = TypeVar("Result")


class QueueFullError(UserError):
    """As many jobs wait as may; the message is one sentence for the user."""


class Job(Generic[Result]):
    """One piece of work. Either it is cancelled or it has a result, never both, whoever comes first.

    Attributes:
        progress: (fraction done or None while unknown, sentence).
        result: what the work gave, once done.
        error: what it raised, once done.
    """

    def __init__(
        self,
        queue: JobQueue,
        work: Callable[[Job[Result]], Result],
        discard: Callable[[Result], None],
    ) -> None:
        self.progress: tuple[float | None, str] = (None, "Starting")
        self.result: Result | None = None
        self.error: BaseException | None = None
        self._queue, self._work, self._discard = queue, work, discard
        self._handing_over = threading.Lock()
        self._cancelled = threading.Event()
        self._done = threading.Event()

    @property
    def done(self) -> bool:
        """Whether it has ended in any way."""
        return self._done.is_set()

    @property
    def cancelled(self) -> bool:
        """Whether it was asked to stop before it had a result; the work looks at this."""
        return self._cancelled.is_set()

    @property
    def ahead(self) -> int:
        """Jobs that have to end before this one starts; 0 once it runs."""
        return self._queue._place(self)

    def report(self, fraction: float | None, sentence: str) -> None:
        """Tells how far the work is."""
        self.progress = (fraction, sentence)

    def cancel(self) -> None:
        """Asks it to stop soon; does nothing where the result is there. One that waits has ended at once."""
        with self._handing_over:
            if self.result is None:
                self._cancelled.set()
        if self._queue._leave(self):
            self._end()

    def wait(self, timeout: float) -> bool:
        """Waits for its end, at most ``timeout`` seconds; True when it has ended."""
        return self._done.wait(timeout)

    def _run(self) -> None:
        try:
            if not self.cancelled:
                self._hand_over(self._work(self))
        except BaseException as error:  # handed to whoever waits for the job
            # Nobody asks where a job was when it was stopped. The traceback would hold this job, which holds
            # it: all that the work used, pictures too, would stay until Python looks for such circles.
            self.error = error.with_traceback(None) if self.cancelled else error

    def _hand_over(self, result: Result) -> None:
        with self._handing_over:
            if not self.cancelled:
                self.result = result
                return
        self._discard(result)

    def _end(self) -> None:
        del self._work  # and what it holds
        self._done.set()


class JobQueue:
    """Runs jobs in the order they came.

    Args:
        most: jobs that run at the same time.
        waiting: jobs that may wait besides.
    """

    # Not an executor of concurrent.futures: Python waits for the threads of those when it ends, and Ctrl-C
    # would last as long as the longest video.

    def __init__(self, most: int, waiting: int) -> None:
        self._most, self._most_waiting = most, waiting
        self._lock = threading.Lock()
        self._running = 0
        self._waiting: deque[Job] = deque()

    def start(
        self, work: Callable[[Job[Result]], Result], discard: Callable[[Result], None] = lambda result: None
    ) -> Job[Result]:
        """Queues work.

        Args:
            work: gets its job, calls ``job.report`` and looks at ``job.cancelled``.
            discard: gets the result of a job that was cancelled while its work came to its end.

        Raises:
            QueueFullError: too many wait already; nothing was queued.
        """
        job: Job[Result] = Job(self, work, discard)
        with self._lock:
            if self._running >= self._most:
                if len(self._waiting) >= self._most_waiting:
                    raise QueueFullError(f"{self._most_waiting} jobs wait already: try again in a moment.")
                self._waiting.append(job)
                return job
            threading.Thread(target=self._run, args=(job,), name="video-job", daemon=True).start()
            self._running += 1
        return job

    def _run(self, job: Job | None) -> None:
        while job is not None:
            ended = job
            ended._run()
            with self._lock:
                job = self._waiting.popleft() if self._waiting else None
                if job is None:
                    self._running -= 1
            ended._end()  # only now, when its place is free: whoever is told may start another at once

    def _place(self, job: Job) -> int:
        with self._lock:
            return self._waiting.index(job) + 1 if job in self._waiting else 0

    def _leave(self, job: Job) -> bool:
        """Takes out a job that waits; False if it does not."""
        with self._lock:
            if job not in self._waiting:
                return False
            self._waiting.remove(job)
            return True
