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
from typing import Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, ValidationError

from pose.layouts import LAYOUTS, SkeletonLayout
from pose.skeleton import SkeletonSequence
from recognizer.data.clip import DataError

INFO, CLIPS, JOINTS = "info.json", "clips.npy", "joints.npy"
NAME_LENGTH = 64

Origin = Literal["spine", "picture", "camera"]

TRAIN, TEST, NEITHER = 0, 1, -1


class PreparedInfo(BaseModel):
    """What a prepared data set is.

    Attributes:
        dataset: key of ``sources.SOURCES``.
        layout: key of ``pose.layouts.LAYOUTS``.
        fps: frames a second of all clips.
        tasks: names of the classes, by task; most data sets have one task, SHREC'17 has two.
        origin: what has become of the joints: "spine" or "picture" as ``preprocess.Preprocessing`` says, or
            "camera": nothing, they are where the camera saw them.
        protocols: the ways in which the clips are divided into training and test.
        skipped: one sentence for each file that was left out.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    dataset: str
    layout: str
    fps: float
    tasks: dict[str, tuple[str, ...]]
    origin: Origin
    protocols: tuple[str, ...]
    skipped: tuple[str, ...] = ()


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


class PreparedClips:
    """A prepared data set. Opening reads the index only; clips come from disk one by one.

    Args:
        folder: as ``prepare`` wrote it.

    Raises:
        DataError: it is no prepared data set, or a damaged one.
    """

    def __init__(self, folder: Path):
        try:
            self.info = PreparedInfo.model_validate_json((folder / INFO).read_bytes())
            self.clips = np.load(folder / CLIPS)
            self._rows = np.load(folder / JOINTS, mmap_mode="r")
        except (OSError, ValueError, ValidationError):
            raise DataError(
                f"{folder} is no prepared data set: make one with pose2action prepare DATASET RAW OUT."
            ) from None
        self.layout: SkeletonLayout = LAYOUTS[self.info.layout]
        shape = (len(self.layout), self.layout.coordinates + 1)
        rows = (self.clips["persons"].astype(np.int64) * self.clips["frames"]).sum()
        if self.clips.dtype != clip_dtype(self.info) or self._rows.shape != (rows, *shape):
            raise DataError(f"{folder} is damaged: index and joints do not fit; prepare it again.")

    def __len__(self) -> int:
        return len(self.clips)

    def arrays(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        """joints (M, T, V, C) and confidence (M, T, V) of a clip, float32."""
        clip = self.clips[index]
        count = int(clip["persons"]) * int(clip["frames"])
        rows = np.array(self._rows[clip["first"] : clip["first"] + count])
        rows = rows.reshape(clip["persons"], clip["frames"], *rows.shape[1:])
        return rows[..., :-1], rows[..., -1]

    def sequence(self, index: int) -> SkeletonSequence:
        """A clip as a sequence whose frames are 1 / fps seconds apart."""
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


def _one_of(name: str, known, kind: str) -> str:
    if name not in known:
        raise DataError(f"{name!r} is no {kind} of this data set: choose one of {', '.join(known)}.")
    return name


def write_info(folder: Path, info: PreparedInfo) -> None:
    """Writes ``info.json``."""
    (folder / INFO).write_text(json.dumps(info.model_dump(mode="json"), indent=1) + "\n")
