"""Prepared data sets: thousands of clips in three files that are opened at once and read from disk as needed.

A folder with

- ``info.json``: what it is (``PreparedInfo``);
- ``clips.npy``: one record a clip, see ``clip_dtype``;
- ``joints.npy`` (rows, V, C + 1) float32: coordinates and confidence; a clip's rows are its first person's
  frames, then its second person's.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
from numpy.lib.format import open_memmap
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from pose.files import replacing
from pose.layouts import LAYOUTS, SkeletonLayout
from pose.skeleton import SkeletonSequence
from recognizer.data.clip import METRES, PICTURES, PIXELS, DataError, Unit, check_numbers
from recognizer.data.files import read_bytes, read_npy

INFO, CLIPS, JOINTS = "info.json", "clips.npy", "joints.npy"
NAME_LENGTH = 64

Origin = Literal["spine", "picture", "camera"]

TRAIN, TEST, NEITHER = 0, 1, -1
VERSION = 2
"""Of what is in the files: in the first version the joints of some data sets had lost their path."""


def _known(layout: str) -> str:
    if layout not in LAYOUTS:
        raise ValueError(f"there is no layout {layout}")
    return layout


class PreparedInfo(BaseModel):
    """What a prepared data set is.

    Attributes:
        version: ``VERSION`` when it was prepared.
        dataset: key of ``sources.SOURCES``.
        layout: key of ``pose.layouts.LAYOUTS``.
        fps: frames a second of all clips.
        tasks: names of the classes, by task; most data sets have one task, SHREC'17 has two.
        origin: where ``preprocess.placed`` is to put the joints; "camera" stands for "torso", and unless they
            are of pictures, "extent" is possible too. In the files they are where the sensor saw them, and of
            pictures in parts of their width and height.
        protocols: the ways in which the clips are divided into training and test.
        skipped: one sentence for each file that was left out.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: Literal[2]
    dataset: str
    layout: Annotated[str, AfterValidator(_known)]
    fps: float = Field(gt=0, le=1000, allow_inf_nan=False)
    tasks: dict[str, tuple[str, ...]]
    origin: Origin
    protocols: tuple[str, ...]
    skipped: tuple[str, ...] = ()

    @property
    def row(self) -> tuple[int, int]:
        """(V, C + 1), the shape of a row: one person in one frame."""
        layout = LAYOUTS[self.layout]
        return len(layout), layout.coordinates + 1


@dataclass(frozen=True)
class Sample:
    """One clip on its way into a prepared data set.

    Attributes:
        name: unique within the data set.
        labels: class index for each task.
        parts: TRAIN, TEST or NEITHER for each protocol.
        joints: (M, T, V, C) float32; 0 where the confidence is 0.
        confidence: (M, T, V) float32.
    """

    name: str
    labels: tuple[int, ...]
    parts: tuple[int, ...]
    joints: np.ndarray
    confidence: np.ndarray


def clip_dtype(info: PreparedInfo) -> np.dtype:
    """Record of a clip: its name, first row, persons, frames, class for each task, part for each protocol."""
    return np.dtype(
        [("name", f"S{NAME_LENGTH}"), ("first", np.int64), ("persons", np.int16), ("frames", np.int32)]
        + [(f"label_{task}", np.int32) for task in info.tasks]
        + [(f"part_{protocol}", np.int8) for protocol in info.protocols]
    )


def unit(info: PreparedInfo) -> Unit:
    """What a prepared data set's coordinates are measured in."""
    if LAYOUTS[info.layout].coordinates == 3:
        return METRES
    return PICTURES if info.origin == "picture" else PIXELS


