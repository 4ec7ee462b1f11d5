"""Long work: its order, its bounds, and who comes last where a result and a cancelling meet."""

from __future__ import annotations

import gc
import threading
import time
import weakref
from collections.abc import Callable

import pytest

from app.web.jobs import Job, JobQueue, QueueFullError

SOON = 20.0
"""Seconds that only a failing test waits."""


class Gate:
    """Work that tells when it has begun, and ends when it is let."""

    def __init__(self) -> None:
        self.begun, self.go_on = threading.Event(), threading.Event()

    def __call__(self, job: Job) -> str:
        self.begun.set()
        assert self.go_on.wait(SOON)
        return "done"


def started(queue: JobQueue, **options) -> tuple[Job, Gate]:
    gate = Gate()
    job = queue.start(gate, **options)
    assert gate.begun.wait(SOON)
    return job, gate


def test_jobs_run_in_their_order_and_say_how_many_are_ahead():
    queue, order = JobQueue(most=2, waiting=3), []
    (first, gate), (second, other) = started(queue), started(queue)

    def third(job: Job) -> None:
        order.append("third")

    waiting = [queue.start(third), queue.start(lambda job: order.append("fourth"))]
    assert [job.ahead for job in (first, second, *waiting)] == [0, 0, 1, 2]
    other.go_on.set()
    assert all(job.wait(SOON) for job in waiting)
    assert order == ["third", "fourth"], "one after the other: the first still runs"
    assert not first.done
    gate.go_on.set()
    assert first.wait(SOON) and (first.result, second.result) == ("done", "done")


def test_no_more_run_at_once_than_may():
    queue = JobQueue(most=2, waiting=9)
    lock, running, most = threading.Lock(), 0, 0

    def work(job: Job) -> None:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        threading.Event().wait(0.01)
        with lock:
            running -= 1

    jobs = [queue.start(work) for _ in range(9)]
    assert all(job.wait(SOON) for job in jobs)
    assert most == 2


def test_only_so_many_wait():
    queue = JobQueue(most=1, waiting=2)
    running, gate = started(queue)
    waiting = [queue.start(lambda job: 1), queue.start(lambda job: 2)]
    with pytest.raises(QueueFullError):
        queue.start(lambda job: pytest.fail("one too many"))
    waiting[0].cancel()
    last = queue.start(lambda job: 3)
    assert last.ahead == 2
    gate.go_on.set()
    assert last.wait(SOON) and (running.result, waiting[1].result, last.result) == ("done", 2, 3)


def test_a_job_that_is_cancelled_while_it_waits_has_ended_at_once():
    queue = JobQueue(most=1, waiting=2)
    _, gate = started(queue)
    waiting, behind = queue.start(lambda job: pytest.fail("it ran")), queue.start(lambda job: 2)
    waiting.cancel()
    assert waiting.done and waiting.cancelled and waiting.result is waiting.error is None
    assert behind.ahead == 1
    gate.go_on.set()
    assert behind.wait(SOON) and behind.result == 2


def test_what_a_job_raises_is_kept_and_the_next_runs():
    queue = JobQueue(most=1, waiting=1)
    for _ in range(3):
        job = queue.start(lambda job: 1 / 0)
        assert job.wait(SOON) and isinstance(job.error, ZeroDivisionError)
    assert queue.start(lambda job: 1).wait(SOON)


def test_nothing_of_a_job_that_was_stopped_is_held():
    """Not even until Python looks for circles: it may hold pictures by the hundred."""

    class Pictures:
        pass

    held = []

    def work(job: Job) -> None:
        pictures = Pictures()
        held.append(weakref.ref(pictures))
        job.cancel()
        raise RuntimeError("stopped")

    gc.disable()
    try:
        job = JobQueue(most=1, waiting=1).start(work)
        assert job.wait(SOON) and job.cancelled and isinstance(job.error, RuntimeError)
        until = time.monotonic() + SOON
        while held[0]() is not None and time.monotonic() < until:
            time.sleep(0.01)  # its thread is about to leave
        assert held[0]() is None
    finally:
        gc.enable()


def test_a_thread_that_cannot_be_started_takes_no_place(monkeypatch: pytest.MonkeyPatch):
    queue = JobQueue(most=1, waiting=0)
    with monkeypatch.context() as patched:

        def fail(thread: threading.Thread) -> None:
            raise RuntimeError("can't start new thread")

        patched.setattr(threading.Thread, "start", fail)
        with pytest.raises(RuntimeError):
            queue.start(lambda job: 1)
    assert queue.start(lambda job: 1).wait(SOON)


def test_a_result_that_comes_after_the_cancelling_is_discarded():
    discarded: list[str] = []
    job, gate = started(JobQueue(most=1, waiting=0), discard=discarded.append)
    job.cancel()
    gate.go_on.set()
    assert job.wait(SOON)
    assert discarded == ["done"] and job.result is None and job.cancelled


def test_a_cancelling_that_comes_after_the_result_changes_nothing():
    discarded: list[str] = []
    job, gate = started(JobQueue(most=1, waiting=0), discard=discarded.append)
    gate.go_on.set()
    assert job.wait(SOON)
    job.cancel()
    assert (job.result, job.cancelled, discarded) == ("done", False, [])


class Stop:
    """A lock that lets the first who wants it wait outside until it is told to go on."""

    def __init__(self) -> None:
        self.reached, self.go_on, self._lock = threading.Event(), threading.Event(), threading.Lock()

    def __enter__(self) -> None:
        if not self.reached.is_set():
            self.reached.set()
            assert self.go_on.wait(SOON)
        self._lock.acquire()

    def __exit__(self, *error: object) -> None:
        self._lock.release()


@pytest.mark.parametrize("meanwhile", [Job.cancel, lambda job: None], ids=["cancelled", "left alone"])
def test_between_the_works_end_and_the_hand_over_whoever_comes_last_deletes(
    meanwhile: Callable[[Job], None],
):
    discarded: list[str] = []
    job, gate = started(JobQueue(most=1, waiting=0), discard=discarded.append)
    job._handing_over = stop = Stop()
    gate.go_on.set()
    assert stop.reached.wait(SOON), "the work has ended, and its result is on its way"
    meanwhile(job)
    stop.go_on.set()
    assert job.wait(SOON)
    assert (job.result is None) == (discarded == ["done"]) == job.cancelled


def test_who_is_told_that_a_job_has_ended_finds_its_place_free():
    queue = JobQueue(most=1, waiting=0)
    for _ in range(500):
        assert queue.start(lambda job: None).wait(SOON)
