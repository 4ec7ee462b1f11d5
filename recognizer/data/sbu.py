"""SBU Kinect Interaction (Yun et al. 2012): 8 actions of two people from the side, one Kinect v1, 15 fps.

Files ``sXXsYY/<action 01 to 08>/<number>/skeleton_pos.txt``: a line a frame with the frame's number and 15
joints x, y, z of either person, x and y as parts of the picture. The authors' formula gives millimetres. It
is right: bones are of a person's size (thigh 0.43 m, lower leg 0.41, upper arm and forearm 0.28, shoulders
0.30, ankle to the middle of the head 1.3 to 1.6) and keep their length while people move (thigh to 1 % within
a clip, arms to 4 %). The frame is ``kinect``'s, and nobody is mirrored: 37 of 40 kicks are with the right
foot, 35 of 38 punches and 33 of 36 handshakes with the right hand.

Who is who: sXX stands on the right in the picture, sYY on the left, in whatever order the file has them. The
sizes of the bodies agree best with that over all pairs; s07s03 alone is the other way round. People are well
told apart in most pairs, but hardly in those of s01 and s07, s02 and s07, s03 and s06, who are of one size.

Who acts: the two take turns, mostly in two clips a pair and action. ``acting`` chooses by motion, and in all
pairs with two clips of an action (19 of approach, 20 depart, 15 kick, 18 push, 16 punch) it chooses either
person once. In an exchange both reach out alike, and no rule did so; both act there, as in a handshake or a
hug.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pose.layouts import NTU_25
from pose.skeleton import SkeletonSequence
from recognizer.data.clip import METRES, Clip, DataError, check_numbers, check_times, list_files
from recognizer.data.files import read_table
from recognizer.data.kinect import KINECT_20, kinect_sequence, ntu25_from_kinect20

ACTIONS = ("approach", "depart", "kick", "push", "shake_hands", "hug", "exchange", "punch")
BOTH_ACT = frozenset({"shake_hands", "hug", "exchange"})

FPS = 15.0

JOINTS = (
    "head", "neck", "torso",
    "left_shoulder", "left_elbow", "left_hand", "right_shoulder", "right_elbow", "right_hand",
    "left_hip", "left_knee", "left_foot", "right_hip", "right_knee", "right_foot",
)  # fmt: skip

FOLDS = (
    frozenset({"s01s02", "s03s04", "s05s02", "s06s04"}),
    frozenset({"s02s03", "s02s07", "s03s05", "s05s03"}),
    frozenset({"s01s03", "s01s07", "s07s01", "s07s03"}),
    frozenset({"s02s01", "s02s06", "s03s02", "s03s06"}),
    frozenset({"s04s02", "s04s03", "s04s06", "s06s02", "s06s03"}),
)
"""The authors' five-fold protocol: each in turn tests. The same people are in all of them."""

TEST_PEOPLE = frozenset({"s01", "s07"})
"""Of all choices of two people who met this one leaves out the fewest pairs: 28 clips show these two, 181 two
others, 73 one of them. Clips of one person are divided by who is in them, and none is left out."""

# Where sXX stands on the left.
_LEFT_FIRST = frozenset({"s07s03"})

# The tracker's neck lies in the middle between the shoulders, its hand at the wrist, its foot at the ankle.
_STAND_INS = {
    "spine": "torso",
    "shoulder_center": "neck",
    "left_wrist": "left_hand",
    "right_wrist": "right_hand",
    "left_ankle": "left_foot",
    "right_ankle": "right_foot",
}

_PLACE = re.compile(r"(s\d\d)(s\d\d)/0([1-8])/(\d{3})")


@dataclass(frozen=True)
class Pair:
    """Two people in one clip.

    Attributes:
        name: such as "s01s02_03_001".
        folder: of the pair, such as "s01s02".
        people: who they are, in the file's order.
        action: one of ``ACTIONS``.
        times: (T,) seconds from 0.
        joints: (2, T, 20, 3) metres, as ``kinect.KINECT_20``.
    """

    name: str
    folder: str
    people: tuple[str, str]
    action: str
    times: np.ndarray
    joints: np.ndarray


def read_sbu(root: Path) -> Iterator[Clip]:
    """Yields clips of one person, by pair, action and number: who acts, or both one after the other.

    Args:
        root: the folder that holds ``s01s02/`` and the other pairs.

    Raises:
        DataError: no files, or a malformed one.
    """
    for path in list_clips(root):
        yield from read_clips(path)


