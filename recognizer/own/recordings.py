"""One recording of an own action: landmarks with their times, in memory and as an .npz file.

A file is laid out as ``pose2action run --skeleton`` writes it, with one person and the picture's size beside,
so that ``pose2action prepare recordings`` reads a collection as it is.
"""

from __future__ import annotations

import os
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from pose.errors import UserError
from pose.files import replacing
from pose.layouts import LAYOUTS, MEDIAPIPE_33, MEDIAPIPE_HAND_21, SkeletonLayout
from pose.mapping import to_layout
from pose.npz import add_array
from pose.skeleton import PersonPose, SkeletonSequence
from recognizer.data.clip import METRES, PIXELS, DataError, check_numbers, check_times
from recognizer.data.files import read_npz

SHORTEST, LONGEST = 0.4, 20.0
"""Seconds of a recording."""
FEWEST_FRAMES = 6
MOST_RATE = 120
"""Frames a second, over the longest that a recording may be."""
MOST_BYTES = 8 * 2**20
"""Of a file, packed or not: 2400 frames of a body have 2.6 million."""
_LARGEST_PICTURE = 20_000
_LANDMARKS = (MEDIAPIPE_33, MEDIAPIPE_HAND_21)


class RecordingError(UserError, ValueError):
    """A recording cannot be used. The message is one sentence for the user."""


@dataclass(frozen=True)
class Recording:
    """What one person or hand did.

    Attributes:
        times: (T,) float64 seconds from 0.
        image: (T, L, 2) float32 pixels, x right, y down.
        world: (T, L, 3) float32 metres, in MediaPipe's axes.
        visibility: (T, L) float32 in [0, 1]; 0 in frames in which nobody was found.
        frame_size: (width, height) of the picture in pixels.
        landmarks: MEDIAPIPE_33 of a person, MEDIAPIPE_HAND_21 of a hand.
        began: seconds, on the clock of what it was made of, at which ``times`` are 0; no file tells it.
    """

    times: np.ndarray
    image: np.ndarray
    world: np.ndarray
    visibility: np.ndarray
    frame_size: tuple[int, int]
    landmarks: SkeletonLayout = MEDIAPIPE_33
    began: float = 0.0

    @property
    def duration(self) -> float:
        """Seconds from the first frame to the last."""
        return float(self.times[-1])

    @classmethod
    def of(cls, poses: Sequence[tuple[float, PersonPose | None]], longest: float = LONGEST) -> Recording:
        """A recording of one person's poses, of None where they were not seen, in order of their times.

        Args:
            poses: seconds and poses.
            longest: seconds that it may last; more than ``LONGEST`` where it is to be cut.

        Raises:
            RecordingError: nobody was seen, or not for long enough, or the recording is too long.
        """
        seen = [index for index, (_, pose) in enumerate(poses) if pose is not None]
        if not seen:
            raise RecordingError("There is nobody in this recording: step into the picture and try again.")
        poses = poses[seen[0] : seen[-1] + 1]
        first = poses[0][1]
        assert first is not None
        count = len(first.layout)
        image = np.zeros((len(poses), count, 2), np.float32)
        world = np.zeros((len(poses), count, 3), np.float32)
        visibility = np.zeros((len(poses), count), np.float32)
        for row, (_, pose) in enumerate(poses):
            if pose is not None:
                image[row], world[row], visibility[row] = pose.image, pose.world, pose.visibility
        times = np.array([time for time, _ in poses], np.float64) - poses[0][0]
        recording = cls(times, image, world, visibility, first.frame_size, first.layout, poses[0][0])
        recording.check(longest)
        return recording

    def part(self, start: float, end: float) -> Recording:
        """What was done from one time to another, both in seconds, without frames of nobody at the ends.

        Raises:
            RecordingError: nobody was seen, or not for long enough, or the part is too long.
        """
        rows = np.flatnonzero((self.times >= start) & (self.times <= end) & self.detected)
        if not len(rows):
            raise RecordingError(f"Nobody is there from {start:.1f} to {end:.1f} s of this recording.")
        chosen = slice(rows[0], rows[-1] + 1)
        part = replace(
            self,
            times=self.times[chosen] - self.times[rows[0]],
            image=self.image[chosen],
            world=self.world[chosen],
            visibility=self.visibility[chosen],
            began=self.began + float(self.times[rows[0]]),
        )
        part.check()
        return part

    def check(self, longest: float = LONGEST) -> None:
        """Raises RecordingError where it is too short, longer than so many seconds, or shows nobody for most
        of its time."""
        if self.duration >= SHORTEST and len(self.times) < FEWEST_FRAMES:
            raise RecordingError(
                f"Only {len(self.times)} pictures of you came in {self.duration:.1f} s, as this machine is "
                "busy: close other programs, or record for longer."
            )
        if self.duration < SHORTEST:
            raise RecordingError(
                f"This recording shows somebody for {self.duration:.1f} s only: record at least {SHORTEST} s."
            )
        if self.duration > longest or len(self.times) > longest * MOST_RATE:
            raise RecordingError(
                f"This recording lasts {self.duration:.0f} s: record one action, of {longest:.0f} s at most."
            )
        if self.detected.mean() < 0.5:
            raise RecordingError(
                "In most of this recording nobody is in the picture: step into it and try again."
            )

    @property
    def detected(self) -> np.ndarray:
        """(T,) bool, whether somebody was found."""
        return self.visibility.any(1)

    def sequence(self, layout: SkeletonLayout) -> SkeletonSequence:
        """The recording (M = 1) in the layout of a network.

        Raises:
            RecordingError: it shows a hand and the layout is a body's, or the other way round.
        """
        if layout.landmarks != self.landmarks.name:
            raise RecordingError(
                f"This recording shows a {self.landmarks.subject}, and the weights see a "
                f"{layout.subject}: choose others, or record anew."
            )
        joints = np.zeros((len(self.times), len(layout), layout.coordinates), np.float32)
        confidence = np.zeros(joints.shape[:2], np.float32)
        for row in np.flatnonzero(self.detected):
            pose = PersonPose(
                self.image[row], self.world[row], self.visibility[row], self.frame_size, self.landmarks
            )
            joints[row], confidence[row] = to_layout(pose, layout)
        plain = SkeletonSequence(joints[None], confidence[None], self.times, layout)
        return plain.resample(self.times)  # short gaps filled, as windows of a camera are


