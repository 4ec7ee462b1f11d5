"""The landmarks of a whole video as an .npz file."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np

from app.files import replacing
from pose.skeleton import PersonPose

_RECORD = np.dtype([("frame", np.int32), ("landmarks", np.float32, (33, 4)), ("world", np.float32, (33, 4))])


class SkeletonWriter:
    """Collects landmarks on disk while a video runs, so that an hour of them does not fill the memory.

    The .npz holds, for T analysed frames:

    - ``time`` (T,) float64: seconds from the first frame;
    - ``persons`` (P,) int64: the persons' ids;
    - and for each id N: ``landmarks_N`` (T, 33, 4) float32, MediaPipe-33 x and y in [0, 1] of the picture's
      width and height, 0, visibility; ``world_N`` (T, 33, 4) float32, x, y, z in metres from the middle of
      the hips (MediaPipe's axes) and visibility; ``detected_N`` (T,) bool. Frames without the person are 0.
    """

    def __init__(self) -> None:
        self._times: list[float] = []
        self._files: dict[int, tempfile._TemporaryFileWrapper] = {}

    def add(self, timestamp: float, poses: dict[int, PersonPose]) -> None:
        """Takes the people of one frame, by id."""
        for person, pose in poses.items():
            record = np.zeros((), _RECORD)
            record["frame"] = len(self._times)
            record["landmarks"][:, :2] = pose.image / np.maximum(pose.frame_size, 1)
            record["world"][:, :3] = pose.world
            record["landmarks"][:, 3] = record["world"][:, 3] = pose.visibility
            if person not in self._files:
                self._files[person] = tempfile.NamedTemporaryFile(prefix="pose2action-", suffix=".raw")
            self._files[person].write(record.tobytes())
        self._times.append(timestamp)

    def save(self, path: str | Path, persons: tuple[int, ...]) -> None:
        """Writes the .npz with these persons. Raises OSError where it cannot be written."""
        arrays: dict[str, np.ndarray] = {
            "time": np.array(self._times),
            "persons": np.array(persons, np.int64),
        }
        for person in persons:
            file = self._files[person]
            file.flush()
            records = np.memmap(file.name, _RECORD, "r")
            detected = np.zeros(len(self._times), bool)
            detected[records["frame"]] = True
            arrays[f"detected_{person}"] = detected
            for name in ("landmarks", "world"):
                whole = np.zeros((len(self._times), 33, 4), np.float32)
                whole[records["frame"]] = records[name]
                arrays[f"{name}_{person}"] = whole
        with replacing(path) as temporary, temporary.open("wb") as file:
            np.savez_compressed(file, **arrays)

    def close(self) -> None:
        """Deletes what lies on disk."""
        for file in self._files.values():
            file.close()
        self._files.clear()
