"""One labelled clip of a data set, the error that readers raise, and what a clip's numbers can be."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pose.errors import UserError
from pose.skeleton import SkeletonSequence


class DataError(UserError, ValueError):
    """A data set's file is missing or malformed. The message is one sentence that names the file."""


@dataclass(frozen=True)
class Clip:
    """One action, done by one person, seen by one camera.

    Attributes:
        name: unique within the data set, made from the file's name.
        dataset: the data set's folder name, such as "utd_mhad".
        action: the data set's own action, in snake_case.
        subject: who acts, unique within the data set; '' where the data set does not tell.
        split: "train" or "test" by the data set's usual protocol; "val" where the data set has a validation
            part (Kinder-Gator has it beside "test", the real camera landmarks in place of it).
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


@dataclass(frozen=True)
class Unit:
    """What coordinates are measured in.

    Attributes:
        name: in the plural.
        most: what no coordinate of a body can exceed, up or down.
    """

    name: str
    most: float


METRES = Unit("metres", 50.0)
"""Depth sensors see 8 m far, and the largest number in their real data is 5.1; a body that the tracker lost
may lie further out, but not outside of the hall."""
PIXELS = Unit("pixels", 1e5)
"""Landmarks may lie a few pictures outside of theirs (4.3 in real data), and no camera has 20,000 pixels."""
PICTURES = Unit("pictures", 10.0)
"""Parts of the picture's width and height: the same few pictures."""

SUREST = 1.1
"""The largest confidence: the peaks of OpenPose's maps exceed 1 by a little (1.02 in real data)."""
LONGEST = 600.0
"""Seconds of a clip. No action takes ten minutes; the longest real clip has 62 s."""
MOST_FRAMES = 18_000
"""Frames of a clip: as many seconds at 30 a second."""


def list_files(folder: Path, pattern: str) -> list[Path]:
    """The files in ``folder`` that match ``pattern``, sorted by name.

    Raises:
        DataError: there are none.
    """
    files = sorted(folder.glob(pattern))
    if not files:
        raise DataError(f"{folder}: no file called {pattern} here; is this the data set's own folder?")
    return files


def check_numbers(
    joints: np.ndarray, unit: Unit, path: Path | str, confidence: np.ndarray | None = None
) -> None:
    """Checks what networks will see, so after the cast to float32: there 1e39 is infinite.

    Args:
        joints: (..., V, C) in any type of number; the first axis is the frames, or the persons.
        unit: of the coordinates.
        path: the file, for the error, or the file and the clip in it.
        confidence: (..., V), where the file has it.

    Raises:
        DataError: no frame, a coordinate that is not finite or further out than a body can be, or a
            confidence outside of 0 to ``SUREST``.
    """
    if not joints.size:
        raise DataError(f"{path}: the clip has no frames.")
    low, high = _range(joints)
    if not np.isfinite(low + high):
        raise DataError(f"{path}: some joint coordinates are not finite numbers.")
    if max(-low, high) > unit.most:
        raise DataError(
            f"{path}: a coordinate of {max(low, high, key=abs):.3g} {unit.name} is none of a body's "
            f"(the limit is {unit.most:g})."
        )
    if confidence is None:
        return
    low, high = _range(confidence)
    if not (low >= 0 and high <= SUREST):
        raise DataError(f"{path}: a confidence is {high if low >= 0 else low:.3g} and must be in 0 to 1.")


def check_times(times: np.ndarray, path: Path | str) -> None:
    """Checks the (T,) seconds of a clip's frames.

    Raises:
        DataError: a time that is not finite, times that run backwards, or more than ``LONGEST`` or
            ``MOST_FRAMES``.
    """
    times = np.asarray(times, np.float64)
    if not np.isfinite(times).all():
        raise DataError(f"{path}: some times are not finite numbers.")
    if np.any(np.diff(times) < 0):
        raise DataError(f"{path}: the times run backwards.")
    if len(times) > MOST_FRAMES or (len(times) and times[-1] - times[0] > LONGEST):
        raise DataError(
            f"{path}: {len(times)} frames over {times[-1] - times[0]:.4g} s are no clip of one action "
            f"(the limits are {MOST_FRAMES} and {LONGEST:g} s)."
        )


def _range(values: np.ndarray) -> tuple[float, float]:
    """The smallest and the largest as float32; NaN where one is NaN."""
    with np.errstate(over="ignore", invalid="ignore"):
        values = np.asarray(values, np.float32)
    return float(values.min()), float(values.max())
