"""Worker processes under watch: limits of time and memory, a new worker after each that is gone."""

from __future__ import annotations

import json
import os
import queue
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from benchmarks.stress.process import MEGABYTE, status
from benchmarks.stress.server import ROOT
from benchmarks.stress.verdict import Verdict, failed
from benchmarks.stress.worker import input_folder

LOOK_EVERY = 0.05
START_SECONDS = 180.0


@dataclass(frozen=True)
class Limits:
    """What an input may take: seconds, and bytes of memory above what the process has at rest."""

    seconds: float = 30.0
    memory: int = 1000 * MEGABYTE


@dataclass(frozen=True)
class Kind:
    """Inputs of one sort.

    Attributes:
        name: on the command line.
        trial: "module:class" of what makes and runs them.
        share: of all inputs.
        limits: of one.
        least: inputs for which one more worker is worth the seconds that it takes to start.
    """

    name: str
    trial: str
    share: float
    limits: Limits = Limits()
    least: int = 100


@dataclass(frozen=True)
class Result:
    """An input's fate.

    Attributes:
        kind, index: which.
        verdict: processed, refused or failed.
        seconds: it took.
        memory: bytes above the process's resting memory, at the most.
        folder: where a failed one is kept.
    """

    kind: str
    index: int
    verdict: Verdict
    seconds: float
    memory: int
    folder: Path | None = None


class Worker:
    """One worker process and its inputs.

    Args:
        kind: of its inputs.
        seed: of all inputs.
        folder: new, for its files.
    """

    def __init__(self, kind: Kind, seed: int, folder: Path) -> None:
        self.kind, self.folder = kind, folder
        folder.mkdir(parents=True)
        self._log = folder / "worker.log"
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-X", "faulthandler", "-m", "benchmarks.stress.worker"]
                + [kind.trial, kind.name, str(seed), str(folder)],
                cwd=ROOT,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                start_new_session=True,  # so that what it starts can be ended with it
                env={**os.environ, "OMP_NUM_THREADS": "1"},
            )
        self._answers: queue.Queue[str] = queue.Queue()
        threading.Thread(target=self._listen, daemon=True).start()
        ready = self._answer(time.monotonic() + START_SECONDS)
        if ready is None:
            self.kill()
            raise RuntimeError(f"no worker for {kind.name}: {self.printed()}")
        self.watched = int(ready["watched"])

    def _listen(self) -> None:
        for line in self._process.stdout:
            self._answers.put(line)
        self._answers.put("")

    def _answer(self, give_up: float) -> dict | None:
        """The next answer; None if there is none in time or ever."""
        with suppress(queue.Empty):
            line = self._answers.get(timeout=max(0.0, give_up - time.monotonic()))
            return json.loads(line) if line else None
        return None

    def run(self, index: int) -> tuple[Verdict, float, int]:
        """Runs an input; gives its fate, seconds and memory. After a hang or a crash the worker is dead."""
        began = time.monotonic()
        limits, resting, most = self.kind.limits, None, 0
        mark = self._log.stat().st_size
        with suppress(BrokenPipeError):
            self._process.stdin.write(f"{index}\n")
            self._process.stdin.flush()
        while True:
            answer = self._answer(time.monotonic() + LOOK_EVERY)
            seconds = time.monotonic() - began
            if answer is not None and "resting" in answer:
                resting = int(answer["resting"])
                continue
            if answer is not None:
                self.watched = int(answer["watched"])
                verdict = Verdict(answer["outcome"], answer["detail"])
                most = max(most, int(answer["memory"]))
                if most > limits.memory:
                    verdict = _too_much(most)
                return verdict, seconds, most
            if self.dead:
                code = self._process.returncode
                how = signal.Signals(-code).name if code < 0 else f"exit code {code}"
                self.kill()
                return failed(f"the process crashed ({how}): {self.printed(mark)}"), seconds, most
            if resting is not None:
                most = max(most, status(self.watched, "VmRSS") - resting)
            if most > limits.memory or seconds > limits.seconds:
                self.kill()
                if most > limits.memory:
                    return _too_much(most), seconds, most
                return failed(f"it hangs: no end after {seconds:.0f} s"), seconds, most

    @property
    def dead(self) -> bool:
        """Whether the process has ended."""
        return self._process.poll() is not None

    def printed(self, since: int = 0) -> str:
        """The end of what it wrote to the standard error."""
        with self._log.open("rb") as log:
            log.seek(since)
            return log.read().decode(errors="replace")[-3000:]

    def kill(self) -> None:
        """Ends it and all that it has started."""
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def close(self) -> None:
        """Lets it end in order."""
        with suppress(BrokenPipeError, OSError):
            self._process.stdin.close()
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(60)
        self.kill()


