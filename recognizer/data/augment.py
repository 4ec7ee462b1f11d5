"""Random windows for training: what makes a lab recording look like somebody at a camera.

The measures and their reasons: live input has other cameras (random views), other bodies and speeds, noise,
missing legs, hand-held pictures; actions are done with either arm or both.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import numpy as np
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from pose.layouts import SkeletonLayout
from pose.skeleton import MAX_GAP, SkeletonSequence
from recognizer.data.bodies import waving_arms, with_arms_of
from recognizer.data.corpus import Example
from recognizer.data.desk import NEAR, desk_view, seated_view
from recognizer.data.views import project_to_kinetics18, rotate_about, rotation, slower
from recognizer.fields import Degrees, Fraction, WindowSeconds
from recognizer.preprocess import Preprocessing, placed, stacked
from recognizer.vocabulary import ARMS_ONLY, MIRRORED, NOT_MIRRORED
from recognizer.windows import replayed, window_times

_ARM = ("elbow", "wrist", "hand", "hand_tip", "thumb")
_FEET = ("left_ankle", "left_foot", "right_ankle", "right_foot")
_LOWER_LEGS = ("left_knee", "right_knee", *_FEET)
_BELOW_CHEST = ("left_hip", "right_hip", "spine_base", *_LOWER_LEGS)
_HANDS = tuple(
    f"{side}_{joint}" for side in ("left", "right") for joint in ("wrist", "hand", "hand_tip", "thumb")
)


def _ascending(limits: tuple[float, float]) -> tuple[float, float]:
    if limits[0] > limits[1]:
        raise ValueError("the first of two limits must not be above the second")
    return limits


_FREQUENT_ELEVATION = 4.0

Strength = Annotated[float, Field(ge=0, le=3, allow_inf_nan=False)]
Seconds = Annotated[tuple[WindowSeconds, WindowSeconds], AfterValidator(_ascending)]
Elevation = tuple[
    Annotated[float, Field(ge=-90, le=_FREQUENT_ELEVATION, allow_inf_nan=False)],
    Annotated[float, Field(gt=_FREQUENT_ELEVATION, le=90, allow_inf_nan=False)],
]
Metres = Annotated[float, Field(gt=0, le=100, allow_inf_nan=False)]
Distance = Annotated[tuple[Metres, Metres], AfterValidator(_ascending)]


class Augmentation(BaseModel):
    """Strength of each measure; probabilities are per window, lengths in torso lengths, angles in degrees."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    speed: Strength = 0.4  # log-uniform: times e^-0.4 .. e^0.4; gym exercises are slow
    slow_camera: Fraction = 0.3  # share seen at only 8 to 20 frames a second
    short: Fraction = 0.2  # share of which only a piece is seen, as of somebody who has just come in
    short_seconds: Seconds = (0.7, 2.0)
    onset: Fraction = 0.0  # share of pieces before which somebody stood still, as when an action begins
    mirror: Fraction = 0.5
    frontal_views: Fraction = 0.35  # share of 3-D clips seen from nearly the front
    azimuth: Degrees = 70.0
    any_azimuth: Fraction = 0.08  # share seen from anywhere, also from behind
    elevation: Elevation = (-15.0, 35.0)
    roll: Degrees = 6.0
    distance: Distance = (1.8, 6.0)  # metres
    real_body: Fraction = 0.45  # share of lab gestures put on the body of a real camera clip
    made_up_wave: Fraction = 0.5  # share of the waves on such bodies that are generated (data.bodies)
    other_arm: Fraction = 0.35  # share of waves with both arms and of curls with one
    stretch: Strength = 0.12  # width against height
    zoom_drift: Strength = 0.15
    height_drift: Strength = 0.3
    noise: Strength = 0.02
    slow_noise: Strength = 0.03
    drop_legs: Fraction = 0.15
    desk: Fraction = 0.35  # share of what the arms tell that a webcam on a desk sees (data.desk)
    close_up: Fraction = 0.12  # of the other actions: only the upper body, hands perhaps below the edge
    hide_seen: Fraction = 0.2  # do not tell which joints were seen
    drop_arm: Fraction = 0.05
    drop_joint: Fraction = 0.02


