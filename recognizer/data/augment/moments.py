"""When: a random piece of a clip, at a random speed and by a camera of a random rate."""

from __future__ import annotations

import numpy as np

from pose.skeleton import MAX_GAP, SkeletonSequence
from recognizer.data.augment.strength import Augmentation
from recognizer.data.views import slower
from recognizer.windows import window_times


def interpolated(sequence: SkeletonSequence, times: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """``SkeletonSequence.resample`` for one person without gaps to look for: (T, V, C), (T, V)."""
    at = sequence.timestamps
    right = (
        np.clip(np.searchsorted(at, times), 1, max(len(at) - 1, 1))
        if len(at) > 1
        else np.zeros(len(times), int)
    )
    left = np.maximum(right - 1, 0)
    span = np.maximum(at[right] - at[left], 1e-6)
    weight = np.clip((times - at[left]) / span, 0.0, 1.0).astype(np.float32)
    joints = sequence.joints[0]
    values = joints[left] * (1 - weight)[:, None, None] + joints[right] * weight[:, None, None]
    confidence = sequence.confidence[0][np.where(weight < 0.5, left, right)].copy()
    confidence[(times < at[0] - MAX_GAP) | (times > at[-1] + MAX_GAP)] = 0.0
    return values, confidence


def random_window(
    sequence: SkeletonSequence,
    seconds: float,
    frames: int,
    augmentation: Augmentation,
    rng: np.random.Generator,
) -> tuple[np.ndarray, np.ndarray]:
    """Joints (T, V, C) and confidence (T, V) of a window of ``seconds`` somewhere in a clip of one person."""
    if rng.random() < augmentation.slow_camera:
        sequence = slower(sequence, rng.uniform(8.0, 20.0), rng.random())
    speed = float(np.exp(rng.uniform(-augmentation.speed, augmentation.speed)))
    span, first, last = seconds * speed, sequence.timestamps[0], sequence.timestamps[-1]
    if rng.random() < augmentation.short:
        piece = rng.uniform(*augmentation.short_seconds)
        if piece < last - first:
            first = rng.uniform(first, last - piece)
            last = first + piece
    elif rng.random() < augmentation.onset:
        return _onset(sequence, span, frames, augmentation, rng)
    duration = last - first
    if duration >= span:
        # Mostly inside the clip, now and then cut off at its start as when a person has just come in.
        end = rng.uniform(first + span * (1.0 if rng.random() < 0.85 else 0.6), last)
    elif rng.random() < 0.75:
        end = last + rng.uniform(0.0, min(0.5, span - duration))
    else:
        end = last - rng.uniform(0.0, 0.25) * duration
    times = window_times(end, span, frames)
    joints, confidence = interpolated(sequence, np.clip(times, first, last))
    confidence[(times < first - MAX_GAP) | (times > last + MAX_GAP)] = 0.0
    return joints, confidence


def _onset(
    sequence: SkeletonSequence,
    span: float,
    frames: int,
    augmentation: Augmentation,
    rng: np.random.Generator,
) -> tuple[np.ndarray, np.ndarray]:
    """A window in which somebody stands as at the clip's start, and does only the last part of it."""
    first, last = sequence.timestamps[0], sequence.timestamps[-1]
    end = min(first + rng.uniform(*augmentation.short_seconds), last)
    return interpolated(sequence, np.clip(window_times(end, span, frames), first, end))
