"""Windows of a recording, and the same as another camera, another tempo and another distance would show it.

Three recordings are made in one minute, at one place, by one person. What is learnt of them must hold when
the same is done faster, a little turned, nearer, before a slower camera, or in the middle of something else.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pose.layouts import SkeletonLayout
from pose.skeleton import SkeletonSequence
from recognizer.data.augment.moments import interpolated
from recognizer.data.augment.sides import mirrored
from recognizer.data.views import rotate_about, rotation, slower
from recognizer.windows import window_ends, window_times

_LEGS = ("knee", "ankle", "foot")


@dataclass(frozen=True)
class Variety:
    """How far variants differ from their recording; shares are of the variants.

    Attributes:
        tempo: speeds from e^-tempo to e^tempo times the recorded one.
        slow_camera: share seen at 8 to 20 frames a second.
        onset: share in which somebody stands as at the recording's start, and does only the last part of it.
        turn: degrees about the vertical and half as many about the others, in 3-D; in 2-D a body that is
            turned is narrower, and the picture is tilted.
        zoom: by how much the size may change over a window.
        no_legs: share without legs.
        noise: of the joints, in parts of the body's height.
    """

    tempo: float = 0.3
    slow_camera: float = 0.3
    onset: float = 0.3
    turn: float = 25.0
    zoom: float = 0.1
    no_legs: float = 0.15
    noise: float = 0.008


def windows_of(recording: SkeletonSequence, seconds: float, frames: int) -> list[SkeletonSequence]:
    """The windows of a recording as the recogniser will see them, a quarter of a second apart.

    Args:
        recording: one person (M = 1).
        seconds, frames: of a window.
    """
    ends = window_ends(recording.timestamps[0], recording.timestamps[-1], seconds)
    return [_window(recording, window_times(end, seconds, frames)) for end in ends]


def variants_of(
    recording: SkeletonSequence,
    seconds: float,
    frames: int,
    count: int,
    rng: np.random.Generator,
    both_sides: bool = False,
    variety: Variety = Variety(),
) -> list[SkeletonSequence]:
    """Windows of a recording as they might have been.

    Args:
        recording: one person (M = 1).
        seconds, frames: of a window.
        count: of the variants.
        rng: the same one gives the same variants.
        both_sides: every other variant is mirrored: the action is the same with the other hand.
        variety: how far they differ.
    """
    return [
        _variant(recording, seconds, frames, both_sides and number % 2 == 1, variety, rng)
        for number in range(count)
    ]


def _variant(
    recording: SkeletonSequence,
    seconds: float,
    frames: int,
    mirror: bool,
    variety: Variety,
    rng: np.random.Generator,
) -> SkeletonSequence:
    if rng.random() < variety.slow_camera:
        recording = slower(recording, rng.uniform(8.0, 20.0), rng.random())
    span = seconds * float(np.exp(rng.uniform(-variety.tempo, variety.tempo)))
    first, last = recording.timestamps[0], recording.timestamps[-1]
    if rng.random() < variety.onset:
        # Windows of somebody who has just begun hold the moment before, which is not in the recording.
        end = rng.uniform(first + 0.6 * (last - first), last)
        window = _window(recording, np.clip(window_times(end, span, frames), first, end))
    else:
        end = rng.uniform(first + min(span, last - first), last + min(0.3, 0.2 * span))
        window = _window(recording, np.minimum(window_times(end, span, frames), last))
    joints, confidence = window.joints[0], window.confidence[0].copy()
    layout = recording.layout
    if mirror:
        joints, confidence = mirrored(joints, confidence, layout)
    seen = confidence > 0
    joints = _turned(joints, seen, layout, variety, rng)
    if rng.random() < variety.no_legs:
        legs = [index for index, name in enumerate(layout.joints) if name.endswith(_LEGS)]
        confidence = confidence.copy()
        confidence[:, legs] = 0.0
    return SkeletonSequence(joints[None], confidence[None], np.linspace(0.0, seconds, frames), layout)


def _window(recording: SkeletonSequence, times: np.ndarray) -> SkeletonSequence:
    joints, confidence = interpolated(recording, times)
    return SkeletonSequence(joints[None], confidence[None], times, recording.layout)


def _turned(
    joints: np.ndarray,
    seen: np.ndarray,
    layout: SkeletonLayout,
    variety: Variety,
    rng: np.random.Generator,
) -> np.ndarray:
    """(T, V, C) joints from another side and distance, with the noise of a pose estimator."""
    body = joints[seen] if seen.any() else joints.reshape(-1, joints.shape[-1])
    centre, size = body.mean(0), float(np.ptp(body, axis=0).max())
    turn, tilt = (
        np.radians(variety.turn) * rng.uniform(-1, 1),
        np.radians(variety.turn / 4) * rng.uniform(-1, 1),
    )
    if layout.coordinates == 3:
        turned = rotate_about(joints, rotation(turn, 2 * tilt * rng.uniform(-1, 1), tilt), centre)
    else:
        c, s = np.cos(tilt), np.sin(tilt)
        narrow = np.array([np.cos(turn) * np.exp(rng.normal(0.0, 0.05)), 1.0])
        turned = (joints - centre) * narrow @ np.array([[c, s], [-s, c]]) + centre
        time = np.linspace(-1.0, 1.0, len(joints))[:, None, None]
        turned = (turned - centre) * np.exp(variety.zoom * rng.uniform(-1, 1) * time) + centre
    noise = rng.normal(0.0, variety.noise * size * rng.random(), joints.shape)
    return (turned + noise).astype(np.float32)
