"""The landmarks of a whole video as an .npz file."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np

from pose.files import replacing
from pose.layouts import MEDIAPIPE_33, SkeletonLayout
from pose.skeleton import PersonPose


class SkeletonWriter:
    """Collects landmarks on disk while a video runs, so that an hour of them does not fill the memory.

    The .npz holds, for T analysed frames and L landmarks (33, or 21 of a hand):

    - ``time`` (T,) float64: seconds from the first frame;
    - ``persons`` (P,) int64: the persons' or hands' ids;
    - and for each id N: ``landmarks_N`` (T, L, 4) float32, x and y in [0, 1] of the picture's width and
      height, 0, visibility; ``world_N`` (T, L, 4) float32, x, y, z in metres from the middle of the hips or
      the hand (MediaPipe's axes) and visibility; ``detected_N`` (T,) bool. Frames without the person are 0.

    Args:
        landmarks: MEDIAPIPE_33 or MEDIAPIPE_HAND_21.
    """

    def __init__(self, landmarks: SkeletonLayout = MEDIAPIPE_33) -> None:
        shape = (len(landmarks), 4)
        self._record = np.dtype(
            [("frame", np.int32), ("landmarks", np.float32, shape), ("world", np.float32, shape)]
        )
        self._times: list[float] = []
        self._files: dict[int, tempfile._TemporaryFileWrapper] = {}

    def add(self, timestamp: float, poses: dict[int, PersonPose]) -> None:
        """Takes the people or hands of one frame, by id."""
        for person, pose in poses.items():
            record = np.zeros((), self._record)
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
            records = np.memmap(file.name, self._record, "r")
            detected = np.zeros(len(self._times), bool)
            detected[records["frame"]] = True
            arrays[f"detected_{person}"] = detected
            for name in ("landmarks", "world"):
                whole = np.zeros((len(self._times), *records[name].shape[1:]), np.float32)
                whole[records["frame"]] = records[name]
                arrays[f"{name}_{person}"] = whole
        with replacing(path) as temporary, temporary.open("wb") as file:
            np.savez_compressed(file, **arrays)

    def close(self) -> None:
        """Deletes what lies on disk."""
        for file in self._files.values():
            file.close()
        self._files.clear()