def list_clips(root: Path) -> list[Path]:
    """The clips' files. Raises DataError if there are none."""
    return list_files(Path(root), "s*s*/*/*/skeleton_pos.txt")


def read_clips(path: Path) -> list[Clip]:
    """The clips of one person in a file: one, or two where both act. Raises DataError if it is malformed."""
    pair = read_pair(path)
    first = acting(pair)
    return [
        Clip(
            name=f"{pair.name}_{'ab'[person]}",
            dataset="sbu",
            action=pair.action,
            subject=pair.people[person],
            split="test" if pair.people[person] in TEST_PEOPLE else "train",
            sequence=kinect_sequence(pair.joints[person], pair.times, path),
            view="side",
        )
        for person in ((0, 1) if pair.action in BOTH_ACT else (first,))
    ]


def read_pair(path: Path) -> Pair:
    """Both people of a clip. Raises DataError if its file is malformed."""
    match = _PLACE.fullmatch("/".join(path.parts[-4:-1]))
    if not match:
        raise DataError(f"{path}: does not lie in sXXsYY/<action 01 to 08>/<number of three digits>.")
    xx, yy, action, number = match.groups()
    table = read_table(path, 1 + 2 * 3 * len(JOINTS), ",")
    times = (table[:, 0] - table[:1, 0]) / FPS
    joints = _metres(table[:, 1:].reshape(-1, 2, len(JOINTS), 3)).swapaxes(0, 1)
    check_numbers(joints, METRES, path)
    check_times(times, path)
    # x grows to the left in the picture.
    first_is_right = joints[0, ..., 0].mean() < joints[1, ..., 0].mean()
    people = (xx, yy) if first_is_right != (xx + yy in _LEFT_FIRST) else (yy, xx)
    order = [JOINTS.index(_STAND_INS.get(name, name)) for name in KINECT_20[1:]]
    hips = joints[:, :, [JOINTS.index("left_hip"), JOINTS.index("right_hip")]].mean(2, keepdims=True)
    return Pair(
        name=f"{xx}{yy}_0{action}_{number}",
        folder=xx + yy,
        people=people,
        action=ACTIONS[int(action) - 1],
        times=times,
        joints=np.concatenate([hips, joints[:, :, order]], 2),
    )


def pair_sequence(pair: Pair) -> SkeletonSequence:
    """Both people as one NTU-25 sequence (M = 2), for networks of pairs."""
    joints, confidence = ntu25_from_kinect20(pair.joints, np.ones(pair.joints.shape[:-1]))
    return SkeletonSequence(joints, confidence, pair.times, NTU_25)


def acting(pair: Pair) -> int:
    """Whose action it is, 0 or 1; who does more of it where both act.

    In an approach whose hips come further towards the other, in a departure further away. Else three lengths
    count: a limb (in a kick the rise of a foot above its usual height, otherwise how far a hand reaches out
    towards the other), how much nearer the hips come, as who is hit steps back, and how little the neck falls
    behind the hips, as who is hit leans back.
    """
    hips = pair.joints[:, :, KINECT_20.index("hip_center")]
    towards = (hips[::-1] - hips) * [1, 0, 1]
    towards /= np.maximum(np.linalg.norm(towards, axis=-1, keepdims=True), 1e-9)
    nearer = ((hips[:, -1] - hips[:, 0]) * towards[:, 0]).sum(-1)
    if pair.action == "approach":
        return int(nearer.argmax())
    if pair.action == "depart":
        return int(nearer.argmin())
    if pair.action == "kick":
        heights = (pair.joints[:, :, _both("ankle")] - hips[:, :, None])[..., 1]
        limb = (heights.max(1) - np.median(heights, 1)).max(-1)
    else:
        reaches = pair.joints[:, :, _both("wrist")] - hips[:, :, None]
        limb = (reaches * towards[:, :, None]).sum(-1).max((1, 2))
    leaning = ((pair.joints[:, :, KINECT_20.index("shoulder_center")] - hips) * towards).sum(-1).min(1)
    return int((limb + nearer + leaning).argmax())


def _both(joint: str) -> list[int]:
    return [KINECT_20.index(f"{side}_{joint}") for side in ("left", "right")]


def _metres(parts: np.ndarray) -> np.ndarray:
    """(..., 3) parts of the picture as metres, by the formula in the data set's description."""
    return (np.array([1280, 960, 0]) - np.array([2560, 1920, -1280]) * parts) / 1000
