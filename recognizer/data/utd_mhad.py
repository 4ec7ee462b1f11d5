"""UTD-MHAD (Chen et al. 2015): 27 actions, 8 subjects, 4 trials, one Kinect v1 from the front, 30 fps.

Files ``aA_sS_tT_skeleton.mat`` with ``d_skel`` (20, 3, T) metres. Usual split: odd subjects train.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from recognizer.data.clip import Clip, DataError, list_files
from recognizer.data.files import read_matlab
from recognizer.data.kinect import kinect_sequence

ACTIONS = (
    "swipe_left", "swipe_right", "wave", "clap", "throw", "cross_arms", "basketball_shoot", "draw_x",
    "draw_circle_clockwise", "draw_circle_counter_clockwise", "draw_triangle", "bowling", "boxing",
    "baseball_swing", "tennis_forehand_swing", "arm_curl", "tennis_serve", "push", "knock", "catch",
    "pick_up_and_throw", "jog_in_place", "walk_in_place", "sit_to_stand", "stand_to_sit", "lunge", "squat",
)  # fmt: skip

FPS = 30.0

# Skeleton_joint_order.txt of the data set: unlike every other Kinect list it starts with the head.
JOINT_ORDER = (
    "head", "shoulder_center", "spine", "hip_center",
    "left_shoulder", "left_elbow", "left_wrist", "left_hand",
    "right_shoulder", "right_elbow", "right_wrist", "right_hand",
    "left_hip", "left_knee", "left_ankle", "left_foot",
    "right_hip", "right_knee", "right_ankle", "right_foot",
)  # fmt: skip

_NAME = re.compile(r"a(\d+)_s(\d+)_t(\d+)_skeleton\.mat")


def read_utd_mhad(root: Path) -> Iterator[Clip]:
    """Yields the clips, by action, subject and trial.

    Args:
        root: the folder that holds ``Skeleton/``.

    Raises:
        DataError: no files, or a malformed one.
    """
    return map(read_clip, list_clips(root))


def list_clips(root: Path) -> list[Path]:
    """The clips' files. Raises DataError if there are none."""
    return list_files(Path(root) / "Skeleton", "a*_skeleton.mat")


def read_clip(path: Path) -> Clip:
    """One clip. Raises DataError if its file is malformed."""
    match = _NAME.fullmatch(path.name)
    if not match or not 1 <= int(match[1]) <= len(ACTIONS):
        raise DataError(f"{path}: the name is not aA_sS_tT_skeleton.mat with an action of 1 to 27.")
    action, subject, trial = (int(g) for g in match.groups())
    skeleton = _load(path)
    return Clip(
        name=f"a{action:02d}_s{subject:02d}_t{trial:02d}",
        dataset="utd_mhad",
        action=ACTIONS[action - 1],
        subject=f"s{subject:02d}",
        split="train" if subject % 2 else "test",
        sequence=kinect_sequence(skeleton, np.arange(len(skeleton)) / FPS, path, JOINT_ORDER),
        view="front",
    )


def _load(path: Path) -> np.ndarray:
    """(T, 20, 3) metres."""
    skeleton = read_matlab(path, ("d_skel",)).get("d_skel")
    if skeleton is None or skeleton.ndim != 3 or skeleton.shape[:2] != (20, 3):
        shape = "missing" if skeleton is None else f"of shape {skeleton.shape}"
        raise DataError(f"{path}: d_skel must be (20, 3, frames) and is {shape}.")
    if skeleton.dtype.kind not in "iuf":
        raise DataError(f"{path}: d_skel must be numbers and is {skeleton.dtype}.")
    return skeleton.transpose(2, 0, 1).astype(np.float64)
