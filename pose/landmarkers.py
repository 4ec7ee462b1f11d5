"""MediaPipe's PoseLandmarker behind a small, quiet face: pictures in, ``PersonPose`` out."""

from __future__ import annotations

import contextlib
import os
import re
import sys
import tempfile
import threading
from collections.abc import Iterator
from dataclasses import dataclass

import mediapipe as mp
import numpy as np
from mediapipe.tasks.python import BaseOptions, vision

from pose.bundle import pose_bundle
from pose.skeleton import PersonPose

_CHATTER = re.compile(r"^([IW]\d{4} |WARNING: All log messages before absl|INFO: Created TensorFlow Lite)")
_BLANK = np.zeros((64, 64, 3), np.uint8)
_stderr_lock = threading.Lock()
_first_pose_seen = threading.Event()


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


class ImageLandmarker:
    """Finds people in single pictures, without memory."""

    def __init__(self, persons: int) -> None:
        self._native = _create(vision.RunningMode.IMAGE, persons)

    def find(self, image: np.ndarray, box: Box | None = None) -> list[PersonPose]:
        """Poses in ``box`` of the picture, in pixels of the whole picture.

        Args:
            image: (H, W, 3) uint8 RGB.
        """
        height, width = image.shape[:2]
        box = box or Box(0, 0, width, height)
        with _quiet_until_first_pose():
            result = self._native.detect(_picture(box.cut(image)))
        return _poses(result, box, (width, height))

    def close(self) -> None:
        self._native.close()


class VideoLandmarker:
    """Follows one person from picture to picture. Looks for one where it follows none."""

    def __init__(self) -> None:
        self._native = _create(vision.RunningMode.VIDEO, 1)
        self._clock = 0
        self._holds = False

    def follow(self, image: np.ndarray, milliseconds: int) -> PersonPose | None:
        """The person followed, or the clearest one in the picture.

        Args:
            image: (H, W, 3) uint8 RGB.
            milliseconds: time of the picture. MediaPipe demands that it grows; it is moved on where it does
                not.
        """
        self._clock = max(self._clock + 1, milliseconds)
        height, width = image.shape[:2]
        with _quiet_until_first_pose():
            result = self._native.detect_for_video(_picture(image), self._clock)
        found = _poses(result, Box(0, 0, width, height), (width, height))
        self._holds = bool(found)
        return found[0] if found else None

    def let_go(self) -> None:
        """Stop following. MediaPipe has no call for it: it lets go when its person vanishes from view."""
        for _ in range(3):
            if not self._holds:
                return
            self.follow(_BLANK, self._clock)

    def close(self) -> None:
        self._native.close()


def _create(mode: vision.RunningMode, persons: int) -> vision.PoseLandmarker:
    options = vision.PoseLandmarkerOptions(
        base_options=BaseOptions(model_asset_path=str(pose_bundle())), running_mode=mode, num_poses=persons
    )
    with _quiet_native_libraries():
        landmarker = vision.PoseLandmarker.create_from_options(options)
        # Part of the chatter comes with the first picture, as does part of the setting up.
        if mode is vision.RunningMode.VIDEO:
            landmarker.detect_for_video(_picture(_BLANK), 0)
        else:
            landmarker.detect(_picture(_BLANK))
    return landmarker


def _picture(image: np.ndarray) -> mp.Image:
    return mp.Image(image_format=mp.ImageFormat.SRGB, data=np.ascontiguousarray(image))


def _poses(result: vision.PoseLandmarkerResult, box: Box, frame_size: tuple[int, int]) -> list[PersonPose]:
    if result.pose_landmarks:
        _first_pose_seen.set()
    origin = np.array([box.left, box.top])
    extent = np.array([box.right - box.left, box.bottom - box.top])
    return [
        PersonPose(
            image=np.array([(point.x, point.y) for point in image]) * extent + origin,
            world=np.array([(point.x, point.y, point.z) for point in world]),
            visibility=np.array([point.visibility for point in image]),
            frame_size=frame_size,
        )
        for image, world in zip(result.pose_landmarks, result.pose_world_landmarks, strict=True)
    ]


def _quiet_until_first_pose() -> contextlib.AbstractContextManager[None]:
    """The first landmarks found in a process bring one more warning; after that all is quiet."""
    return contextlib.nullcontext() if _first_pose_seen.is_set() else _quiet_native_libraries()


@contextlib.contextmanager
def _quiet_native_libraries() -> Iterator[None]:
    """Hold back what native code writes to stderr meanwhile; everything but known chatter is passed on after.

    MediaPipe, absl and TFLite write to the file descriptor itself, past ``sys.stderr`` and past their own
    switches.
    """
    with _stderr_lock:
        try:
            if sys.stderr is not None:
                sys.stderr.flush()
            kept = os.dup(2)
        except OSError:  # a process without a stderr has nothing to keep quiet
            yield
            return
        with tempfile.TemporaryFile() as held:
            os.dup2(held.fileno(), 2)
            try:
                yield
            finally:
                os.dup2(kept, 2)
                os.close(kept)
                held.seek(0)
                for line in held.read().decode(errors="replace").splitlines(keepends=True):
                    if not _CHATTER.match(line):
                        os.write(2, line.encode())
