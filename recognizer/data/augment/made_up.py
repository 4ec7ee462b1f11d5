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
    looks short; the other hand hangs, or rests before the body, where an estimator's guess wanders. In 3-D
    a limb that looks short comes towards the camera by what it lacks in length.

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
    upper, fore = rng.uniform(0.3, 0.6), rng.uniform(0.25 if hangs else 0.4, 0.55)
    for side, name in enumerate(SIDES):
        if side in waving:
            beat = np.sin(2 * np.pi * time / period + rng.uniform(-0.2, 0.2) + (apart if side else 0.0))
            first, second = raised + sway * beat, upright - swing * beat
        elif rests:
            wander = np.interp(time, np.linspace(0.0, seconds, 5), rng.normal(0.0, rng.uniform(2, 25), 5))
            first, second = -rng.uniform(60, 88) + wander / 2, rng.uniform(70, 150) + wander
        else:
            first = second = np.full(len(time), -rng.uniform(70, 88))
        elbow, wrist, *hand = arm(layout, name)
        shoulder = body[:, layout.index(f"{name}_shoulder")]
        result[:, elbow] = shoulder + _limb(name, first, upper, _UPPER, layout) * length
        along = _limb(name, second, fore, _FORE, layout) * length
        result[:, wrist] = result[:, elbow] + along
        for joint in hand:
            size = float(np.median(np.linalg.norm(body[:, joint] - body[:, wrist], axis=-1)))
            result[:, joint] = result[:, wrist] + along * (size / (_FORE * length))
    return result.astype(np.float32)


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
