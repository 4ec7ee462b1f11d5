"""Landmarks that ``--skeleton`` wrote, as a source: other weights are tried without finding poses anew."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from pose.errors import UserError
from pose.layouts import MEDIAPIPE_33, MEDIAPIPE_HAND_21, SkeletonLayout
from pose.skeleton import PersonPose
from pose.sources import Frame, VideoInfo
from recognizer.data.clip import METRES, PIXELS, DataError, check_numbers

MOST_BYTES = 2**31
"""Of the arrays. An hour at 30 frames a second has 114 million for each person."""

_MOST_PEOPLE = 1000
_LARGEST_PICTURE = 20_000
_NO_PICTURE = np.zeros((1, 1, 3), np.uint8)
_LATEST = 1e9
"""Seconds: 31 years. Much later a second more or less is none for a computer."""
_RATE = 30.0
"""Frames a second of a file with one frame."""


class LandmarksError(UserError, ValueError):
    """A file of landmarks cannot be used. The message is one sentence for the user."""


class LandmarkFile:
    """What ``SkeletonWriter`` has written. Iterating yields frames without a picture; ``people`` tells who is
    in one.

    Attributes:
        name: the path.
        info: the size of the pictures in which the landmarks were found, rate and length.
        landmarks: MEDIAPIPE_33 of people, MEDIAPIPE_HAND_21 of hands.
        live, problem: False and None, as of a video file.

    Args:
        path: the .npz file.

    Raises:
        LandmarksError: it is missing or was not written by ``--skeleton``, or before that kept the picture's
            size.
        OSError: it cannot be read.
    """

    live = False
    problem: str | None = None

    def __init__(self, path: str | Path) -> None:
        self.path, self.name = Path(path), str(path)
        try:
            self._read()
        except FileNotFoundError:
            raise LandmarksError(f"There is no file {self.name!r}; check the path.") from None
        except DataError as error:
            reason = str(error).removeprefix(f"{self.path}: ").rstrip(".")
            raise LandmarksError(
                f"{self.name!r} has no landmarks as `pose2action run --skeleton` writes them ({reason})."
            ) from None

    def __iter__(self) -> Iterator[Frame]:
        return (Frame(_NO_PICTURE, float(time)) for time in self._times)

    def people(self, frame: Frame) -> dict[int, PersonPose]:
        """Who is in a frame that iterating has given, by number."""
        row = int(np.searchsorted(self._times, frame.timestamp))
        size = (self.info.width, self.info.height)
        return {
            person: PersonPose(
                image[row, :, :2] * size, world[row, :, :3], image[row, :, 3], size, self.landmarks
            )
            for person, (image, world, seen) in self._people.items()
            if seen[row]
        }

    def close(self) -> None:
        """Nothing is open; here so that all sources can be used alike."""

    def __enter__(self) -> LandmarkFile:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _read(self) -> None:
        from recognizer.data.files import read_npz  # imports SciPy, which a video does not need

        head = read_npz(self.path, ("time", "persons", "size"), MOST_BYTES)
        times, persons, size = head["time"], head["persons"], head["size"]
        if times.ndim != 1 or times.dtype.kind != "f" or not np.isfinite(times).all():
            raise DataError("time is no row of numbers")
        if not len(times) or np.any(np.diff(times) <= 0) or times[0] < 0:
            raise DataError("the times do not grow")
        if times[-1] > _LATEST:
            raise DataError(f"{times[-1]:.3g} seconds are no time of a video")
        if persons.ndim != 1 or persons.dtype.kind not in "iu" or len(persons) > _MOST_PEOPLE:
            raise DataError("persons is no row of numbers")
        if size.shape != (2,) or size.dtype.kind not in "iu":
            raise DataError("size is not that of a picture")
        if not 0 <= size.min() <= size.max() <= _LARGEST_PICTURE:
            raise DataError("size is not that of a picture")
        self._times = times.astype(np.float64)
        self.landmarks = MEDIAPIPE_33
        self._people: dict[int, tuple[np.ndarray, np.ndarray, np.ndarray]] = {}
        for person in persons.tolist():
            self._people[person] = self._person(person, size)
        step = float(np.median(np.diff(times))) if len(times) > 1 else 1 / _RATE
        width, height = (int(each) for each in size)
        self.info = VideoInfo(width, height, 1 / step, float(times[-1]) + step, len(times))

    def _person(self, person: int, size: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        from recognizer.data.files import read_npz

        names = tuple(f"{what}_{person}" for what in ("landmarks", "world", "detected"))
        image, world, seen = read_npz(self.path, names, MOST_BYTES).values()
        layout = self._layout(image)
        shape = (len(self._times), len(layout), 4)
        if image.shape != shape or world.shape != shape or seen.shape != shape[:1] or seen.dtype != bool:
            raise DataError(f"the arrays of person {person} do not fit the times")
        if image.dtype.kind != "f" or world.dtype.kind != "f" or seen.any() and size.min() < 1:
            raise DataError(f"the landmarks of person {person} are no numbers, or of no picture")
        if self._people and layout is not self.landmarks:
            raise DataError("people and hands are in one file")
        self.landmarks = layout
        check_numbers(image[..., :2] * size, PIXELS, self.path, image[..., 3])
        check_numbers(world[..., :3], METRES, self.path, world[..., 3])
        return image, world, seen

    @staticmethod
    def _layout(image: np.ndarray) -> SkeletonLayout:
        count = image.shape[1] if image.ndim == 3 else 0
        for layout in (MEDIAPIPE_33, MEDIAPIPE_HAND_21):
            if len(layout) == count:
                return layout
        raise DataError("there are neither 33 landmarks of a person nor 21 of a hand")
