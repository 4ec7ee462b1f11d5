"""What is random in a training clip: how it is turned, mirrored, moved, and what of it is left out."""

from __future__ import annotations

import numpy as np

from pose.layouts import SkeletonLayout
from recognizer.data.views import rotation
from recognizer.training.clips.config import ClipAugmentation

# ST-GCN's random_move: what it draws from, in degrees, times, and parts of the picture.
_MOVE_ANGLES, _MOVE_SCALES, _MOVE_SHIFTS = (-10, -5, 0, 5, 10), (0.9, 1.0, 1.1), (-0.2, -0.1, 0, 0.1, 0.2)

# SkateFormer's feeder_ucla.py: how many joints are dropped, in how many frames.
_DROPPED_JOINTS, _DROPPED_FRAMES = (4, 12), (16, 32)


def turned(
    bodies: np.ndarray, options: ClipAugmentation, layout: SkeletonLayout, rng: np.random.Generator
) -> np.ndarray:
    """A clip (M, T, V, C) as a camera from elsewhere would see it, by ``turn_x`` and ``turn_y``.

    About the sensor: where the turn puts the bodies their extent takes away. What is 0 stays 0.
    """
    if layout.coordinates != 3 or not (options.turn_x or options.turn_y):
        return bodies
    about_x, about_y = (
        int(rng.integers(-most, most, endpoint=True)) for most in (options.turn_x, options.turn_y)
    )
    turn = rotation(azimuth=np.radians(about_y), elevation=np.radians(about_x))
    return (bodies @ turn.T).astype(np.float32)


class Change:
    """What augmentation does to both persons of a clip alike."""

    def __init__(
        self, options: ClipAugmentation, layout: SkeletonLayout, frames: int, rng: np.random.Generator
    ):
        self._mirror = list(layout.mirror) if rng.random() < options.mirror else None
        self._scale = 1 + rng.uniform(-options.scale, options.scale)
        angles = rng.uniform(-options.rotation, options.rotation, 3)
        angles[0] += rng.uniform(-options.azimuth, options.azimuth)
        turns = layout.coordinates == 3 and (options.rotation or options.azimuth)
        self._turn = rotation(*np.radians(angles)) if turns else None
        self._move = _random_move(frames, rng) if options.moves else None
        self._noise, self._rng = options.noise, rng
        # Nothing is drawn for what is not wanted, so that earlier runs can be repeated.
        self._axis = self._hole = None
        if options.drop_axis and rng.random() < options.drop_axis:
            self._axis = int(rng.integers(layout.coordinates))
        if options.drop_joints and rng.random() < options.drop_joints:
            self._hole = _hole(frames, len(layout), rng)

    def __call__(self, values: np.ndarray, seen: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """(T, V, C) and (T, V); what is 0, because nothing is known of it, stays 0."""
        if self._mirror is not None:
            values, seen = values[:, self._mirror].copy(), seen[:, self._mirror]
            values[..., 0] *= -1
        known = values.any(-1, keepdims=True)
        if self._turn is not None:
            values = values @ self._turn.T.astype(np.float32)
        if self._move is not None:
            matrices, shifts = self._move
            moved = np.einsum("tij,tvj->tvi", matrices, values[..., :2]) + shifts[:, None]
            values = np.concatenate([moved, values[..., 2:]], -1)
        if self._noise:
            values = values + self._rng.normal(0.0, self._noise, values.shape).astype(np.float32)
        values = values * self._scale * known
        if self._axis is not None:
            values[..., self._axis] = 0.0
        if self._hole is not None:
            values, seen = values * ~self._hole[..., None], seen * ~self._hole
        return values, seen


def _hole(frames: int, joints: int, rng: np.random.Generator) -> np.ndarray:
    """(T, V) bool: some joints in some frames, which need not follow each other."""
    of_frames, of_joints = np.zeros(frames, bool), np.zeros(joints, bool)
    for chosen, (least, most) in ((of_joints, _DROPPED_JOINTS), (of_frames, _DROPPED_FRAMES)):
        number = min(int(rng.integers(least, most, endpoint=True)), len(chosen))
        chosen[rng.choice(len(chosen), number, replace=False)] = True
    return of_frames[:, None] & of_joints


def _random_move(frames: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """(T, 2, 2) turns times scales and (T, 2) shifts, each evenly from one random value to another."""
    ends = [rng.choice(each, 2) for each in (_MOVE_ANGLES, _MOVE_SCALES, _MOVE_SHIFTS, _MOVE_SHIFTS)]
    angle, scale, x, y = (np.linspace(first, last, frames) for first, last in ends)
    cosine, sine = scale * np.cos(np.radians(angle)), scale * np.sin(np.radians(angle))
    matrices = np.stack([np.stack([cosine, -sine], -1), np.stack([sine, cosine], -1)], 1)
    return matrices.astype(np.float32), np.stack([x, y], -1).astype(np.float32)
