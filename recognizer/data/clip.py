"""One labelled clip of a data set, and the error that readers raise."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pose.skeleton import SkeletonSequence


class DataError(ValueError):
    """A data set's file is missing or malformed. The message is one sentence that names the file."""


@dataclass(frozen=True)
class Clip:
    """One action, done by one person, seen by one camera.

    Attributes:
        name: unique within the data set, made from the file's name.
        dataset: the data set's folder name, such as "utd_mhad".
        action: the data set's own action, in snake_case.
        subject: who acts, unique within the data set; '' where the data set does not tell.
        split: "train" or "test" by the data set's usual protocol ("val" in place of "test" for the real
            camera landmarks).
        sequence: one person (M = 1), raw coordinates.
        view: camera or viewpoint, '' where unknown.
        body: "full", or "upper" where the legs are outside the picture.
    """

    name: str
    dataset: str
    action: str
    subject: str
    split: str
    sequence: SkeletonSequence
    view: str = ""
    body: str = "full"


def list_files(folder: Path, pattern: str) -> list[Path]:
    """The files in ``folder`` that match ``pattern``, sorted by name.

    Raises:
        DataError: there are none.
    """
    files = sorted(folder.glob(pattern))
    if not files:
        raise DataError(f"{folder}: no file called {pattern} here; is this the data set's own folder?")
    return files


def check_finite(joints: np.ndarray, path: Path) -> None:
    """Raises DataError, naming the file, if there is no frame or a coordinate is NaN or infinite."""
    if not len(joints):
        raise DataError(f"{path}: the clip has no frames.")
    if not np.isfinite(joints).all():
        raise DataError(f"{path}: some joint coordinates are not finite numbers.")


def read_table(path: Path, columns: int) -> np.ndarray:
    """Reads a text file of numbers separated by white space.

    Args:
        path: the file.
        columns: numbers that every line must have.

    Returns:
        (lines, columns) float64; empty lines are skipped.

    Raises:
        DataError: a line with another count of numbers, or something that is no number.
    """
    rows: list[list[float]] = []
    lines = path.read_text(encoding="ascii", errors="replace").splitlines()
    for number, line in enumerate(lines, 1):
        fields = line.split()
        if not fields:
            continue
        if len(fields) != columns:
            raise DataError(f"{path}: line {number} has {len(fields)} numbers instead of {columns}.")
        try:
            rows.append([float(field) for field in fields])
        except ValueError:
            raise DataError(f"{path}: line {number} holds something that is not a number.") from None
    return np.array(rows, np.float64).reshape(-1, columns)
