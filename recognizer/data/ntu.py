"""NTU RGB+D 60 and 120 (Shahroudy et al. 2016, Liu et al. 2019): ``SsssCccPpppRrrrAaaa.skeleton`` text files.

Read and prepared as ST-GCN, 2s-AGCN and MS-G3D do it, whose numbers the papers compare with, but for one
thing: a body is here what has one id of the Kinect's; the public code takes whoever is first in each frame's
list for one body, whoever is second for another. Somebody whom the Kinect lost and found again under another
id is two bodies here and mostly one there; two people who change places in the list are told apart here and
mixed there.
"""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from pose.layouts import NTU_25
from recognizer.data.clip import METRES, MOST_FRAMES, DataError, check_numbers
from recognizer.data.files import read_bytes
from recognizer.data.prepared import TEST, TRAIN

FPS = 30.0
JOINTS = len(NTU_25)
_COLUMNS = 12  # of a joint; the first three are x, y, z
_PERSONS = 2
_MOST_BODY_FRAMES = 200_000
"""Bodies times frames: in memory each body has all the frames, in the file only those that show it."""

_NAME = re.compile(r"S(\d{3})C(\d{3})P(\d{3})R(\d{3})A(\d{3})")

TRAIN_SUBJECTS_60 = frozenset(
    (1, 2, 4, 5, 8, 9, 13, 14, 15, 16, 17, 18, 19, 25, 27, 28, 31, 34, 35, 38)
)  # fmt: skip
TRAIN_SUBJECTS_120 = TRAIN_SUBJECTS_60 | frozenset(
    (45, 46, 47, 49, 50, 52, 53, 54, 55, 56, 57, 58, 59, 70, 74, 78, 80, 81, 82, 83, 84, 85, 86, 89, 91, 92,
     93, 94, 95, 97, 98, 100, 103)
)  # fmt: skip


def ids(path: Path) -> tuple[int, int, int, int, int]:
    """Setup, camera, performer, repetition and action from a file's name.

    Raises:
        DataError: the name is another.
    """
    match = _NAME.fullmatch(path.stem)
    if not match:
        raise DataError(f"{path}: the name is not SsssCccPpppRrrAaaa.skeleton, three digits each.")
    return tuple(int(group) for group in match.groups())  # type: ignore[return-value]


def parts(path: Path, protocols: tuple[str, ...], train_subjects: frozenset[int]) -> tuple[int, ...]:
    """TRAIN or TEST for "xsub", "xview" and "xset".

    The cross-setup protocol trains on the even setups, as its authors say (Liu et al. 2019); SEM-Net's paper
    names the odd ones.
    """
    setup, camera, performer, _, _ = ids(path)
    rules = {"xsub": performer in train_subjects, "xview": camera in (2, 3), "xset": setup % 2 == 0}
    return tuple(TRAIN if rules[protocol] else TEST for protocol in protocols)


def read_bodies(path: Path) -> np.ndarray:
    """Every body that the Kinect told apart, by its id.

    Returns:
        (bodies, T, 25, 3) float32 metres; zeros where a body was not tracked.

    Raises:
        DataError: with the file's name and, where there is one, the line.
    """
    lines = read_bytes(path).rstrip().split(b"\n")
    at = 0

    def whole(what: str, most: int) -> int:
        nonlocal at
        try:
            value = int(lines[at])
        except (ValueError, IndexError):
            reason = "the file ends" if at >= len(lines) else f"there is no {what}"
            raise DataError(f"{path}: line {at + 1}: {reason}.") from None
        if not 0 <= value <= most:
            raise DataError(f"{path}: line {at + 1}: {value} is no {what}.")
        at += 1
        return value

    frames = whole("number of frames", MOST_FRAMES)
    if not frames:
        raise DataError(f"{path}: the clip has no frames.")
    found: dict[bytes, list[tuple[int, int]]] = {}  # body -> its frames and the lines of its joints
    for frame in range(frames):
        for _ in range(whole("number of bodies", 20)):
            # A body's id needs more digits than a float64 has.
            identity = lines[at].split(None, 1)[0] if at < len(lines) and lines[at].strip() else b""
            at += 1
            joints = whole("number of joints", 1000)
            if joints != JOINTS:
                raise DataError(f"{path}: line {at}: a body has {joints} joints instead of {JOINTS}.")
            if at + JOINTS > len(lines):
                raise DataError(f"{path}: line {len(lines) + 1}: the file ends.")
            found.setdefault(identity, []).append((frame, at))
            at += JOINTS
    if len(found) * frames > _MOST_BODY_FRAMES:
        raise DataError(f"{path}: {len(found)} bodies over {frames} frames are no clip.")
    bodies = np.zeros((len(found), frames, JOINTS, 3), np.float32)
    for body, places in zip(bodies, found.values(), strict=True):
        at_frames = [frame for frame, _ in places]
        rows = [number for _, first in places for number in range(first, first + JOINTS)]
        coordinates = _coordinates(lines, rows, path).reshape(len(places), JOINTS, 3)
        check_numbers(coordinates, METRES, path)
        body[at_frames] = coordinates
    return bodies


def _coordinates(lines: list[bytes], rows: list[int], path: Path) -> np.ndarray:
    """(len(rows), 3) x, y and z from the lines of joints."""
    fields = [lines[row].split() for row in rows]
    if set(map(len, fields)) == {_COLUMNS}:
        try:
            # Python's float is five times faster here than numpy's readers of text.
            values = np.array([list(map(float, each[:3])) for each in fields])
        except ValueError:
            values = np.array([np.nan])
        if np.isfinite(values).all():
            return values
    for row in rows:
        _check_line(lines[row], row, path)
    raise AssertionError("a line that cannot be read was not found")


def _check_line(line: bytes, number: int, path: Path) -> None:
    fields = line.split()
    if len(fields) != _COLUMNS:
        raise DataError(f"{path}: line {number + 1} has {len(fields)} numbers instead of {_COLUMNS}.")
    try:
        values = [float(field) for field in fields[:3]]
    except ValueError:
        raise DataError(f"{path}: line {number + 1} holds something that is not a number.") from None
    if not np.isfinite(values).all():
        raise DataError(f"{path}: line {number + 1} has a coordinate that is not a finite number.")


def main_bodies(bodies: np.ndarray, path: Path) -> np.ndarray:
    """The two bodies that move and reach most, the main one first; the rest is furniture and reflections.

    A body's spread is the sum of the standard deviations of x, y and z over the frames in which it was
    tracked. Where a body is missing at first, its empty frames are taken out.

    Args:
        bodies: (bodies, T, 25, 3).

    Returns:
        (1 or 2, T', 25, 3); zeros where a body is missing.

    Raises:
        DataError: nobody was tracked.
    """
    tracked = np.abs(bodies).sum((2, 3)) > 0  # (bodies, T)
    spread = [
        body[seen].std((0, 1)).sum() if seen.any() else -1.0
        for body, seen in zip(bodies, tracked, strict=True)
    ]
    order = [index for index in np.argsort(spread, kind="stable")[::-1][:_PERSONS] if tracked[index].any()]
    if not order:
        raise DataError(f"{path}: there is no skeleton in it.")
    moved = [bodies[index] if tracked[index][0] else bodies[index][tracked[index]] for index in order]
    result = np.zeros((len(moved), max(map(len, moved)), JOINTS, 3), np.float32)
    for row, body in zip(result, moved, strict=True):
        row[: len(body)] = body
    return result
