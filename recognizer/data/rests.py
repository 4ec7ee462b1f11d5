"""Where in a recording somebody acts, and where somebody is at rest."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from pose.skeleton import SkeletonSequence
from recognizer.data.clip import Clip

_REST_SECONDS = 0.35
_LONG_REST = 8.0  # seconds to which such a moment is stretched, there and back
# Where people are at rest at an end of a clip; the sitting ones sit.
_RESTS = {
    ("utd_mhad", ""): ("start", "end"),
    ("nw_ucla", "sit_down"): ("end",),
    ("nw_ucla", "stand_up"): ("start", "end"),
    ("utkinect", "sit_down"): ("end",),
    ("utkinect", "stand_up"): ("start", "end"),
    ("kinder_gator", ""): ("start", "end"),
}
_REST_MOTION = 0.25  # metres a second: hands that move faster are not at rest

_LIMBS = ("head", "left_wrist", "right_wrist", "left_ankle", "right_ankle")
_RATE = 30.0  # frames a second at which motion is looked at
_SMOOTH = 0.3  # seconds over which a speed is taken
_OF_PEAK = 0.3  # part of the fastest motion under which a body is about to begin, or has ended
_MARGIN = 0.25  # seconds left before and after


def rests(clip: Clip) -> Iterator[Clip]:
    """People who stand or sit still: the moments before and after an action, of the sets that have them."""
    for end in _RESTS.get((clip.dataset, clip.action), _RESTS.get((clip.dataset, ""), ())):
        rest = _rest(clip, end)
        if rest is not None:
            yield rest


def acting(sequence: SkeletonSequence) -> SkeletonSequence:
    """The part of a 3-D recording in which its first person does something, with a little before and after.

    Actors wait, come nearer, act, and wait again; a window of the waiting alone is no example of the action.
    Somebody acts from the first to the last moment in which head, hands or feet move, against the hips, at
    least 0.3 times as fast as at their fastest.

    Args:
        sequence: in metres, as NTU-25.
    """
    times = np.arange(sequence.timestamps[0], sequence.timestamps[-1] + 1e-6, 1 / _RATE)
    lag = round(_SMOOTH * _RATE)
    if len(times) <= lag:
        return sequence
    layout = sequence.layout
    joints = sequence.resample(times).joints[0]
    relative = joints[:, [layout.index(name) for name in _LIMBS]] - joints[:, [layout.index("spine_base")]]
    speed = np.linalg.norm(relative[lag:] - relative[:-lag], axis=-1).max(1)
    fast = np.flatnonzero(speed >= _OF_PEAK * speed.max())
    first, last = times[fast[0]] - _MARGIN, times[fast[-1] + lag] + _MARGIN
    keep = (sequence.timestamps >= first) & (sequence.timestamps <= last)
    return replace(
        sequence,
        joints=sequence.joints[:, keep],
        confidence=sequence.confidence[:, keep],
        timestamps=sequence.timestamps[keep],
    )


def _rest(clip: Clip, end: str) -> Clip | None:
    sequence = clip.sequence
    times = sequence.timestamps - sequence.timestamps[0]
    chosen = np.flatnonzero(times <= _REST_SECONDS if end == "start" else times >= times[-1] - _REST_SECONDS)
    if len(chosen) < 4:
        return None
    joints = sequence.joints[0, chosen]
    hands = joints[:, [sequence.layout.index(f"{side}_wrist") for side in ("left", "right")]]
    speed = np.linalg.norm(hands[-1] - hands[0], axis=-1).max() / float(np.ptp(times[chosen]))
    if speed > _REST_MOTION:
        return None
    there_and_back = np.concatenate([chosen, chosen[-2:0:-1]])
    order = np.tile(there_and_back, int(np.ceil(_LONG_REST * 30 / len(there_and_back))))
    times = np.arange(len(order)) / 30.0
    still = SkeletonSequence(sequence.joints[:, order], sequence.confidence[:, order], times, sequence.layout)
    return Clip(f"{clip.name}_rest_{end}", "rest", "idle", clip.subject, clip.split, still, clip.view)