def training_window(
    example: Example,
    layout: SkeletonLayout,
    labels: tuple[str, ...],
    seconds: float,
    frames: int,
    preprocessing: Preprocessing,
    augmentation: Augmentation,
    rng: np.random.Generator,
    bodies: Sequence[Example] = (),
) -> tuple[np.ndarray, tuple[int, ...]]:
    """One random window of a clip as network input (channels, T, V), with its targets (mirrored if it was).

    ``bodies`` are clips that may lend their body to a 3-D gesture (``data.bodies``), for Kinetics-18.

    Raises:
        ValueError: origin picture, see ``preprocess.network_input``.
    """
    if preprocessing.origin == "picture":
        raise ValueError("windows are random views, which have no picture to be placed in")

    def random_window(sequence: SkeletonSequence) -> tuple[np.ndarray, np.ndarray]:
        window = _random_window(sequence, seconds, frames, augmentation, rng)
        return replayed(*window) if preprocessing.replay else window

    joints, confidence = random_window(example.clip.sequence)
    names = [labels[index] for index in example.targets]
    source = example.clip.sequence.layout
    spatial = source.coordinates == 3
    if spatial and rng.random() < augmentation.other_arm:
        joints = _other_arm(joints, names, source, rng)
    targets = example.targets
    if rng.random() < augmentation.mirror and not NOT_MIRRORED.intersection(names):
        joints, confidence = mirrored(joints, confidence, source)
        targets = tuple(labels.index(MIRRORED.get(name, name)) for name in names)
    upper = ARMS_ONLY.issuperset(names)  # so are actions that nobody named, whatever they are
    desk = upper and layout.coordinates == 2 and rng.random() < augmentation.desk
    if spatial and layout.coordinates == 3:
        centre = joints[:, list(source.torso_bottom)].mean(1, keepdims=True).mean(0)
        joints = rotate_about(joints, _random_view(augmentation, rng), centre)
    elif spatial:
        lend = bodies and names and upper and rng.random() < augmentation.real_body
        distance = rng.uniform(*(NEAR if desk else augmentation.distance))
        if lend:
            view = _frontal_view(augmentation, rng)
        else:
            view = desk_view(rng) if desk else _random_view(augmentation, rng)
        joints, confidence = project_to_kinetics18(joints, confidence, view, distance)
        if lend:
            body = bodies[int(rng.integers(len(bodies)))].clip.sequence
            window = random_window(body)
            if rng.random() < augmentation.mirror:
                window = mirrored(*window, body.layout)
            if names == ["wave"] and rng.random() < augmentation.made_up_wave:
                joints, confidence = waving_arms(window[0], seconds, rng), np.ones_like(window[1])
            else:
                joints, confidence = with_arms_of(*window, joints, confidence)
    elif layout.coordinates == 2:
        joints = _tilted(joints, np.radians(rng.uniform(-augmentation.roll, augmentation.roll)))
    if layout.coordinates == 2:
        joints = _moving_camera(joints, confidence > 0, augmentation, rng)
    if desk:
        joints, confidence = seated_view(joints, confidence, rng)
    values, seen = (each[0] for each in placed(joints[None], confidence[None], layout, preprocessing))
    in_torsos = preprocessing.origin == "torso"
    values = _noisy(values, 1.0 if in_torsos else _torso(values, seen, layout), augmentation, rng)
    seen = _dropped(seen, names, layout, augmentation, rng)
    # Of other origins a joint is 0 wherever it was not seen, not only where it never was.
    values *= (seen.max(0, keepdims=True) > 0 if in_torsos else seen > 0)[..., None]
    array = stacked(values, seen, layout, preprocessing)
    if rng.random() < augmentation.hide_seen and preprocessing.confidence:
        array[-1] = 1
        array[-1][:, list(preprocessing.ignored_joints)] = 0
    return array, targets


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


def mirrored(
    joints: np.ndarray, confidence: np.ndarray, layout: SkeletonLayout
) -> tuple[np.ndarray, np.ndarray]:
    """Left and right exchanged: x negated and the joints of both sides swapped. (T, V, C), (T, V)."""
    order = list(layout.mirror)
    flipped = joints[:, order].copy()
    flipped[..., 0] *= -1
    return flipped, confidence[:, order]


def _random_window(sequence, seconds, frames, augmentation, rng):
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


def _onset(sequence, span, frames, augmentation, rng):
    """A window in which somebody stands as at the clip's start, and does only the last part of it."""
    first, last = sequence.timestamps[0], sequence.timestamps[-1]
    end = min(first + rng.uniform(*augmentation.short_seconds), last)
    return interpolated(sequence, np.clip(window_times(end, span, frames), first, end))


def _random_view(augmentation: Augmentation, rng: np.random.Generator) -> np.ndarray:
    kind = rng.random()
    if kind < augmentation.frontal_views:
        azimuth = rng.normal(0.0, 12.0)
    elif kind < augmentation.frontal_views + augmentation.any_azimuth:
        azimuth = rng.uniform(-180.0, 180.0)
    else:
        azimuth = rng.uniform(-augmentation.azimuth, augmentation.azimuth)
    elevation = rng.triangular(augmentation.elevation[0], _FREQUENT_ELEVATION, augmentation.elevation[1])
    roll = rng.uniform(-augmentation.roll, augmentation.roll)
    return rotation(*np.radians([azimuth, elevation, roll]))


def _frontal_view(augmentation: Augmentation, rng: np.random.Generator) -> np.ndarray:
    roll = rng.uniform(-augmentation.roll, augmentation.roll)
    return rotation(*np.radians([rng.normal(0.0, 15.0), rng.uniform(-10.0, 15.0), roll]))


