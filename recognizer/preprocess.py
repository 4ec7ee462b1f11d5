"""From joints to the array that a network sees: the same code for live windows, training, clips, evaluation.

``placed`` gives the joints the origin that the network wants, ``stacked`` makes streams and channels of them.
"""

from __future__ import annotations

from typing import Annotated, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from pose.layouts import LAYOUTS, SkeletonLayout
from recognizer.streams import Stream, to_stream
from recognizer.upright import centred_and_upright, from_first_frame, within_extent
from recognizer.windows import replayed

MOST_JOINTS = max(len(layout) for layout in LAYOUTS.values())
Joint = Annotated[int, Field(ge=0, lt=MOST_JOINTS)]

COORDINATE_LIMIT = 4.0
"""Torso lengths beyond which a coordinate is an error of the pose estimator, not a body."""

# Shoulder width to torso length of an adult, roughly. When the torso points at the camera (push-up from the
# front) or the hips are unknown, the shoulders still tell how large the person is.
_TORSO_PER_SHOULDER_WIDTH = 1.3

# Where neither is known, say of someone behind a barbell, the limbs tell: their rough share of the torso.
_LIMBS = (
    ("shoulder", "elbow", 0.58),
    ("elbow", "wrist", 0.5),
    ("hip", "knee", 0.84),
    ("knee", "ankle", 0.82),
)


