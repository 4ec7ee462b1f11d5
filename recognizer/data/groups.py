"""Groups of raw files: read in a process of its own, written as one file, and read back.

A group's file is an .npz of ``of`` (which preparation it belongs to), ``clips`` (its records of
``prepared.clip_dtype``), ``rows`` (the clips' rows, one after the other) and ``skipped`` (sentences).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from pose.files import replacing
from recognizer.data.clip import MOST_FRAMES, DataError, check_numbers
from recognizer.data.files import read_npz, write_npz
from recognizer.data.prepared import (
    NAME_LENGTH,
    NEITHER,
    TEST,
    TRAIN,
    VERSION,
    PreparedInfo,
    Sample,
    clip_dtype,
    unit,
)
from recognizer.data.sources import SOURCES, Source

_MOST_GROUP = 2**34  # bytes that a group may unpack to: more than 200 of the longest clips have
_SHOWN = 300  # characters of an error that nobody has foreseen


@dataclass(frozen=True)
class Task:
    """What a process needs to know to read a group.

    Attributes:
        dataset: key of ``SOURCES``.
        raw: the raw data set.
        work: folder of the groups.
        signature: of the preparation, see ``prepare``.
        without: names of samples to leave out.
        deadly: files that ended the process that read them.
    """

    dataset: str
    raw: Path
    work: Path
    signature: str
    without: frozenset[str] = frozenset()
    deadly: frozenset[Path] = frozenset()


@dataclass(frozen=True)
class Group:
    """What has become of a group of files.

    Attributes:
        clips: (n,) records.
        rows: (rows, V, C + 1) float32.
        skipped: one sentence for each file that was left out.
    """

    clips: np.ndarray
    rows: np.ndarray
    skipped: tuple[str, ...]


def group_path(work: Path, number: int) -> Path:
    """Where a group is kept."""
    return work / f"group-{number:06d}.npz"


def info_of(dataset: str, source: Source, skipped: tuple[str, ...] = ()) -> PreparedInfo:
    """What a source will be once prepared."""
    return PreparedInfo(
        version=VERSION,
        dataset=dataset, layout=source.layout.name, fps=source.fps, tasks=dict(source.tasks),
        origin=source.origin, protocols=source.protocols, skipped=skipped,
    )  # fmt: skip


def make_group(task: Task, number: int, files: Sequence[Path], reading: Callable[[int], None]) -> None:
    """Reads files and writes their group.

    Args:
        task: of the preparation.
        number: of the group.
        files: of the group.
        reading: is told the place of each file before it is read.

    Raises:
        OSError: the group cannot be written.
    """
    source = open_source(task.dataset, task.raw)
    info = info_of(task.dataset, source)
    records, rows, skipped = [], [], []
    for place, path in enumerate(files):
        reading(place)
        sample = _sample(task, source, info, path)
        if isinstance(sample, str):
            skipped.append(sample)
            continue
        persons, frames = sample.confidence.shape[:2]
        records.append((sample.name.encode(), 0, persons, frames, *sample.labels, *sample.parts))
        both = np.concatenate([sample.joints, sample.confidence[..., None]], -1).astype(np.float32)
        rows.append(both.reshape(-1, *both.shape[2:]))
    arrays = {
        "of": np.array(task.signature),
        "clips": np.array(records, clip_dtype(info)),
        "rows": np.concatenate(rows or [np.zeros((0, *info.row), np.float32)]),
        "skipped": np.array(skipped, np.str_),
    }
    with replacing(group_path(task.work, number)) as temporary:
        write_npz(temporary, arrays)


def read_file(task: Task, path: Path) -> None:
    """Reads a file for nothing, to see whether the process outlives it."""
    source = open_source(task.dataset, task.raw)
    _sample(task, source, info_of(task.dataset, source), path)


def load_group(
    work: Path, number: int, signature: str, info: PreparedInfo, names: Collection[str] = ("rows",)
) -> Group | None:
    """A finished group; None where there is none, or it is damaged, or of another preparation.

    Args:
        names: ("rows",), or () to leave the rows on disk: then ``rows`` is empty.
    """
    try:
        found = read_npz(group_path(work, number), ("of", "clips", "skipped", *names), _MOST_GROUP)
    except (DataError, OSError):
        return None
    clips, rows = found["clips"], found.get("rows", np.zeros((0, *info.row), np.float32))
    if str(found["of"]) != signature or clips.dtype != clip_dtype(info) or clips.ndim != 1:
        return None
    count = (clips["persons"].astype(np.int64) * clips["frames"]).sum()
    if rows.dtype != np.float32 or rows.shape != ((count if names else 0), *info.row):
        return None
    skipped = found["skipped"]
    return Group(clips, rows, tuple(map(str, skipped.ravel()))) if skipped.dtype.kind == "U" else None


def dead(path: Path) -> str:
    """The sentence for a file that ended the process that read it."""
    return _sentence(f"{path}: the process that read it was killed, perhaps for want of memory.")


@cache
def open_source(dataset: str, raw: Path) -> Source:
    """The raw data set, opened once in each process."""
    return SOURCES[dataset](raw)


def _sample(task: Task, source: Source, info: PreparedInfo, path: Path) -> Sample | str:
    """A file's sample, or the sentence that tells why it is left out, whatever is wrong with it."""
    if path.stem in task.without:
        return _sentence(f"{path}: is on the list of samples to leave out.")
    if path in task.deadly:
        return dead(path)
    try:
        sample = source.read(path)
        _check(sample, info, path)
    except DataError as error:
        return _sentence(str(error))
    except OSError as error:
        return _sentence(f"{path}: cannot be read ({error.strerror or error}).")
    except MemoryError:
        return _sentence(f"{path}: asks for more memory than there is.")
    except RecursionError:
        return _sentence(f"{path}: is nested too deeply.")
    except Exception as error:  # nobody has foreseen it; the other files are read all the same
        reason = f"{type(error).__name__}: {error}"[:_SHOWN]
        return _sentence(f"{path}: cannot be read ({reason}).")
    return sample


def _sentence(text: str) -> str:
    """One line that can be printed and written as UTF-8, whatever a file is called."""
    line = "".join(letter if letter.isprintable() else " " for letter in text)
    return line.encode("utf-8", "replace").decode()


def _check(sample: Sample, info: PreparedInfo, path: Path) -> None:
    """Raises DataError for a sample that a prepared data set cannot hold."""
    try:
        length = len(sample.name.encode())
    except UnicodeEncodeError:
        raise DataError(f"{path}: its name is not UTF-8.") from None
    if length > NAME_LENGTH:
        raise DataError(f"{path}: its name has more than {NAME_LENGTH} characters.")
    persons, frames = sample.confidence.shape[:2]
    if sample.joints.shape[:3] != sample.confidence.shape or frames > MOST_FRAMES:
        raise DataError(f"{path}: {persons} persons over {frames} frames are no clip of one action.")
    for label, classes in zip(sample.labels, info.tasks.values(), strict=True):
        if not 0 <= label < len(classes):
            raise DataError(f"{path}: there is no class {label} among {len(classes)}.")
    if not set(sample.parts) <= {TRAIN, TEST, NEITHER}:
        raise DataError(f"{path}: is of no part of the data set.")
    if not sample.confidence.any():
        raise DataError(f"{path}: no joint of it was ever seen.")
    check_numbers(sample.joints, unit(info), path, sample.confidence)
