"""Several processes that read groups of files, and what is done when one of them dies.

A file may take the process that reads it along: the system kills the largest process when memory ends, and a
library of another language may crash. Then the files that were being read are read one by one, each by a
process that may die, and those that kill it again are left out.
"""

from __future__ import annotations

import os
import signal
import threading
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from ctypes import c_int64
from dataclasses import replace
from multiprocessing import active_children, get_context, parent_process
from multiprocessing.connection import wait
from pathlib import Path
from typing import Any

from recognizer.data.clip import DataError
from recognizer.data.groups import Task, group_path, make_group, read_file

_NONE = -1

_CONTEXT = get_context("spawn")  # not forked: threads of the libraries in this process would be copied half


def make_groups(
    task: Task, groups: Mapping[int, Sequence[Path]], workers: int, done: Callable[[int], None]
) -> None:
    """Makes groups in several processes; files that kill them are skipped as the groups' sentences tell.

    Args:
        task: of the preparation.
        groups: files by number of the group.
        workers: processes.
        done: is told the number of each group that is there.

    Raises:
        DataError: processes die and no file is to blame.
        OSError: a group cannot be written.
    """
    missing = dict(groups)

    def finished(number: int) -> None:
        del missing[number]
        done(number)

    while missing:
        suspects = _make(task, missing, workers, finished)
        if not missing:
            return
        for number in [number for number in missing if group_path(task.work, number).is_file()]:
            finished(number)  # written, and its process died before it could tell
        deadly = frozenset(path for path in suspects if _kills(task, path))
        task = replace(task, deadly=task.deadly | deadly)
        if not deadly and workers == 1:
            raise DataError(
                "A process that read files was killed, perhaps for want of memory: "
                "call again to go on from here."
            )
        if not deadly:
            workers = max(workers // 2, 1)


def _make(
    task: Task, groups: Mapping[int, Sequence[Path]], workers: int, finished: Callable[[int], None]
) -> list[Path]:
    """Makes groups until all are there or a process dies; then, the files that were being read."""
    numbers = list(groups)
    # Where in its group each process is; what it writes here is there even when it dies.
    places = _CONTEXT.RawArray(c_int64, [_NONE] * len(numbers))
    try:
        with _pool(workers, places) as submit:
            futures = submit(
                [(_make_group, task, number, groups[number], i) for i, number in enumerate(numbers)]
            )
            at = dict(zip(futures, numbers, strict=True))
            for future in as_completed(futures):
                future.result()
                finished(at[future])
    except BrokenProcessPool:
        found = [(number, places[i]) for i, number in enumerate(numbers) if number in groups]
        return [groups[number][place] for number, place in found if place != _NONE]
    return []


def _kills(task: Task, path: Path) -> bool:
    """Whether a file ends the process that reads it."""
    try:
        with _pool(1, _CONTEXT.RawArray(c_int64, 1)) as submit:
            submit([(read_file, task, path)])[0].result()
    except BrokenProcessPool:
        return True
    return False


@contextmanager
def _pool(workers: int, places: Any) -> Iterator[Callable[[list[tuple]], list[Future]]]:
    """Processes that work off lists of calls, and end at once when the block raises."""
    others = set(active_children())
    with ProcessPoolExecutor(workers, _CONTEXT, _start, (places,)) as pool:

        def submit(calls: list[tuple]) -> list[Future]:
            with ctrl_c_waits():  # this starts the processes
                return [pool.submit(*call) for call in calls]

        try:
            yield submit
        except BaseException:
            for process in set(active_children()) - others:
                process.terminate()  # what it is writing is not there before it is whole
            pool.shutdown(cancel_futures=True)
            raise


@contextmanager
def ctrl_c_waits() -> Iterator[None]:
    """Ctrl-C counts at the end of the block, and processes started in it never hear it, not even at first.

    A process that is interrupted before it has been told what to do prints a traceback.
    """
    if threading.current_thread() is not threading.main_thread():
        yield  # only the main thread hears Ctrl-C
        return
    heard: list[int] = []
    handler = signal.signal(signal.SIGINT, lambda number, _: heard.append(number))
    masked = hasattr(signal, "pthread_sigmask")  # not on Windows
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT}) if masked else None
    try:
        yield
    finally:
        if before is not None:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
        signal.signal(signal.SIGINT, handler)
        if heard:
            signal.raise_signal(signal.SIGINT)


_shared: dict[str, Any] = {}
"""What a reading process shares with its parent."""


def _start(places: Any) -> None:
    """Starts a reading process: Ctrl-C is for the parent to notice, and when the parent dies so does this."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    warnings.simplefilter("ignore")  # what is odd in a file is told in a sentence
    _shared["places"] = places

    def watch() -> None:
        parent = parent_process()
        if parent is not None:
            wait([parent.sentinel])
            os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def _make_group(task: Task, number: int, files: Sequence[Path], index: int) -> None:
    places = _shared["places"]

    def reading(place: int) -> None:
        places[index] = place

    make_group(task, number, files, reading)
    places[index] = _NONE
