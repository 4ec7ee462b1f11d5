"""``pose2action run`` of many files: processes work them off, and a file that kills one stops nothing."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing import get_context, parent_process
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from pathlib import Path

from rich.console import Console

from app.commands.analysing import Look, analyse
from app.commands.console import printable
from app.commands.gathering import Task, check_settings, gather, keep_settings, parse_kinds, share
from app.commands.interrupts import interruptible
from app.drawing.picture import label_text
from app.video.opening import open_source
from app.video.results import VideoResult
from pose.errors import UserError
from recognizer.data.processes import ctrl_c_waits

_CONTEXT = get_context("spawn")  # not forked: threads of the libraries in this process would be copied half

_PATIENCE = 10.0
"""Seconds in which a process that is told to stop deletes what it was writing."""


@dataclass(frozen=True)
class Answer:
    """What became of a task, or of loading the recogniser.

    Attributes:
        failed: whether there are no results.
        sentence: what was found, or why there is nothing.
        fatal: no other task can be done either.
    """

    failed: bool
    sentence: str
    fatal: bool = False


def run_many(
    sources: Sequence[str], out: Path, look: Look, also: str | None, jobs: int, shard: str | None
) -> bool:
    """Analyses files and folders of them into a folder; what was done before is not done again.

    Args:
        sources: files, and folders of them.
        out: folder of the results, made if it is not there.
        look: how to look at the files.
        also: what to write beside the JSON of each file: some of ``gathering.KINDS``, with commas between.
        jobs: processes.
        shard: "I/N": only every Nth file, from the Ith on.

    Returns:
        Whether all files of the shard have results now.

    Raises:
        OutputError, WeightsError: with one sentence for the user.
        KeyboardInterrupt: Ctrl-C; what was finished stays.
    """
    tasks = share(gather(sources, out, parse_kinds(also)), shard)
    check_settings(out, look)
    waiting = [task for task in tasks if not task.done]
    said, errors = Console(), Console(stderr=True)
    before = len(tasks) - len(waiting)
    failed = 0
    try:
        with interruptible():
            for number, (task, answer) in enumerate(_work_off(waiting, out, look, jobs), before + 1):
                failed += answer.failed
                line = f"{number} of {len(tasks)}  {printable(task.source)}: {printable(answer.sentence)}"
                where = errors if answer.failed else said
                where.print(
                    f"pose2action: {line}" if answer.failed else line,
                    markup=False, highlight=False, soft_wrap=True,
                )  # fmt: skip
    except KeyboardInterrupt:
        done = sum(task.done for task in tasks)
        raise KeyboardInterrupt(
            f"stopped; {done} of {len(tasks)} are done, the same command goes on from there."
        ) from None
    done = len(waiting) - failed
    said.print(f"{len(tasks)} files: {done} done, {before} done before, {failed} failed.", highlight=False)
    return not failed


def _work_off(tasks: Sequence[Task], out: Path, look: Look, jobs: int) -> Iterator[tuple[Task, Answer]]:
    """Gives each task with its answer as it comes."""
    waiting = list(reversed(tasks))
    with _workers(out, look) as workers:
        while waiting or workers.busy:
            while waiting and len(workers.busy) < jobs:
                workers.give(waiting.pop())
            for task, answer in workers.answers():
                if answer.fatal:
                    raise UserError(answer.sentence)
                yield task, answer


class _Workers:
    """Processes with one task each."""

    def __init__(self, out: Path, look: Look) -> None:
        self._out, self._look = out, look
        self._idle: list[tuple[BaseProcess, Connection]] = []
        self.busy: dict[Connection, tuple[BaseProcess, Task]] = {}

    def give(self, task: Task) -> None:
        """Hands a task to an idle process, or a new one."""
        process, pipe = self._idle.pop() if self._idle else self._start()
        with suppress(OSError):  # it has died meanwhile, and its pipe tells
            pipe.send(task)
        self.busy[pipe] = process, task

    def answers(self) -> Iterator[tuple[Task, Answer]]:
        """Waits for the next answers."""
        for pipe in wait(list(self.busy)):
            assert isinstance(pipe, Connection)
            process, task = self.busy.pop(pipe)
            try:
                answer = pipe.recv()
            except (EOFError, OSError):
                process.join()
                yield task, Answer(True, f"the process that read it died ({_why(process.exitcode)}).")
            else:
                self._idle.append((process, pipe))
                yield task, answer

    def stop(self) -> None:
        """Ends all processes. What they were writing goes."""
        processes = [process for process, _ in (*self._idle, *self.busy.values())]
        for process in processes:
            process.terminate()
        for process in processes:
            process.join(_PATIENCE)
            if process.is_alive():
                process.kill()
                process.join()

    def _start(self) -> tuple[BaseProcess, Connection]:
        ours, theirs = _CONTEXT.Pipe()
        process = _CONTEXT.Process(target=_worker, args=(theirs, self._out, self._look), daemon=True)
        with ctrl_c_waits():
            process.start()
        theirs.close()
        return process, ours


@contextmanager
def _workers(out: Path, look: Look) -> Iterator[_Workers]:
    workers = _Workers(out, look)
    try:
        yield workers
    finally:
        workers.stop()


def _why(code: int | None) -> str:
    if code is not None and code < 0:
        memory = ", perhaps for want of memory" if -code == signal.SIGKILL else ""
        return f"signal {-code}{memory}"
    return f"exit code {code}"


def _worker(pipe: Connection, out: Path, look: Look) -> None:
    """The process: answers tasks until there are no more."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent to notice
    signal.signal(signal.SIGTERM, _stop)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    recognizer = None
    with suppress(EOFError, KeyboardInterrupt):
        while True:
            task = pipe.recv()
            try:
                if recognizer is None:
                    recognizer = look.recognizer()
                    keep_settings(out, look)  # not before: the weights may be none
            except UserError as error:
                pipe.send(Answer(True, str(error), fatal=True))
                continue
            except OSError as error:
                pipe.send(Answer(True, f"{error.filename}: {error.strerror}", fatal=True))
                continue
            try:
                task.outputs.json.parent.mkdir(parents=True, exist_ok=True)
                with open_source(task.source) as source:
                    result = analyse(source, recognizer, look.threshold, task.outputs)
                pipe.send(Answer(False, _in_words(result)))
            except UserError as error:
                pipe.send(Answer(True, str(error)))
            except OSError as error:
                where = f"{error.filename}: " if error.filename else ""
                pipe.send(Answer(True, f"{where}{error.strerror or error}."))
            except Exception as error:  # whatever it is, the other files are still to be done
                pipe.send(Answer(True, f"the program failed ({type(error).__name__}: {error})."))


def _stop(number: int, frame: object) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # cleaning up must not be cut short
    raise KeyboardInterrupt


def _end_with_parent() -> None:
    parent = parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)


def _in_words(result: VideoResult) -> str:
    """What was found, in a line."""
    if result.message is not None:
        found = result.message
    else:
        found = "; ".join(
            f"{result.subject.number(person.id)}: "
            + ("no action I know" if person.unsure else label_text(best.label, best.score))
            for person in result.persons
            for best in person.summary[:1]
        )
    return found if result.problem is None else f"{found} {result.problem}"
