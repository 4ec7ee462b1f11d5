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
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from ctypes import c_bool, c_int64
from dataclasses import replace
from multiprocessing import get_context, parent_process
from multiprocessing.connection import wait
from pathlib import Path
from typing import Any

from recognizer.data.clip import DataError
from recognizer.data.groups import Task, group_path, make_group, read_file

_NONE = -1

_CONTEXT = get_context("spawn")  # not forked: threads of the libraries in this process would be copied half


class _Stop(Exception):
    """The parent has given up: what a process is reading is of no use any more."""


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
        try:
            suspects = _make(task, missing, workers, finished)
        except BrokenProcessPool:  # while it was filled
            suspects = []
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
    stopped = _CONTEXT.RawValue(c_bool, False)
    with ProcessPoolExecutor(workers, _CONTEXT, _start, (places, stopped)) as pool:
        try:
            with _deaf_children():
                futures = {
                    pool.submit(_make_group, task, number, groups[number], index): number
                    for index, number in enumerate(numbers)
                }
            for future in as_completed(futures):
                future.result()
                finished(futures[future])
        except BrokenProcessPool:
            at = [(number, places[index]) for index, number in enumerate(numbers) if number in groups]
            return [groups[number][place] for number, place in at if place != _NONE]
        except BaseException:
            stopped.value = True
            pool.shutdown(cancel_futures=True)
            raise
    return []


def _kills(task: Task, path: Path) -> bool:
    """Whether a file ends the process that reads it."""
    places, stopped = _CONTEXT.RawArray(c_int64, 1), _CONTEXT.RawValue(c_bool, False)
    with ProcessPoolExecutor(1, _CONTEXT, _start, (places, stopped)) as pool:
        try:
            with _deaf_children():
                future = pool.submit(read_file, task, path)
            future.result()
        except BrokenProcessPool:
            return True
    return False


@contextmanager
def _deaf_children() -> Iterator[None]:
    """Processes that are started meanwhile do not hear Ctrl-C, not even before their first line has run."""
    if not hasattr(signal, "pthread_sigmask"):  # Windows
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


_shared: dict[str, Any] = {}
"""What a reading process shares with its parent."""


def _start(places: Any, stopped: Any) -> None:
    """Starts a reading process: Ctrl-C is for the parent to notice, and when the parent dies so does this."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    warnings.simplefilter("ignore")  # what is odd in a file is told in a sentence
    _shared.update(places=places, stopped=stopped)

    def watch() -> None:
        wait([parent_process().sentinel])
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def _make_group(task: Task, number: int, files: Sequence[Path], index: int) -> None:
    places, stopped = _shared["places"], _shared["stopped"]

    def reading(place: int) -> None:
        places[index] = place
        if stopped.value:
            raise _Stop

    make_group(task, number, files, reading)
    places[index] = _NONE