class PreparedClips:
    """A prepared data set. Opening reads the index only; clips come from disk one by one.

    Args:
        folder: as ``prepare`` wrote it.

    Raises:
        DataError: it is no prepared data set, or a damaged one.
    """

    def __init__(self, folder: Path):
        try:
            self.info = PreparedInfo.model_validate_json(read_bytes(folder / INFO))
            self.clips = read_npy(folder / CLIPS)
            dtype = clip_dtype(self.info)
            if not (folder / JOINTS).is_file():  # of a pipe nothing would ever come
                raise FileNotFoundError
            self._rows = open_memmap(folder / JOINTS, mode="r")
        except Exception:  # numpy and pydantic raise many kinds on damaged files
            raise DataError(
                f"{folder} is no prepared data set, or one of an older version: make one with "
                "pose2action prepare DATASET RAW OUT."
            ) from None
        self.folder = folder
        self.layout: SkeletonLayout = LAYOUTS[self.info.layout]
        damage = _damage(self.info, dtype, self.clips, self._rows)
        if damage:
            raise DataError(f"{folder} is damaged: {damage}; prepare it again.")

    def __len__(self) -> int:
        return len(self.clips)

    def arrays(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        """joints (M, T, V, C) and confidence (M, T, V) of a clip, float32.

        Raises:
            DataError: they are no numbers of a body; opening has not looked at them.
        """
        clip = self.clips[index]
        count = int(clip["persons"]) * int(clip["frames"])
        rows = np.array(self._rows[clip["first"] : clip["first"] + count])
        rows = rows.reshape(clip["persons"], clip["frames"], *rows.shape[1:])
        joints, confidence = rows[..., :-1], rows[..., -1]
        check_numbers(joints, unit(self.info), f"{self.folder}, clip {self.name(index)}", confidence)
        return joints, confidence

    def sequence(self, index: int) -> SkeletonSequence:
        """A clip as a sequence whose frames are 1 / fps seconds apart. Raises DataError like ``arrays``."""
        joints, confidence = self.arrays(index)
        return SkeletonSequence(joints, confidence, np.arange(joints.shape[1]) / self.info.fps, self.layout)

    def name(self, index: int) -> str:
        """A clip's name."""
        return self.clips["name"][index].decode()

    def labels(self, task: str) -> np.ndarray:
        """(n,) class index of every clip. Raises DataError for an unknown task."""
        return self.clips[f"label_{_one_of(task, self.info.tasks, 'task')}"]

    def part(self, protocol: str, part: int) -> np.ndarray:
        """Indices of the clips that belong to TRAIN or TEST. Raises DataError for an unknown protocol."""
        return np.flatnonzero(
            self.clips[f"part_{_one_of(protocol, self.info.protocols, 'protocol')}"] == part
        )


def _damage(info: PreparedInfo, dtype: np.dtype, clips: np.ndarray, rows: np.ndarray) -> str:
    """What is wrong with an index and its joints; '' where nothing is."""
    if clips.dtype != dtype or clips.ndim != 1:
        return f"{CLIPS} is no index of {INFO}'s tasks and protocols"
    if rows.dtype != np.float32 or not rows.flags.c_contiguous or rows.shape[1:] != info.row:
        return f"{JOINTS} is no array of float32 of (rows, {info.row[0]}, {info.row[1]})"
    if len(clips) and min(clips["persons"].min(), clips["frames"].min()) < 1:
        return f"{CLIPS} has clips without persons or frames"
    counts = clips["persons"].astype(np.int64) * clips["frames"]
    order = np.argsort(clips["first"], kind="stable")
    ends = np.cumsum(counts[order])
    if len(rows) != counts.sum() or (clips["first"][order] != ends - counts[order]).any():
        return "index and joints do not fit"
    for task, names in info.tasks.items():
        labels = clips[f"label_{task}"]
        if len(clips) and not 0 <= labels.min() <= labels.max() < len(names):
            return f"{CLIPS} has classes from {labels.min()} to {labels.max()} of {task}'s {len(names)}"
    for protocol in info.protocols:
        if not np.isin(clips[f"part_{protocol}"], (TRAIN, TEST, NEITHER)).all():
            return f"{CLIPS} has clips of no part of {protocol}"
    try:
        np.char.decode(clips["name"], "utf-8")
    except UnicodeDecodeError:
        return f"{CLIPS} has names that are no text"
    return ""


def _one_of(name: str, known, kind: str) -> str:
    if name not in known:
        raise DataError(f"{name!r} is no {kind} of this data set: choose one of {', '.join(known)}.")
    return name


def write_info(folder: Path, info: PreparedInfo) -> None:
    """Writes ``info.json``. Raises OSError."""
    with replacing(folder / INFO) as temporary:
        temporary.write_text(json.dumps(info.model_dump(mode="json"), indent=1) + "\n")
