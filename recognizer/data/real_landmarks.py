"""MediaPipe landmarks of clips from real cameras (phones, webcams, gym footage), in either layout.

``real_landmarks.npz`` holds the frames of all clips one after the other, ``real_landmarks.csv`` a line a
clip. People are disjoint between the parts "train" and "val". The class "other" stands for actions outside
the vocabulary.

Two data sets have this form. The second one adds columns: ``group`` (of clips that belong together, such as
one video's or one person's; none is in two parts), ``estimator`` and ``world``: "yes" for world landmarks of
MediaPipe, "pseudo" for image landmarks with z, scaled, "no" for none, so that the clip is 2-D only.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from pose.layouts import KINETICS_18, MEDIAPIPE_33, SkeletonLayout
from pose.mapping import from_landmarks
from pose.skeleton import SkeletonSequence
from recognizer.data.clip import METRES, PIXELS, Clip, DataError, check_numbers, check_times
from recognizer.data.files import check_lengths, read_npz, read_text

REAL_LANDMARKS = ("real_landmarks", "real_landmarks_2")
"""The data sets of this form: folders, and ``Clip.dataset``."""

_COLUMNS = ("index", "class", "width", "height", "body", "camera", "person_key", "split", "frames")
# The lengths of forearm and upper arm vary by 14 to 17 % together (median over arms) with this factor, by 22
# to 27 % with 1, by 19 to 28 % without depth; 0.3 and 0.5 are about as good.
_DEPTH_OF_PSEUDO = 0.4
_SIZE = re.compile("[1-9][0-9]{0,4}")  # pixels


def read_real_landmarks(
    root: Path, layout: SkeletonLayout = KINETICS_18, dataset: str = REAL_LANDMARKS[0]
) -> Iterator[Clip]:
    """Yields the clips, in the table's order; in 3-D without those that have no world landmarks.

    Args:
        root: the folder that holds ``real_landmarks.csv`` and ``real_landmarks.npz``.
        layout: one that is made from the landmarks of a body; in pixels, or in metres from the middle of the
            hips.
        dataset: which of ``REAL_LANDMARKS`` it is.

    Raises:
        DataError: a file is missing or malformed.
        ValueError: another layout.
    """
    if layout.landmarks != MEDIAPIPE_33.name:
        raise ValueError(f"real landmarks are those of a body and cannot come as {layout.name}")
    table, arrays = Path(root) / "real_landmarks.csv", Path(root) / "real_landmarks.npz"
    rows, data = _rows(table), _arrays(arrays)
    if len(rows) != len(data["lengths"]):
        raise DataError(f"{table}: has {len(rows)} clips, but {arrays.name} has {len(data['lengths'])}.")
    for row, length in zip(rows, data["lengths"], strict=True):
        if row["frames"] != str(length):
            raise DataError(
                f"{table}: clip {row['index']} has {row['frames']} frames, {arrays.name} {length}."
            )
    ends = np.cumsum(data["lengths"])
    for row, end, length in zip(rows, ends, data["lengths"], strict=True):
        if layout.coordinates == 3 and row.get("world") == "no":
            continue
        frames = {key: data[key][end - length : end] for key in ("landmarks", "world", "time", "detected")}
        if row.get("world") == "pseudo":
            frames["world"] = frames["world"] * (1.0, 1.0, _DEPTH_OF_PSEUDO, 1.0)
        yield Clip(
            name=f"{row['index']:0>3}_{row['person_key']}",
            dataset=dataset,
            action=row["class"],
            subject=row["person_key"],
            split=row["split"],
            sequence=_sequence(frames, (float(row["width"]), float(row["height"])), layout, arrays),
            view=row["camera"],
            body=row["body"],
        )


def _rows(path: Path) -> list[dict[str, str]]:
    if not path.exists():
        raise DataError(f"{path}: the table is missing.")
    try:
        rows = list(csv.DictReader(io.StringIO(read_text(path), newline="")))
    except csv.Error as error:
        raise DataError(f"{path}: is no table ({error}).") from None
    missing = [c for c in _COLUMNS if not rows or any(row.get(c) is None for row in rows)]
    if missing:
        raise DataError(f"{path}: the column {missing[0]!r} is missing or not filled in every line.")
    for row in rows:
        sizes = (row["width"], row["height"])
        if row["split"] not in ("train", "val") or not all(map(_SIZE.fullmatch, sizes)):
            raise DataError(f"{path}: clip {row['index']} has no valid split, width or height.")
        if row["body"] not in ("full", "upper"):
            raise DataError(f"{path}: clip {row['index']} shows a body that is neither full nor upper.")
        if row.get("world", "yes") not in ("yes", "pseudo", "no"):
            raise DataError(f"{path}: clip {row['index']} says neither yes, pseudo nor no for world.")
    return rows


def _arrays(path: Path) -> dict[str, np.ndarray]:
    if not path.exists():
        raise DataError(f"{path}: the file is missing.")
    keys = ("landmarks", "world", "time", "detected", "lengths")
    data = read_npz(path, keys)
    total = len(data["landmarks"]) if data["landmarks"].ndim else 0
    check_lengths(data["lengths"], total, f"{path}: lengths")
    shapes = {"landmarks": (total, 33, 4), "world": (total, 33, 4), "time": (total,), "detected": (total,)}
    for key, shape in shapes.items():
        if data[key].shape != shape:
            raise DataError(f"{path}: {key} must be {shape} and is {data[key].shape}.")
        if data[key].dtype.kind not in "biuf":
            raise DataError(f"{path}: {key} must be numbers and is {data[key].dtype}.")
    return data


def _sequence(
    frames: dict[str, np.ndarray], size: tuple[float, float], layout: SkeletonLayout, path: Path
) -> SkeletonSequence:
    flat = layout.coordinates == 2
    landmarks = frames["landmarks" if flat else "world"]
    points = landmarks[..., : layout.coordinates]
    if flat:
        points = points * np.array(size)  # pixels, so that both axes have one scale
    check_numbers(points, PIXELS if flat else METRES, path, landmarks[..., 3])
    joints, confidence = from_landmarks(points, landmarks[..., 3], layout)
    seen = frames["detected"].astype(bool)
    joints = np.where(seen[:, None, None], joints, 0.0)
    confidence = np.where(seen[:, None], confidence, 0.0)
    # The clips start anywhere in their video.
    times = frames["time"].astype(np.float64) - float(frames["time"][0])
    check_times(times, path)
    return SkeletonSequence(joints[None], confidence[None], times, layout)