def _too_much(memory: int) -> Verdict:
    return failed(f"it takes {memory / MEGABYTE:.0f} MB")


def run_inputs(
    jobs: Iterable[tuple[Kind, Iterable[int]]],
    seed: int,
    work: Path,
    keep: Path,
    workers: int,
    progress: Callable[[Result], None] = lambda result: None,
) -> list[Result]:
    """Runs inputs, ``workers`` at a time, each worker on one kind after the other.

    Args:
        jobs: the kinds with the numbers of their inputs.
        seed: of all inputs.
        work: folder for files that go.
        keep: folder to which failed inputs are moved.
        workers: processes at once.
        progress: told each result.
    """
    waiting: queue.SimpleQueue[tuple[Kind, list[int]]] = queue.SimpleQueue()
    for kind, indices in jobs:
        for part in _parts(list(indices), workers, kind.least):
            waiting.put((kind, part))
    results: list[Result] = []
    lock = threading.Lock()

    def work_off(number: int) -> None:
        for turn in range(10**9):
            try:
                kind, indices = waiting.get_nowait()
            except queue.Empty:
                return
            for result in _run_part(kind, indices, seed, work / f"{number}-{turn}", keep):
                with lock:
                    results.append(result)
                    progress(result)

    threads = [threading.Thread(target=work_off, args=(number,)) for number in range(workers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sorted(results, key=lambda result: (result.kind, result.index))


def _parts(indices: list[int], count: int, least: int) -> Iterator[list[int]]:
    """Neighbours together, at most as many parts as there are workers, none of them empty."""
    size = max(-(-len(indices) // count), least)
    for first in range(0, len(indices), size):
        yield indices[first : first + size]


def _run_part(kind: Kind, indices: list[int], seed: int, work: Path, keep: Path) -> Iterator[Result]:
    worker = None
    for count, index in enumerate(indices):
        folder = work / str(count)
        if worker is None:
            worker = Worker(kind, seed, folder)
        verdict, seconds, memory = worker.run(index)
        kept = None
        if verdict.failed:
            kept = _keep(kind, index, input_folder(worker.folder, index), keep, verdict)
        yield Result(kind.name, index, verdict, seconds, memory, kept)
        if worker.dead:
            shutil.rmtree(worker.folder, ignore_errors=True)
            worker = None
    if worker is not None:
        worker.close()
        shutil.rmtree(worker.folder, ignore_errors=True)


def _keep(kind: Kind, index: int, made: Path, keep: Path, verdict: Verdict) -> Path:
    """Moves a failed input to where it stays, with what was wrong."""
    kept = keep / f"{kind.name}-{index}"
    shutil.rmtree(kept, ignore_errors=True)
    kept.parent.mkdir(parents=True, exist_ok=True)
    if made.exists():
        shutil.copytree(made, kept, symlinks=True, copy_function=copy_plain)
        shutil.rmtree(made, ignore_errors=True)
    kept.mkdir(exist_ok=True)
    (kept / "FAILED.txt").write_text(verdict.detail + "\n", errors="replace")
    return kept


def copy_plain(source: str, target: str) -> None:
    """Copies a file; a pipe, of which there is nothing to copy, is left out."""
    with suppress(shutil.SpecialFileError):
        shutil.copy2(source, target)