class Preprocessing(BaseModel):
    """How windows become network input; part of the weights' card.

    Attributes:
        streams: of "joint", "bone", "joint_motion" and "bone_motion"; several are joined along the channels,
            so that one network sees what the papers give to several (early fusion).
        min_confidence: joints seen with less are treated as not seen.
        ignored_joints: joints always treated as not seen, because part of the training data lacks them and
            their mere presence would give the data set away.
        origin: where the joints' origin is and what their unit, see ``placed``.
        confidence: a channel tells which joints were seen.
        replay: the time before a person came in is filled by replaying, see ``windows.replayed``.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    streams: tuple[Stream, ...] = Field(("joint",), min_length=1, max_length=4)
    min_confidence: float = Field(0.2, gt=0, le=1, allow_inf_nan=False)
    ignored_joints: tuple[Joint, ...] = Field((), max_length=MOST_JOINTS)
    origin: Literal["torso", "spine", "first", "extent", "picture"] = "torso"
    confidence: bool = True
    replay: bool = False

    @field_validator("streams")
    @classmethod
    def _each_once(cls, streams: tuple[Stream, ...]) -> tuple[Stream, ...]:
        if len(set(streams)) < len(streams):
            raise ValueError("each stream can be named once")
        return streams

    @model_validator(mode="after")
    def _ignore_in_torso_lengths_only(self) -> Preprocessing:
        if self.ignored_joints and self.origin != "torso":
            raise ValueError("ignored_joints goes with origin torso alone")
        return self


def placed(
    bodies: np.ndarray, confidence: np.ndarray, layout: SkeletonLayout, options: Preprocessing
) -> tuple[np.ndarray, np.ndarray]:
    """Joints as networks want them placed, by ``options.origin``.

    - "torso": each person's hips, in torso lengths, see ``normalise``;
    - "spine": as the papers prepare NTU RGB+D, in metres, see ``upright.centred_and_upright``; a layout
      without a spine, such as a hand, as "first";
    - "first": as DSTA-Net prepares NTU RGB+D and SHREC'17, see ``upright.from_first_frame``;
    - "extent": as the published results on NW-UCLA are made, each axis from -1 to 1 over all the frames that
      are given, live over a window, see ``upright.within_extent``;
    - "picture": as the papers prepare Kinetics-Skeleton: the picture's middle, in its width and height, y up.

    Args:
        bodies: (M, T, V, C) pixels (y down) or metres (y up), for "picture" parts of its width and height.
        confidence: (M, T, V).

    Returns:
        (M, T, V, C) float32 and (M, T, V) float32 of 0 and 1: seen or not; for "picture" the confidence.

    Raises:
        ValueError: the layout has no shoulders, and the origin is "torso".
    """
    if options.origin == "torso":
        pairs = [normalise(*person, layout, options) for person in zip(bodies, confidence, strict=True)]
        return np.stack([pair[0] for pair in pairs]), np.stack([pair[1] for pair in pairs])
    if options.origin == "picture":
        centred = (bodies - 0.5) * (1.0, -1.0) * (confidence > 0)[..., None]
        return centred.astype(np.float32), confidence
    sure = confidence >= options.min_confidence
    seen = sure.astype(np.float32)
    if options.origin == "extent":
        return within_extent(bodies, sure), seen
    place = centred_and_upright if options.origin == "spine" and layout.spine else from_first_frame
    return place(bodies, confidence > 0, layout) * seen[..., None], seen


def normalise(
    joints: np.ndarray, confidence: np.ndarray, layout: SkeletonLayout, options: Preprocessing
) -> tuple[np.ndarray, np.ndarray]:
    """Removes place and size of a person.

    The origin is the middle of the hips: of every frame (so that neither camera drift nor walking through the
    room matters), except for the height in 2-D layouts, where it is the median over the window: the rise and
    fall of the hips tells jumps and squats. The unit is the torso's length. Where the hips are not seen with
    enough confidence (of somebody at a desk they are guessed, wrongly), the shoulders and the arms tell the
    unit, and the guess only the direction in which the hips lie. A joint never seen with enough confidence is
    0; one not seen in some frames is interpolated there and marked as not seen.

    Args:
        joints: (T, V, C) pixels (y down) or metres (y up).
        confidence: (T, V).

    Returns:
        (T, V, C) float32 within +-COORDINATE_LIMIT, and (T, V) float32 of 0 and 1: seen or not.

    Raises:
        ValueError: the layout has no shoulders.
    """
    _check_shoulders(layout)
    seen = confidence >= options.min_confidence
    top, top_seen = _mean_joint(joints, confidence > 0, layout.torso_top)
    bottom, bottom_seen = _mean_joint(joints, seen, layout.torso_bottom)
    shoulders = [layout.index(f"{side}_shoulder") for side in ("left", "right")]
    width = np.linalg.norm(joints[:, shoulders[0]] - joints[:, shoulders[1]], axis=-1)
    width = width[(confidence[:, shoulders] > 0).all(1)]
    width = float(np.percentile(width, 90)) if len(width) else 0.0
    torso = np.linalg.norm(top - bottom, axis=-1)[top_seen & bottom_seen]
    scale = max(float(np.percentile(torso, 90)) if len(torso) else 0.0, _TORSO_PER_SHOULDER_WIDTH * width)
    if not len(torso):
        scale = max(scale, _scale_of_limbs(joints, confidence, layout))
    if scale <= 0:
        return np.zeros_like(joints, np.float32), np.zeros_like(confidence, np.float32)

    if not bottom_seen.all():
        # Of someone without hips and shoulders, the joints that are known stand for the torso.
        middle = _mean_joint(joints, confidence > 0, tuple(range(len(layout))))[0]
        below = _hips_below(top, bottom, top_seen, bottom_seen, joints, confidence, scale, layout)
        guess = np.where(top_seen[:, None], top + below, middle)
        bottom = np.where(bottom_seen[:, None], bottom, guess)
    origin = bottom.copy()
    if layout.coordinates == 2:
        origin[:, 1] = np.median(bottom[:, 1])
    result = np.clip((joints - origin[:, None]) / scale, -COORDINATE_LIMIT, COORDINATE_LIMIT)

    if options.ignored_joints:
        seen[:, list(options.ignored_joints)] = False
    result[:, ~seen.any(0)] = 0.0
    for joint in np.flatnonzero(seen.any(0) & ~seen.all(0)):
        _bridge(result[:, joint], seen[:, joint])
    return result.astype(np.float32), seen.astype(np.float32)


def channels(layout: SkeletonLayout, options: Preprocessing) -> int:
    """Channels of the network input: the coordinates of every stream, and perhaps whether it was seen.

    Raises:
        ValueError: these options do not go with the layout.
    """
    if options.origin == "torso":
        _check_shoulders(layout)
    if options.origin == "spine" and layout.coordinates == 2:
        raise ValueError(f"origin spine is in metres, and {layout.name} is in pixels; choose torso")
    last = max(options.ignored_joints, default=0)
    if last >= len(layout):
        raise ValueError(f"there is no joint {last} to ignore in {layout.name}, which has {len(layout)}")
    return len(options.streams) * layout.coordinates + options.confidence


def _check_shoulders(layout: SkeletonLayout) -> None:
    if "left_shoulder" not in layout.joints:
        raise ValueError(
            f"origin torso needs shoulders, and {layout.name} has none; choose spine, which is a hand's wrist"
        )


def stacked(
    normalised: np.ndarray, seen: np.ndarray, layout: SkeletonLayout, options: Preprocessing
) -> np.ndarray:
    """Network input (channels, T, V) float32 from (T, V, C) and (T, V) as ``placed`` returns them."""
    known = seen.max(0) > 0
    parts = [to_stream(normalised, known, layout, stream) for stream in options.streams]
    if options.confidence:
        parts.append(seen[..., None])
    return np.concatenate(parts, -1).transpose(2, 0, 1).astype(np.float32)


def network_input(
    joints: np.ndarray, confidence: np.ndarray, layout: SkeletonLayout, options: Preprocessing
) -> np.ndarray:
    """(T, V, C) joints and (T, V) confidence of one person -> (channels, T, V) float32 network input.

    Raises:
        ValueError: the weights want coordinates relative to the picture, which pixels do not tell.
    """
    if options.replay:
        joints, confidence = replayed(joints, confidence)
    if options.origin == "picture":
        raise ValueError("they want to know the picture's size, which joints alone do not tell")
    values, seen = placed(joints[None], confidence[None], layout, options)
    return stacked(values[0], seen[0], layout, options)


def _scale_of_limbs(joints: np.ndarray, confidence: np.ndarray, layout: SkeletonLayout) -> float:
    """Length of the torso by the longest limb for its kind; 0 where no limb is known."""
    scale = 0.0
    for upper, lower, length in _LIMBS:
        for side in ("left", "right"):
            ends = [layout.index(f"{side}_{joint}") for joint in (upper, lower)]
            known = (confidence[:, ends] > 0).all(1)
            if known.any():
                lengths = np.linalg.norm(joints[known, ends[0]] - joints[known, ends[1]], axis=-1)
                scale = max(scale, float(np.percentile(lengths, 90)) / length)
    return scale


def _bridge(values: np.ndarray, seen: np.ndarray) -> None:
    """Interpolates (T, C) values of one joint in place where it was not seen; before and after it stands."""
    frames = np.arange(len(seen))
    for coordinate in range(values.shape[1]):
        values[~seen, coordinate] = np.interp(frames[~seen], frames[seen], values[seen, coordinate])


def _hips_below(
    top: np.ndarray,
    bottom: np.ndarray,
    top_seen: np.ndarray,
    bottom_seen: np.ndarray,
    joints: np.ndarray,
    confidence: np.ndarray,
    scale: float,
    layout: SkeletonLayout,
) -> np.ndarray:
    """(T, C) or (C,) from the shoulders to the hips, for the frames in which these are not seen.

    As in the frames before and after, where they are seen in some; else as far as the torso is long, in the
    direction of the guess; else straight down.
    """
    both = np.flatnonzero(top_seen & bottom_seen)
    if len(both):
        frames = np.arange(len(top))
        offset = (bottom - top)[both]
        return np.stack([np.interp(frames, both, column) for column in offset.T], -1)
    guess, guessed = _mean_joint(joints, confidence > 0, layout.torso_bottom)
    guessed &= top_seen
    direction = np.median(guess[guessed] - top[guessed], axis=0) if guessed.any() else np.zeros(top.shape[1])
    length = float(np.linalg.norm(direction))
    if length <= 0:
        direction = np.zeros(top.shape[1])
        direction[1], length = (1.0 if layout.coordinates == 2 else -1.0), 1.0
    return direction * (scale / length)


def _mean_joint(
    joints: np.ndarray, seen: np.ndarray, members: tuple[int, ...]
) -> tuple[np.ndarray, np.ndarray]:
    """(T, C) mean of the members that are seen, (T,) bool whether any is."""
    # From the side often only the near hip is known.
    known = (seen[:, list(members)] > 0).astype(joints.dtype)
    mean = (joints[:, list(members)] * known[..., None]).sum(1) / np.maximum(known.sum(1), 1)[:, None]
    return mean, known.any(1)
