"""Arms that nobody recorded: gestures made up from how people do them, on the bodies of real camera clips."""

from __future__ import annotations

import numpy as np

from pose.layouts import SkeletonLayout
from recognizer.data.augment.bodies import SIDES, from_picture, torso
from recognizer.data.augment.sides import arm

_UPPER, _FORE = 0.6, 0.55  # lengths of upper arm and forearm, in torso lengths


def waving_arms(
    body: np.ndarray, seconds: float, layout: SkeletonLayout, rng: np.random.Generator
) -> np.ndarray:
    """A body that waves with one arm or both: the forearm swings about the raised elbow.

    The data sets' waves are few and quick. People also wave slowly, widely and high above the head, so
    periods go from 0.4 to 4.5 s and swings from 15 to 60 degrees. At a desk the upper arm hangs: the hand
    waves beside the shoulder or before the chest, nearer to the camera than the elbow, so that the forearm
    looks short; the other hand hangs, or rests before the body, where an estimator's guess wanders. Some wait
    with the hand at either end, or wave with one hand more than the other. In 3-D a limb that looks short
    comes towards the camera by what it lacks in length.

    Args:
        body: (T, V, C) image coordinates, y down, or metres, y up, of someone who faces the camera.
        seconds: duration of the T frames.
        layout: of a body.
        rng: decides how.

    Returns:
        (T, V, C).
    """
    length = torso(body, layout)
    time = np.linspace(0.0, seconds, len(body))
    period = np.exp(rng.uniform(np.log(0.4), np.log(4.5)))
    result = body.copy()
    both = rng.random() < 0.45
    waving = (0, 1) if both else (int(rng.integers(2)),)
    apart = rng.choice([0.0, np.pi])  # both arms to the same side, or together and apart
    swing, sway = rng.uniform(15, 60), rng.uniform(0, 25)
    hangs = rng.random() < 0.4
    raised = rng.uniform(-88, -45) if hangs else rng.uniform(-45, 70)
    # Two quick hands before the chest would clap.
    upright = rng.uniform(65, 145 if hangs and (not both or period > 1.5) else 110)
    rests = hangs and rng.random() < 0.5
    waits = rng.uniform(1.0, 2.0) if rng.random() < 0.35 else 1.0
    shares = [1.0, rng.uniform(0.0, 1.0) if both and rng.random() < 0.4 else 1.0]
    rng.shuffle(shares)
    upper, fore = rng.uniform(0.3, 0.6), rng.uniform(0.25 if hangs else 0.4, 0.55)
    for side, name in enumerate(SIDES):
        if side in waving:
            beat = np.sin(2 * np.pi * time / period + rng.uniform(-0.2, 0.2) + (apart if side else 0.0))
            beat = np.clip(waits * beat, -1.0, 1.0) * (shares[side] if both else 1.0)
            first, second = raised + sway * beat, upright - swing * beat
        elif rests:
            wander = np.interp(time, np.linspace(0.0, seconds, 5), rng.normal(0.0, rng.uniform(2, 25), 5))
            first, second = -rng.uniform(60, 88) + wander / 2, rng.uniform(70, 150) + wander
        else:
            first = second = np.full(len(time), -rng.uniform(70, 88))
        limbs = _limb(name, first, upper, _UPPER, layout), _limb(name, second, fore, _FORE, layout)
        _put_arm(result, name, *limbs, length, layout)
    return result.astype(np.float32)


def clapping_arms(
    body: np.ndarray, seconds: float, layout: SkeletonLayout, rng: np.random.Generator
) -> np.ndarray:
    """A body that claps: both hands meet before the chest, before the face or over the head, and part again.

    The data sets' claps are before the chest. Over the head, a network that knows no others takes them for
    waves, presses or pull-ups. The hands open by a hand's width, or swing wide to the sides on straight arms;
    periods go from 0.2 s of applause to 2.5 s of an exercise; sometimes one hand claps on the other.

    Args:
        body: (T, V, C) image coordinates, y down, or metres, y up, of someone who faces the camera.
        seconds: duration of the T frames.
        layout: of a body.
        rng: decides how.

    Returns:
        (T, V, C).
    """
    length = torso(body, layout)
    time = np.linspace(0.0, seconds, len(body))
    result = body.copy()
    shoulders = body[:, [layout.index(f"{side}_shoulder") for side in SIDES]]
    half = float(np.median(np.abs(shoulders[:, 0, 0] - shoulders[:, 1, 0]))) / (2 * length)
    wide = rng.random() < 0.45
    above = rng.uniform(0.7, 1.05) if rng.random() < (0.7 if wide else 0.2) else rng.uniform(-0.55, 0.4)
    near = rng.uniform(0.0, 0.25) if above > 0.6 else rng.uniform(0.35, 0.8)
    # From a shoulder: outward, up, towards the camera, in torso lengths.
    closed = np.array([rng.uniform(0.015, 0.12) - half, above, near])
    if wide:
        angle, radius = np.radians(rng.uniform(-30, 60)), rng.uniform(0.9, 1.12)
        apart = np.array([np.cos(angle), np.sin(angle), rng.uniform(0.0, 0.4)]) * radius
    else:
        apart = closed + [rng.uniform(0.12, 0.6), rng.uniform(-0.15, 0.15), rng.uniform(-0.15, 0.05)]
    shortest, longest = (0.6, 2.5) if wide else (0.2, 1.3)
    period = np.exp(rng.uniform(np.log(shortest), np.log(longest)))
    swing = np.abs(np.sin(np.pi * time / period + rng.uniform(0, np.pi))) ** rng.uniform(0.8, 2.0)
    moves = [1.0, 1.0 if wide else rng.choice([1.0, rng.uniform(0.1, 1.0)])]
    rng.shuffle(moves)
    drift = np.interp(time, np.linspace(0.0, seconds, 4), rng.normal(0.0, 0.04, 4))
    lift = rng.uniform(0.2, 1.5)  # of the elbows
    for side, name in enumerate(SIDES):
        hand = _between(closed, apart, swing * moves[side])
        hand[:, 1] += drift
        first, second = _bent(hand, lift)
        _put_arm(result, name, _seen(name, first, layout), _seen(name, second, layout), length, layout)
    return result.astype(np.float32)


