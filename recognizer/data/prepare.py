"""Raw data sets into prepared ones: in parallel, resumable, and never half written.

Files are read in groups by several processes. Each group becomes a small file in ``OUT.partial`` as soon as
it is done; in the end the groups are joined and the folder gets its name. Whatever stops the work, the next
call with the same arguments goes on with the groups that are missing.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import signal
import threading
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from functools import cache
from multiprocessing import get_context, parent_process
from multiprocessing.connection import wait
from pathlib import Path

import numpy as np
from numpy.lib.format import open_memmap

from recognizer.data.clip import DataError
from recognizer.data.prepared import (
    CLIPS,
    JOINTS,
    NAME_LENGTH,
    PreparedClips,
    PreparedInfo,
    Sample,
    clip_dtype,
    write_info,
)
from recognizer.data.sources import SOURCES, Source

GROUP = 200
"""Files of a group."""


@dataclass(frozen=True)
class Task:
    """What a process needs to know to read a group.

    Attributes:
        dataset: key of ``SOURCES``.
        raw: the raw data set.
        work: folder of the groups.
        without: names of samples to leave out.
    """

    dataset: str
    raw: Path
    work: Path
    without: frozenset[str] = frozenset()


def prepare(
    dataset: str,
    raw: Path,
    out: Path,
    workers: int | None = None,
    without: frozenset[str] = frozenset(),
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> PreparedClips:
    """Prepares a data set.

    Args:
        dataset: key of ``SOURCES``.
        raw: folder of the data set as it is distributed.
        out: folder to make.
        workers: processes; one for each processor by default.
        without: names of samples known to be bad, such as NTU's list of missing skeletons.
        progress: is told how many files of how many are done.

    Returns:
        The prepared data set; ``info.skipped`` tells which files were left out and why.

    Raises:
        DataError: with one sentence: an unknown or empty data set, not one readable file, ``out`` exists.
        OSError: the disk is full or may not be written; what is done is kept for the next call.
    """
    if dataset not in SOURCES:
        raise DataError(f"There is no data set {dataset!r}: choose one of {', '.join(SOURCES)}.")
    if out.exists():
        raise DataError(f"{out} exists already: delete it or choose another folder.")
    if not raw.is_dir():
        raise DataError(f"{raw} is no folder.")
    source = SOURCES[dataset](raw)
    groups = [source.files[first : first + GROUP] for first in range(0, len(source.files), GROUP)]
    work = out.with_name(f"{out.name}.partial")
    _open_work(work, dataset, raw, source, without)
    task = Task(dataset, raw, work, without)
    missing = [number for number in range(len(groups)) if not _group_path(work, number).is_file()]
    done = len(source.files) - sum(len(groups[number]) for number in missing)
    progress(done, len(source.files))
    # Not forked: threads of the libraries in this process would be copied half.
    with ProcessPoolExecutor(workers or os.cpu_count(), get_context("spawn"), _follow_parent) as pool:
        futures = {
            pool.submit(_read_group, task, number, groups[number]): len(groups[number]) for number in missing
        }
        try:
            for future in as_completed(futures):
                future.result()
                done += futures[future]
                progress(done, len(source.files))
        except BrokenProcessPool:
            raise DataError(
                "A process that read files was killed, perhaps for want of memory: "
                "call again to go on, with fewer workers."
            ) from None
        except KeyboardInterrupt:
            pool.shutdown(cancel_futures=True)
            raise KeyboardInterrupt("preparing stopped; call again to go on from here.") from None
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
    _join(work, dataset, source, len(groups))
    work.rename(out)
    return PreparedClips(out)


def _follow_parent() -> None:
    """Starts a reading process: Ctrl-C is for the parent to notice, and when the parent dies so does this."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)

    def watch() -> None:
        wait([parent_process().sentinel])
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def _open_work(work: Path, dataset: str, raw: Path, source: Source, without: frozenset[str]) -> None:
    """The folder of the groups; groups of other arguments or other files are deleted."""
    digest = hashlib.sha256()
    for path in source.files:
        digest.update(f"{path.relative_to(raw)}\n".encode())
    digest.update("\n".join(sorted(without)).encode())
    signature = {"dataset": dataset, "raw": str(raw.resolve()), "files": digest.hexdigest(), "group": GROUP}
    path = work / "signature.json"
    try:
        if json.loads(path.read_text()) == signature:
            return
    except (OSError, ValueError):
        pass
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    path.write_text(json.dumps(signature))


