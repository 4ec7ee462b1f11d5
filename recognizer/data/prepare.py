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
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.lib import format as npy

from pose.files import replacing
from recognizer.data.clip import DataError
from recognizer.data.files import read_json
from recognizer.data.groups import Group, Task, group_path, info_of, load_group
from recognizer.data.prepared import CLIPS, JOINTS, PreparedClips, PreparedInfo, write_info
from recognizer.data.processes import make_groups
from recognizer.data.sources import SOURCES, Source

GROUP = 200
"""Files of a group."""

_SIGNATURE, _WHOLE = "signature.json", "whole"


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
    try:
        return _prepare(dataset, raw, out, workers or os.cpu_count() or 1, without, progress)
    except KeyboardInterrupt:
        raise KeyboardInterrupt("preparing stopped; call again to go on from here.") from None


def _prepare(
    dataset: str,
    raw: Path,
    out: Path,
    workers: int,
    without: frozenset[str],
    progress: Callable[[int, int], None],
) -> PreparedClips:
    source = SOURCES[dataset](raw)
    groups = [source.files[first : first + GROUP] for first in range(0, len(source.files), GROUP)]
    work = out.with_name(f"{out.name}.partial")
    task = Task(dataset, raw, work, _open_work(work, dataset, raw, source, without), without)
    whole = work / _WHOLE
    if not _is_whole(whole):
        done = _make_missing(task, groups, info_of(dataset, source), workers, progress)
        _join(task, whole, source, done)
    for leftover in work.glob("group-*"):
        leftover.unlink()
    whole.rename(out)
    shutil.rmtree(work, ignore_errors=True)
    return PreparedClips(out)


def _open_work(work: Path, dataset: str, raw: Path, source: Source, without: frozenset[str]) -> str:
    """Makes the folder of the groups unless there is one of the same arguments and files.

    Returns:
        The signature of arguments and files.
    """
    digest = hashlib.sha256()
    for path in source.files:
        digest.update(os.fsencode(path.relative_to(raw)) + b"\n")
    digest.update("\n".join(sorted(without)).encode())
    signature = {"dataset": dataset, "raw": str(raw.resolve()), "files": digest.hexdigest(), "group": GROUP}
    text = json.dumps(signature)
    path = work / _SIGNATURE
    try:
        if read_json(path) == signature:
            return text
    except (OSError, DataError):
        pass
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    with replacing(path) as temporary:
        temporary.write_text(text)
    return text


def _is_whole(folder: Path) -> bool:
    """Whether a call that was stopped at the very end has left the joined groups."""
    try:
        PreparedClips(folder)
    except DataError:
        return False
    return True


def _make_missing(
    task: Task,
    groups: list[Sequence[Path]],
    info: PreparedInfo,
    workers: int,
    progress: Callable[[int, int], None],
) -> int:
    """Makes the groups that are not there, or that cannot be read; returns how many there are in all."""
    missing = {}
    for number, files in enumerate(groups):
        if load_group(task.work, number, task.signature, info) is None:
            group_path(task.work, number).unlink(missing_ok=True)
            missing[number] = files
    total = sum(map(len, groups))
    done = total - sum(map(len, missing.values()))
    progress(done, total)

    def finished(number: int) -> None:
        nonlocal done
        done += len(groups[number])
        progress(done, total)

    make_groups(task, missing, workers, finished)
    return len(groups)


def _join(task: Task, folder: Path, source: Source, count: int) -> None:
    """Makes one data set of the groups, one after the other, so that memory holds a single one."""
    info = info_of(task.dataset, source)

    def groups(*names: str) -> Iterator[Group]:
        for number in range(count):
            group = load_group(task.work, number, task.signature, info, names)
            if group is None:
                path = group_path(task.work, number)
                raise DataError(f"{path} cannot be read back; see to the disk and call again to go on.")
            yield group

    found = list(groups())
    index = np.concatenate([group.clips for group in found])
    skipped = tuple(sentence for group in found for sentence in group.skipped)
    if not len(index):
        raise DataError(f"Not one of {len(source.files)} files can be used. The first: {skipped[0]}")
    names, times = np.unique(index["name"], return_counts=True)
    if times.max() > 1:
        twice = names[times.argmax()].decode()
        raise DataError(f"The data set holds {twice} {times.max()} times, in different folders.")
    counts = index["persons"].astype(np.int64) * index["frames"]
    index["first"] = np.cumsum(counts) - counts
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    _write(folder / JOINTS, (int(counts.sum()), *info.row), (group.rows for group in groups("rows")))
    _write(folder / CLIPS, index.shape, [index])
    write_info(folder, info_of(task.dataset, source, skipped))


def _write(path: Path, shape: tuple[int, ...], pieces: Iterable[np.ndarray]) -> None:
    """An .npy file of ``shape`` from pieces along its first axis.

    Not through a mapped file: where the disk is full, that ends the process and tells nobody why.
    """
    with replacing(path) as temporary, temporary.open("wb") as file:
        for number, piece in enumerate(pieces):
            if not number:
                header = {"descr": npy.dtype_to_descr(piece.dtype), "fortran_order": False, "shape": shape}
                npy.write_array_header_1_0(file, header)
            file.write(piece.tobytes())
