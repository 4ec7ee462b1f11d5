"""MediaPipe's landmarkers behind a small, quiet face: pictures in, ``PersonPose`` out."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from operator import attrgetter
from pathlib import Path
from typing import TypeAlias

import numpy as np

from pose.bundle import hand_bundle, pose_bundle
from pose.layouts import MEDIAPIPE_33, MEDIAPIPE_HAND_21, SkeletonLayout
from pose.mapped import let_go_of
from pose.mediapipe_parts import (
    BaseOptions,
    HandLandmarker,
    HandLandmarkerOptions,
    HandLandmarkerResult,
    Image,
    ImageFormat,
    PoseLandmarker,
    PoseLandmarkerOptions,
    PoseLandmarkerResult,
    RunningMode,
)
from pose.quiet import quiet_native_libraries
from pose.skeleton import PersonPose

_BLANK = np.zeros((64, 64, 3), np.uint8)
_seen: set[str] = set()
"""Names of the layouts of which landmarks have been found in this process."""

_LEAP = 60 * 60 * 1000
"""Milliseconds: a picture that comes so long after the last one has nothing to do with it."""

_Native: TypeAlias = PoseLandmarker | HandLandmarker
_Result: TypeAlias = PoseLandmarkerResult | HandLandmarkerResult


@dataclass(frozen=True)
class Box:
    """A part of a picture, in whole pixels: columns left..right-1, rows top..bottom-1."""

    left: int
    top: int
    right: int
    bottom: int

    def cut(self, image: np.ndarray) -> np.ndarray:
        """This part of a picture, as a view."""
        return image[self.top : self.bottom, self.left : self.right]


def _people(bundle: Path, mode: RunningMode, most: int) -> PoseLandmarker:
    model = BaseOptions(model_asset_path=str(bundle))
    options = PoseLandmarkerOptions(base_options=model, running_mode=mode, num_poses=most)
    return PoseLandmarker.create_from_options(options)


def _hands(bundle: Path, mode: RunningMode, most: int) -> HandLandmarker:
    model = BaseOptions(model_asset_path=str(bundle))
    options = HandLandmarkerOptions(base_options=model, running_mode=mode, num_hands=most)
    return HandLandmarker.create_from_options(options)


@dataclass(frozen=True)
class Task:
    """What to look for.

    Attributes:
        layout: of the landmarks.
        bundle: gives the file of the models.
        create: MediaPipe's landmarker, of such a file, for a mode and so many at once.
        landmarks: its result -> those in the picture and those in the world, of everything found.
        tells_visibility: whether it knows how visible each landmark is.
    """

    layout: SkeletonLayout
    bundle: Callable[[], Path]
    create: Callable[[Path, RunningMode, int], _Native]
    landmarks: Callable[[_Result], tuple[list, list]]
    tells_visibility: bool


PEOPLE = Task(MEDIAPIPE_33, pose_bundle, _people, attrgetter("pose_landmarks", "pose_world_landmarks"), True)
HANDS = Task(
    MEDIAPIPE_HAND_21, hand_bundle, _hands, attrgetter("hand_landmarks", "hand_world_landmarks"), False
)


class ImageLandmarker:
    """Finds people or hands in single pictures, without memory. Threads may share it: they take turns.

    Args:
        task: PEOPLE or HANDS.
        most: how many at once.
    """

    def __init__(self, task: Task, most: int) -> None:
        self._task = task
        self._native = _create(task, RunningMode.IMAGE, most)
        self._lock = threading.Lock()

    def find(self, image: np.ndarray, box: Box | None = None) -> list[PersonPose]:
        """Poses in ``box`` of the picture, in pixels of the whole picture.

        Args:
            image: (H, W, 3) uint8 RGB.
        """
        height, width = image.shape[:2]
        box = box or Box(0, 0, width, height)
        with self._lock, _quiet_until_found(self._task):
            result = self._native.detect(_picture(box.cut(image)))
        return _poses(self._task, result, box, (width, height))

    def close(self) -> None:
        _free(self)


@dataclass
class _Shared:
    """A landmarker and how many use it."""

    landmarker: ImageLandmarker
    users: int = 0


_shared: dict[tuple[SkeletonLayout, int], _Shared] = {}
_sharing = threading.Lock()


@contextlib.contextmanager
def shared_landmarker(task: Task, most: int) -> Iterator[ImageLandmarker]:
    """The process's one landmarker of a kind, as it takes 70 MB and knows nothing of whose pictures it sees.
    It is made for the first who enters, and closed when the last one leaves.

    Args:
        task, most: as ``ImageLandmarker`` takes them.
    """
    key = task.layout, most
    with _sharing:
        shared = _shared.get(key)
        if shared is None:
            shared = _shared[key] = _Shared(ImageLandmarker(task, most))
        shared.users += 1
    try:
        yield shared.landmarker
    finally:
        with _sharing:
            shared.users -= 1
            if not shared.users:
                del _shared[key]
                shared.landmarker.close()


class VideoLandmarker:
    """Follows people or hands from picture to picture. Looks for more where it follows fewer than it may.

    Args:
        task: PEOPLE or HANDS.
        most: how many at once.
    """

    def __init__(self, task: Task, most: int) -> None:
        self._task = task
        self._native = _create(task, RunningMode.VIDEO, most)
        self._clock = 0
        self._holds = False

    def follow(self, image: np.ndarray, milliseconds: int) -> list[PersonPose]:
        """Those followed, or else the clearest ones in the picture.

        Args:
            image: (H, W, 3) uint8 RGB.
            milliseconds: time of the picture. MediaPipe demands that it grows; it is moved on where it does
                not.
        """
        self._clock = max(self._clock + 1, milliseconds)
        height, width = image.shape[:2]
        with _quiet_until_found(self._task):
            result = self._native.detect_for_video(_picture(image), self._clock)
        found = _poses(self._task, result, Box(0, 0, width, height), (width, height))
        self._holds = bool(found)
        return found

    def let_go(self) -> None:
        """Stop following. MediaPipe has no call for it: it lets go of whatever vanishes from view."""
        for _ in range(3):
            if not self._holds:
                return
            self.follow(_BLANK, self._clock)

    def close(self) -> None:
        _free(self)


class PictureClock:
    """Whole milliseconds that never run backwards and never leap, whatever the timestamps of a video do:
    MediaPipe counts microseconds in 64 bits.

    Attributes:
        now: the time of the newest picture; 0 for the first one.
    """

    def __init__(self) -> None:
        self.now = 0
        self._offset = 0
        self._frame_size: tuple[int, int] | None = None

    def advance(self, image: np.ndarray, timestamp: float) -> bool:
        """Moves on to the next picture. False if it has nothing to do with the last one: the timestamp runs
        backwards or leaps ahead, or the size is another.

        Args:
            image: (H, W, 3) uint8 RGB.
            timestamp: seconds.

        Raises:
            ValueError: not an RGB picture.
        """
        if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8 or not image.size:
            raise ValueError(f"image must be (H, W, 3) uint8 RGB, got {image.shape} {image.dtype}")
        milliseconds, frame_size = round(timestamp * 1000), (image.shape[1], image.shape[0])
        first = self._frame_size is None
        jumps = not first and not 0 <= milliseconds + self._offset - self.now <= _LEAP
        continues = first or not (jumps or frame_size != self._frame_size)
        if first:
            self._offset = -milliseconds
        elif jumps:
            self._offset = self.now + 1 - milliseconds
        self.now = milliseconds + self._offset
        self._frame_size = frame_size
        return continues


def _create(task: Task, mode: RunningMode, most: int) -> _Native:
    bundle = task.bundle()
    with quiet_native_libraries():
        landmarker = task.create(bundle, mode, most)
        # Part of the chatter comes with the first picture, as does part of the setting up.
        if mode is RunningMode.VIDEO:
            landmarker.detect_for_video(_picture(_BLANK), 0)
        else:
            landmarker.detect(_picture(_BLANK))
    let_go_of(bundle)
    return landmarker


def _free(landmarker: ImageLandmarker | VideoLandmarker) -> None:
    """Closes MediaPipe's landmarker and forgets it: its threads and its 70 MB stay as long as anything holds
    it, and whoever used it is held by the traceback of an error, perhaps for minutes."""
    landmarker._native.close()
    del landmarker._native


def _picture(image: np.ndarray) -> Image:
    return Image(image_format=ImageFormat.SRGB, data=np.ascontiguousarray(image))


def _poses(task: Task, result: _Result, box: Box, frame_size: tuple[int, int]) -> list[PersonPose]:
    in_picture, in_world = task.landmarks(result)
    if in_picture:
        _seen.add(task.layout.name)
    origin = np.array([box.left, box.top])
    extent = np.array([box.right - box.left, box.bottom - box.top])
    return [
        PersonPose(
            image=np.array([(point.x, point.y) for point in image]) * extent + origin,
            world=np.array([(point.x, point.y, point.z) for point in world]),
            visibility=np.array([point.visibility if task.tells_visibility else 1.0 for point in image]),
            frame_size=frame_size,
            layout=task.layout,
        )
        for image, world in zip(in_picture, in_world, strict=True)
    ]


def _quiet_until_found(task: Task) -> contextlib.AbstractContextManager[None]:
    """The first landmarks found in a process bring one more warning; after that all is quiet."""
    return contextlib.nullcontext() if task.layout.name in _seen else quiet_native_libraries()
