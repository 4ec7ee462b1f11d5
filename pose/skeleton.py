"""The value types that travel through the whole application. Immutable; arrays are set read-only."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pose.layouts import MEDIAPIPE_33, SkeletonLayout

MAX_GAP = 0.5
"""Seconds without an observation that interpolation may bridge."""


def _frozen(array: np.ndarray, dtype: type) -> np.ndarray:
    array = np.ascontiguousarray(array, dtype=dtype)
    if array.flags.writeable:
        array = array.view()
        array.flags.writeable = False
    return array


@dataclass(frozen=True)
class PersonPose:
    """One person or one hand in one frame, as MediaPipe's landmarks.

    Attributes:
        image: (L, 2) float32 pixels, x right, y down, not mirrored.
        world: (L, 3) float32 metres from the middle of the hips (of a hand, from its middle), x right in the
            image, y down, z away from the camera (MediaPipe's axes).
        visibility: (L,) float32 in [0, 1].
        frame_size: (width, height) of the picture in pixels.
        layout: what the L landmarks are: MEDIAPIPE_33 of a person, MEDIAPIPE_HAND_21 of a hand.

    Raises:
        ValueError: shapes that do not fit the layout.
    """

    image: np.ndarray
    world: np.ndarray
    visibility: np.ndarray
    frame_size: tuple[int, int]
    layout: SkeletonLayout = MEDIAPIPE_33

    def __post_init__(self) -> None:
        count = len(self.layout)
        for name, shape in (("image", (count, 2)), ("world", (count, 3)), ("visibility", (count,))):
            array = _frozen(getattr(self, name), np.float32)
            if array.shape != shape:
                raise ValueError(f"PersonPose.{name} must have shape {shape}, got {array.shape}")
            object.__setattr__(self, name, array)


@dataclass(frozen=True)
class SkeletonSequence:
    """M persons over T frames in one layout.

    Attributes:
        joints: (M, T, V, C) float32; pixels (y down) for 2-D layouts, metres (y up) for 3-D ones.
        confidence: (M, T, V) float32 in [0, 1]; 0 marks a joint that was not seen.
        timestamps: (T,) float64 seconds, not decreasing.
        layout: what the V joints are.

    Raises:
        ValueError: shapes that do not fit each other or the layout.
    """

    joints: np.ndarray
    confidence: np.ndarray
    timestamps: np.ndarray
    layout: SkeletonLayout

    def __post_init__(self) -> None:
        joints = _frozen(self.joints, np.float32)
        confidence = _frozen(self.confidence, np.float32)
        timestamps = _frozen(self.timestamps, np.float64)
        if joints.ndim != 4 or joints.shape[2:] != (len(self.layout), self.layout.coordinates):
            raise ValueError(
                f"joints of layout {self.layout.name} must be (M, T, {len(self.layout)}, "
                f"{self.layout.coordinates}), got {joints.shape}"
            )
        if confidence.shape != joints.shape[:3]:
            raise ValueError(f"confidence must be {joints.shape[:3]}, got {confidence.shape}")
        if timestamps.shape != joints.shape[1:2]:
            raise ValueError(f"timestamps must be {joints.shape[1:2]}, got {timestamps.shape}")
        if np.any(np.diff(timestamps) < 0):
            raise ValueError("timestamps must not decrease")
        for name, value in (("joints", joints), ("confidence", confidence), ("timestamps", timestamps)):
            object.__setattr__(self, name, value)

    @property
    def duration(self) -> float:
        """Seconds from the first to the last frame."""
        return float(self.timestamps[-1] - self.timestamps[0]) if len(self.timestamps) else 0.0

    def resample(self, times: np.ndarray, max_gap: float = MAX_GAP) -> SkeletonSequence:
        """The sequence seen at other instants, by linear interpolation in time.

        Each joint is interpolated between the frames in which it was seen (confidence > 0). Where the two
        neighbouring observations are further apart than ``max_gap`` seconds, and more than ``max_gap`` before
        the first or after the last one, the position is the nearest observation's and the confidence 0. A
        joint never seen stays at the origin with confidence 0.

        Args:
            times: (T',) seconds, not decreasing.
            max_gap: seconds that interpolation may bridge.
        """
        times = np.asarray(times, np.float64)
        persons, frames, joint_count, coordinates = self.joints.shape
        joints = np.zeros((persons, len(times), joint_count, coordinates), np.float32)
        confidence = np.zeros(joints.shape[:3], np.float32)
        for person in range(persons if frames else 0):
            joints[person], confidence[person] = _interpolate(
                self.joints[person], self.confidence[person], self.timestamps, times, max_gap
            )
        return SkeletonSequence(joints, confidence, times, self.layout)


def _interpolate(
    joints: np.ndarray, confidence: np.ndarray, timestamps: np.ndarray, times: np.ndarray, max_gap: float
) -> tuple[np.ndarray, np.ndarray]:
    """One person's joints (T, V, C) and confidence (T, V), T > 0, at other instants, all joints at once.

    Returns:
        (T', V, C) and (T', V), as `SkeletonSequence.resample` describes them.
    """
    frames, joint_count = confidence.shape
    seen = confidence > 0
    frame = np.arange(frames)[:, None]
    # For each frame and joint: the last frame up to it, and the first frame from it on, that shows the joint;
    # -1 and T where there is none. One more row serves the times outside the clip.
    previous = np.full((frames + 1, joint_count), -1)
    np.maximum.accumulate(np.where(seen, frame, -1), axis=0, out=previous[1:])
    following = np.full((frames + 1, joint_count), frames)
    following[:-1] = np.minimum.accumulate(np.where(seen, frame, frames)[::-1], axis=0)[::-1]

    left = previous[np.searchsorted(timestamps, times, side="right")]
    right = following[np.searchsorted(timestamps, times, side="left")]
    before, after = left < 0, right >= frames  # the first or the last observation is held there
    left, right = np.where(before, right, left), np.where(after, left, right)
    never = before & after
    left, right = np.where(never, 0, left), np.where(never, 0, right)

    from_left = times[:, None] - timestamps[left]
    span = timestamps[right] - timestamps[left]
    weight = np.clip(from_left / np.where(span > 0, span, np.inf), 0.0, 1.0)
    gap = np.where(before | after, np.abs(from_left), span)
    # The margin keeps clips with exactly max_gap between frames from flickering with the rounding of times.
    lost = gap > max_gap + 1e-9
    weight = np.where(lost, weight >= 0.5, weight).astype(np.float32)

    joint = np.arange(joint_count)
    w = weight[..., None]
    position = joints[left, joint] * (1 - w) + joints[right, joint] * w
    sure = confidence[left, joint] * (1 - weight) + confidence[right, joint] * weight
    position[never] = 0.0
    sure[lost | never] = 0.0
    return position, sure