def _other_arm(
    joints: np.ndarray, names: list[str], layout: SkeletonLayout, rng: np.random.Generator
) -> np.ndarray:
    """A wave with both arms from one with the right, a curl with one arm from one with both. (T, V, 3)."""

    def arm_of(side: str) -> list[int]:
        return [layout.index(f"{side}_{joint}") for joint in _ARM if f"{side}_{joint}" in layout.joints]

    if names == ["wave"]:
        # Mirror the higher arm onto the other across the body's own sagittal plane.
        wrists = [joints[:, layout.index(f"{side}_wrist"), 1].mean() for side in ("left", "right")]
        source, target = ("left", "right") if wrists[0] > wrists[1] else ("right", "left")
        a, b = (joints[:, layout.index(f"{side}_shoulder")] for side in (source, target))
        across = (b - a) / np.maximum(np.linalg.norm(b - a, axis=-1, keepdims=True), 1e-6)
        arm = joints[:, arm_of(source)] - a[:, None]
        arm = arm - 2 * (arm * across[:, None]).sum(-1, keepdims=True) * across[:, None]
    elif names == ["arm_curl"]:
        target = ("left", "right")[int(rng.integers(2))]
        b = joints[:, layout.index(f"{target}_shoulder")]
        lowest = int(joints[:, layout.index(f"{target}_wrist"), 1].argmin())
        arm = np.repeat((joints[lowest, arm_of(target)] - b[lowest])[None], len(joints), 0)
    else:
        return joints
    result = joints.copy()
    result[:, arm_of(target)] = b[:, None] + arm
    return result


def _tilted(joints: np.ndarray, angle: float) -> np.ndarray:
    c, s = np.cos(angle), np.sin(angle)
    return joints @ np.array([[c, s], [-s, c]], np.float32)


def _moving_camera(
    joints: np.ndarray, seen: np.ndarray, augmentation: Augmentation, rng: np.random.Generator
) -> np.ndarray:
    """Zoom and height that change slowly over the window, and pixels that are not square. (T, V, 2)."""
    time = np.linspace(-1.0, 1.0, len(joints), dtype=np.float32)[:, None, None]
    body = joints[seen] if seen.any() else joints.reshape(-1, 2)
    centre, size = body.mean(0), np.ptp(body, axis=0).max()
    result = (joints - centre) * np.exp(rng.uniform(-1, 1) * augmentation.zoom_drift * time)
    result = result * np.array([np.exp(rng.uniform(-1, 1) * augmentation.stretch), 1.0], np.float32)
    if rng.random() < 0.4:
        result[..., 1:] += rng.normal() * augmentation.height_drift * 0.4 * size * time / 2
    return result.astype(np.float32)


def _torso(values: np.ndarray, seen: np.ndarray, layout: SkeletonLayout) -> float:
    """Median length of the torso of (T, V, C) joints; 0 where it is never (T, V) seen whole."""
    top, bottom = list(layout.torso_top), list(layout.torso_bottom)
    whole = seen[:, top + bottom].all(1)
    lengths = np.linalg.norm(values[whole][:, top].mean(1) - values[whole][:, bottom].mean(1), axis=-1)
    return float(np.median(lengths)) if whole.any() else 0.0


def _noisy(
    values: np.ndarray, torso: float, augmentation: Augmentation, rng: np.random.Generator
) -> np.ndarray:
    """Jitter from frame to frame and an error that stays, as pose estimators have. (T, V, C)."""
    frames, joints, coordinates = values.shape
    level = augmentation.noise * torso * rng.random()
    noise = rng.normal(0.0, level, values.shape)
    slow = augmentation.slow_noise * torso * rng.random()
    knots = rng.normal(0.0, slow, (4, joints, coordinates))
    at = np.linspace(0, 3, frames)
    low = np.minimum(at.astype(int), 2)
    part = (at - low)[:, None, None]
    return values + noise + knots[low] * (1 - part) + knots[low + 1] * part


def _dropped(
    seen: np.ndarray,
    names: list[str],
    layout: SkeletonLayout,
    augmentation: Augmentation,
    rng: np.random.Generator,
) -> np.ndarray:
    """Joints out of the picture: lower legs, all below the chest, an arm, single ones. (T, V) of 0 and 1."""
    seen = seen.copy()
    lost: list[str] = []
    if rng.random() < augmentation.drop_legs:
        lost += _LOWER_LEGS if rng.random() < 0.7 else _FEET
    # A gesture without its hands is none, and has its own close view.
    if not ARMS_ONLY.issuperset(names) and rng.random() < augmentation.close_up:
        lost += _BELOW_CHEST
        if rng.random() < 0.5:
            lost += _HANDS
            if rng.random() < 0.5:
                lost += ("left_elbow", "right_elbow")
    if rng.random() < augmentation.drop_arm:
        side = ("left", "right")[int(rng.integers(2))]
        lost += (f"{side}_elbow", f"{side}_wrist")
    seen[:, [layout.index(name) for name in lost if name in layout.joints]] = 0
    seen[:, rng.random(seen.shape[1]) < augmentation.drop_joint] = 0
    return seen