def _group_path(work: Path, number: int) -> Path:
    return work / f"group-{number:06d}.npz"


@cache
def _source(dataset: str, raw: Path) -> Source:
    return SOURCES[dataset](raw)


def _read_group(task: Task, number: int, files: list[Path]) -> None:
    """Reads files and writes their group; runs in a process of its own."""
    source = _source(task.dataset, task.raw)
    info = _info(task.dataset, source)
    records, rows, skipped = [], [], []
    for path in files:
        if path.stem in task.without:
            skipped.append(f"{path}: is on the list of samples to leave out.")
            continue
        try:
            sample = source.read(path)
            _check(sample, path)
        except DataError as error:
            skipped.append(str(error))
            continue
        except OSError as error:
            skipped.append(f"{path}: cannot be read ({error.strerror}).")
            continue
        persons, frames = sample.confidence.shape[:2]
        records.append((sample.name.encode(), 0, persons, frames, *sample.labels, *sample.parts))
        both = np.concatenate([sample.joints, sample.confidence[..., None]], -1).astype(np.float32)
        rows.append(both.reshape(-1, *both.shape[2:]))
    shape = (0, len(source.layout), source.layout.coordinates + 1)
    path = _group_path(task.work, number)
    temporary = path.with_suffix(f".{os.getpid()}")
    with temporary.open("wb") as file:
        np.savez(
            file,
            clips=np.array(records, clip_dtype(info)),
            rows=np.concatenate(rows or [np.zeros(shape, np.float32)]),
            skipped=np.array(skipped, np.str_),
        )
    temporary.replace(path)


def _check(sample: Sample, path: Path) -> None:
    if len(sample.name.encode()) > NAME_LENGTH:
        raise DataError(f"{path}: its name has more than {NAME_LENGTH} characters.")
    if not sample.confidence.any():
        raise DataError(f"{path}: no joint of it was ever seen.")


def _info(dataset: str, source: Source, skipped: tuple[str, ...] = ()) -> PreparedInfo:
    return PreparedInfo(
        dataset=dataset, layout=source.layout.name, fps=source.fps, tasks=dict(source.tasks),
        origin=source.origin, protocols=source.protocols, skipped=skipped,
    )  # fmt: skip


def _join(work: Path, dataset: str, source: Source, groups: int) -> None:
    """Makes one data set of the groups, one after the other, so that memory holds a single one."""
    clips, skipped = [], []
    for number in range(groups):
        with np.load(_group_path(work, number)) as group:
            clips.append(group["clips"])
            skipped += group["skipped"].tolist()
    index = np.concatenate(clips)
    if not len(index):
        raise DataError(f"Not one of {len(source.files)} files can be used. The first: {skipped[0]}")
    names, times = np.unique(index["name"], return_counts=True)
    if times.max() > 1:
        twice = names[times.argmax()].decode()
        raise DataError(f"The data set holds {twice} {times.max()} times, in different folders.")
    counts = index["persons"].astype(np.int64) * index["frames"]
    index["first"] = np.cumsum(counts) - counts
    joints = open_memmap(
        work / JOINTS, "w+", np.float32,
        (int(counts.sum()), len(source.layout), source.layout.coordinates + 1),
    )  # fmt: skip
    at = 0
    for number in range(groups):
        with np.load(_group_path(work, number)) as group:
            rows = group["rows"]
        joints[at : at + len(rows)] = rows
        at += len(rows)
    joints.flush()
    np.save(work / CLIPS, index)
    write_info(work, _info(dataset, source, tuple(skipped)))
    for leftover in (*work.glob("group-*"), work / "signature.json"):
        leftover.unlink()