def _between(start: np.ndarray, end: np.ndarray, share: np.ndarray) -> np.ndarray:
    """(T, 3) points on the arc about the origin from ``start`` to ``end``, (3,), at ``share`` (T,) of it."""
    near, far = np.linalg.norm(start), np.linalg.norm(end)
    angle = np.arccos(np.clip(start @ end / (near * far), -1.0, 1.0))
    share = share[:, None]
    if angle < 1e-3:
        return start + (end - start) * share
    direction = np.sin((1 - share) * angle) * start / near + np.sin(share * angle) * end / far
    return direction / np.sin(angle) * (near + (far - near) * share)


def _bent(hand: np.ndarray, lift: float) -> tuple[np.ndarray, np.ndarray]:
    """Upper arm and forearm, (T, 3) each, that reach from the shoulder to ``hand``, as far as they are long.

    Args:
        hand: (T, 3) outward, up, towards the camera, in torso lengths.
        lift: how far the elbow is outward, where 1 is as far as it is down.
    """
    far = np.maximum(np.linalg.norm(hand, axis=-1, keepdims=True), 1e-6)
    direction = hand / far
    reach = np.clip(far, abs(_UPPER - _FORE) + 0.02, 0.995 * (_UPPER + _FORE))
    along = (_UPPER**2 - _FORE**2 + reach**2) / (2 * reach)
    pole = np.array([lift, -1.0, -0.2])
    across = pole - (direction @ pole)[:, None] * direction
    across /= np.maximum(np.linalg.norm(across, axis=-1, keepdims=True), 1e-6)
    upper = direction * along + across * np.sqrt(np.maximum(_UPPER**2 - along**2, 0.0))
    return upper, direction * reach - upper


def _seen(side: str, limb: np.ndarray, layout: SkeletonLayout) -> np.ndarray:
    """(T, C) in a layout's axes of (T, 3) outward, up, towards the camera."""
    outward = 1.0 if side == "left" else -1.0  # on the right of a picture
    return (limb * [outward, -1.0, 1.0])[:, : layout.coordinates] * from_picture(layout)


def _limb(side: str, degrees: np.ndarray, looks: float, length: float, layout: SkeletonLayout) -> np.ndarray:
    """(T, C) from a limb's begin to its end, in torso lengths.

    Args:
        side: "left" or "right".
        degrees: (T,) its angle in the picture, 0 outward, 90 up.
        looks: how long it is in the picture.
        length: how long it is.
    """
    radians, outward = np.radians(degrees), 1.0 if side == "left" else -1.0  # on the right of a picture
    towards = np.full(len(radians), np.sqrt(max((length / looks) ** 2 - 1, 0.0)))
    parts = [outward * np.cos(radians), -np.sin(radians), towards][: layout.coordinates]
    return np.stack(parts, -1) * (looks * from_picture(layout))


def _put_arm(
    body: np.ndarray, side: str, upper: np.ndarray, fore: np.ndarray, length: float, layout: SkeletonLayout
) -> None:
    """Gives a body another arm, in place; the hand goes on along the forearm, as far as before.

    Args:
        body: (T, V, C).
        side: "left" or "right".
        upper, fore: (T, C), in torso lengths.
        length: of the torso.
        layout: of the body.
    """
    elbow, wrist, *hand = arm(layout, side)
    sizes = [float(np.median(np.linalg.norm(body[:, joint] - body[:, wrist], axis=-1))) for joint in hand]
    body[:, elbow] = body[:, layout.index(f"{side}_shoulder")] + upper * length
    body[:, wrist] = body[:, elbow] + fore * length
    for joint, size in zip(hand, sizes, strict=True):
        body[:, joint] = body[:, wrist] + fore * (size / _FORE)