def write_recording(path: Path, recording: Recording) -> None:
    """Writes the file, whole or not at all.

    Raises:
        OSError: the disk is full, say.
    """
    image = np.zeros((*recording.visibility.shape, 4), np.float32)
    world = image.copy()
    image[..., :2] = recording.image / np.array(recording.frame_size, np.float32)
    world[..., :3] = recording.world
    image[..., 3] = world[..., 3] = recording.visibility
    arrays = {
        "time": recording.times,
        "persons": np.zeros(1, np.int64),
        "landmarks_0": image,
        "world_0": world,
        "detected_0": recording.detected,
        "size": np.array(recording.frame_size, np.int64),
    }
    with replacing(path) as temporary:
        with zipfile.ZipFile(temporary, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, array in arrays.items():
                add_array(archive, name, array)
        with temporary.open("rb") as file:
            os.fsync(file.fileno())  # a recording cannot be made again after the power went


def read_recording(path: Path) -> Recording:
    """A recording from its file, whose every number is checked.

    Raises:
        RecordingError: it is damaged, or none.
        OSError: it cannot be read.
    """
    try:
        found = read_npz(path, ("time", "landmarks_0", "world_0", "detected_0", "size"), MOST_BYTES)
        time, image, world, detected, size = found.values()
        count = image.shape[1] if image.ndim == 3 else 0
        landmarks = next((each for each in _LANDMARKS if len(each) == count), None)
        shape = (len(time) if time.ndim == 1 else -1, count, 4)
        fits = image.shape == world.shape == shape and detected.shape == time.shape
        kinds = (time.dtype, image.dtype, world.dtype, detected.dtype) == (
            np.float64, np.float32, np.float32, np.bool_,
        )  # fmt: skip
        if landmarks is None or not fits or not kinds or size.shape != (2,) or size.dtype.kind not in "iu":
            raise DataError("its arrays are not those of a recording.")
        if not 0 < size.min() <= size.max() <= _LARGEST_PICTURE:
            raise DataError("its picture is of no size that a camera has.")
        check_times(time, path)
        if len(time) == 0 or time[0] != 0:
            raise DataError("its times do not begin at 0.")
        pixels = image[..., :2] * size.astype(np.float32)
        check_numbers(pixels, PIXELS, path, image[..., 3])
        check_numbers(world[..., :3], METRES, path, world[..., 3])
    except DataError as error:
        reason = str(error).removeprefix(f"{path}: ").rstrip(".")
        raise RecordingError(f"{path} is no recording of an action ({reason}).") from None
    visibility = np.clip(image[..., 3], 0.0, 1.0) * detected[:, None]
    width, height = (int(each) for each in size)
    recording = Recording(
        time,
        pixels,
        np.ascontiguousarray(world[..., :3]),
        visibility,
        (width, height),
        LAYOUTS[landmarks.name],
    )
    recording.check()
    return recording
