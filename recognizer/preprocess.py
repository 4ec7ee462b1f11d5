"""From a window of joints to the array that a network sees: the same code in training and in live use."""

from __future__ import annotations

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from pose.layouts import SkeletonLayout
from recognizer.streams import Stream, to_stream

COORDINATE_LIMIT = 4.0
"""Torso lengths beyond which a coordinate is an error of the pose estimator, not a body."""

# Shoulder width to torso length of an adult, roughly. When the torso points at the camera (push-up from the
# front) or the hips are unknown, the shoulders still tell how large the person is.
_TORSO_PER_SHOULDER_WIDTH = 1.3


class Preprocessing(BaseModel):
    """How windows become network input; part of the weights' card.

    Attributes:
        stream: "joint", "bone", "joint_motion" or "bone_motion".
        min_confidence: joints seen with less are treated as not seen.
        ignored_joints: joints always treated as not seen, because part of the training data lacks them and
            their mere presence would give the data set away.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    stream: Stream = "joint"
    min_confidence: float = Field(0.2, gt=0, le=1)
    ignored_joints: tuple[int, ...] = ()


def normalise(
    joints: np.ndarray, confidence: np.ndarray, layout: SkeletonLayout, options: Preprocessing
) -> tuple[np.ndarray, np.ndarray]:
    """Removes place and size of a person.

    The origin is the middle of the hips: of every frame (so that neither camera drift nor walking through the
    room matters), except for the height in 2-D layouts, where it is the median over the window: the rise and
    fall of the hips tells jumps and squats. The unit is the torso's length. Joints of too low a confidence,
    or never seen, are 0; one lost in a gap keeps its last place and is marked as not seen.

    Args:
        joints: (T, V, C) pixels (y down) or metres (y up).
        confidence: (T, V).

    Returns:
        (T, V, C) float32 within +-COORDINATE_LIMIT, and (T, V) float32 of 0 and 1: seen or not.
    """
    seen = confidence >= options.min_confidence
    top, top_seen = _mean_joint(joints, confidence, layout.torso_top)
    bottom, bottom_seen = _mean_joint(joints, confidence, layout.torso_bottom)
    shoulders = [layout.index(f"{side}_shoulder") for side in ("left", "right")]
    width = np.linalg.norm(joints[:, shoulders[0]] - joints[:, shoulders[1]], axis=-1)
    width = width[(confidence[:, shoulders] > 0).all(1)]
    width = float(np.percentile(width, 90)) if len(width) else 0.0
    torso = np.linalg.norm(top - bottom, axis=-1)[top_seen & bottom_seen]
    scale = max(float(np.percentile(torso, 90)) if len(torso) else 0.0, _TORSO_PER_SHOULDER_WIDTH * width)
    if scale <= 0:
        return np.zeros_like(joints, np.float32), np.zeros_like(confidence, np.float32)

    if not bottom_seen.all():
        below = np.zeros(joints.shape[-1], np.float32)
        below[1] = scale if layout.coordinates == 2 else -scale
        bottom = np.where(bottom_seen[:, None], bottom, top + below)
    origin = bottom.copy()
    if layout.coordinates == 2:
        origin[:, 1] = np.median(bottom[:, 1])
    result = np.clip((joints - origin[:, None]) / scale, -COORDINATE_LIMIT, COORDINATE_LIMIT)

    known = confidence.max(0) > 0  # a joint outlasting a gap keeps its last position, marked as not seen
    low = ~seen & (confidence > 0)
    drop = low | ~known[None]
    if options.ignored_joints:
        drop[:, list(options.ignored_joints)] = True
        seen = seen.copy()
        seen[:, list(options.ignored_joints)] = False
    result[drop] = 0.0
    return result.astype(np.float32), seen.astype(np.float32)


def network_input(
    joints: np.ndarray, confidence: np.ndarray, layout: SkeletonLayout, options: Preprocessing
) -> np.ndarray:
    """(T, V, C) joints and (T, V) confidence of one person -> (C + 1, T, V) float32 network input.

    The last channel says whether the joint was seen.
    """
    normalised, seen = normalise(joints, confidence, layout, options)
    values = to_stream(normalised, layout, options.stream)
    return np.concatenate([values, seen[..., None]], -1).transpose(2, 0, 1)


def _mean_joint(
    joints: np.ndarray, confidence: np.ndarray, members: tuple[int, ...]
) -> tuple[np.ndarray, np.ndarray]:
    # Even a guess of low confidence serves as origin: hips below the picture's edge are guessed well.
    return joints[:, list(members)].mean(1), (confidence[:, list(members)] > 0).all(1)
