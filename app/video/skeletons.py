"""The landmarks of a whole video as an .npz file."""

from __future__ import annotations

import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import numpy as np

from pose.files import replacing
from pose.layouts import MEDIAPIPE_33, SkeletonLayout
from pose.npz import add_array
from pose.skeleton import PersonPose

_BLOCK = 4096
"""Frames that are in memory at a time while the .npz is written: 2 MB of landmarks."""


class SkeletonWriter:
    """Collects landmarks on disk while a video runs, so that an hour of them does not fill the memory.

    The file there has no name: it goes with the program, however that ends.

    The .npz holds, for T analysed frames and L landmarks (33, or 21 of a hand):

    - ``time`` (T,) float64: seconds from the first frame;
    - ``persons`` (P,) int64: the persons' or hands' ids;
    - ``size`` (2,) int64: width and height of the pictures, 0 where nobody was seen;
    - and for each id N: ``landmarks_N`` (T, L, 4) float32, x and y in [0, 1] of the picture's width and
      height, 0, visibility; ``world_N`` (T, L, 4) float32, x, y, z in metres from the middle of the hips or
      the hand (MediaPipe's axes) and visibility; ``detected_N`` (T,) bool. Frames without the person are 0.

    Args:
        landmarks: MEDIAPIPE_33 or MEDIAPIPE_HAND_21.

    Raises:
        OSError: there is no place for temporary files.
    """

    def __init__(self, landmarks: SkeletonLayout = MEDIAPIPE_33) -> None:
        shape = (len(landmarks), 4)
        self._record = np.dtype([
            ("frame", np.int32), ("person", np.int32), ("landmarks", np.float32, shape),
            ("world", np.float32, shape),
        ])  # fmt: skip
        self._times: list[float] = []
        self._size = (0, 0)
        self._file = tempfile.TemporaryFile(prefix="pose2action-")

    def add(self, timestamp: float, poses: dict[int, PersonPose]) -> None:
        """Takes the people or hands of one frame, by id. Raises OSError where they cannot be kept."""
        for person, pose in poses.items():
            self._size = pose.frame_size
            record = np.zeros((), self._record)
            record["frame"], record["person"] = len(self._times), person
            record["landmarks"][:, :2] = pose.image / np.maximum(pose.frame_size, 1)
            record["world"][:, :3] = pose.world
            record["landmarks"][:, 3] = record["world"][:, 3] = pose.visibility
            try:
                self._file.write(record.tobytes())
            except OSError as error:  # the file has no name to tell: its folder is what is full
                raise OSError(error.errno, error.strerror, tempfile.gettempdir()) from None
        self._times.append(timestamp)

    def save(self, path: str | Path, persons: tuple[int, ...]) -> None:
        """Writes the .npz with these persons. Raises OSError where it cannot be written."""
        self._file.flush()
        records = np.zeros(0, self._record)
        if self._file.seek(0, 2):
            records = np.memmap(self._file, self._record, "r")
        with (
            replacing(path) as temporary,
            zipfile.ZipFile(temporary, "w", zipfile.ZIP_DEFLATED) as archive,
        ):
            add_array(archive, "time", np.array(self._times))
            add_array(archive, "persons", np.array(persons, np.int64))
            add_array(archive, "size", np.array(self._size, np.int64))
            for person in persons:
                self._save_person(archive, person, records)

    def close(self) -> None:
        """Deletes what lies on disk."""
        with suppress(OSError):  # a full disk takes what is still to be written no better now
            self._file.close()

    def _save_person(self, archive: zipfile.ZipFile, person: int, records: np.ndarray) -> None:
        rows = np.flatnonzero(records["person"] == person)
        frames = np.array(records["frame"][rows])
        detected = np.zeros(len(self._times), bool)
        detected[frames] = True
        add_array(archive, f"detected_{person}", detected)
        for name in ("landmarks", "world"):
            shape = (len(self._times), *self._record[name].shape)
            _write_blocks(archive, f"{name}_{person}", shape, self._blocks(records[name], rows, frames))

    def _blocks(self, values: np.ndarray, rows: np.ndarray, frames: np.ndarray) -> Iterator[np.ndarray]:
        """(up to _BLOCK, L, 4) of consecutive frames; ``rows`` are a person's, ``frames`` theirs, growing."""
        for start in range(0, len(self._times), _BLOCK):
            block = np.zeros((min(_BLOCK, len(self._times) - start), *values.shape[1:]), np.float32)
            here = slice(*np.searchsorted(frames, (start, start + len(block))))
            block[frames[here] - start] = values[rows[here]]
            yield block


def _write_blocks(
    archive: zipfile.ZipFile, name: str, shape: tuple[int, ...], blocks: Iterator[np.ndarray]
) -> None:
    """One float32 array from its parts."""
    with archive.open(f"{name}.npy", "w", force_zip64=True) as entry:
        header = {"descr": np.lib.format.dtype_to_descr(np.dtype(np.float32)), "fortran_order": False}
        np.lib.format.write_array_header_1_0(entry, header | {"shape": shape})
        for block in blocks:
            entry.write(block.tobytes())
