"""MSR-Action3D (Li et al. 2010) in real-world coordinates: 20 actions, 10 subjects, 3 trials, 15 fps.

Files ``aAA_sSS_eEE_skeleton3D.txt``: 20 lines a frame of x y z confidence (metres). Usual split: odd
subjects train. The files' own confidence is not used: it is 0 for the joints that the tracker derives from
others (spine, centres, feet) although their positions are good. Frames in which nobody was tracked are zeros
and get confidence 0; in a13_s09_e02 these are all frames. ``files_used_in_cvpr12_paper.txt`` beside the clips
lists the 557 that the authors used; all 567 are read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from recognizer.data.clip import Clip, DataError, list_files
from recognizer.data.files import read_table
from recognizer.data.kinect import kinect_sequence

ACTIONS = (
    "high_arm_wave", "horizontal_arm_wave", "hammer", "hand_catch", "forward_punch", "high_throw", "draw_x",
    "draw_tick", "draw_circle", "hand_clap", "two_hand_wave", "side_boxing", "bend", "forward_kick",
    "side_kick", "jogging", "tennis_swing", "tennis_serve", "golf_swing", "pick_up_and_throw",
)  # fmt: skip

FPS = 15.0

JOINT_ORDER = (
    "left_shoulder", "right_shoulder", "shoulder_center", "spine", "left_hip", "right_hip", "hip_center",
    "left_elbow", "right_elbow", "left_wrist", "right_wrist", "left_hand", "right_hand",
    "left_knee", "right_knee", "left_ankle", "right_ankle", "left_foot", "right_foot", "head",
)  # fmt: skip

_NAME = re.compile(r"(a(\d\d)_s(\d\d)_e\d\d)_skeleton3D\.txt")


def read_msr_action3d(root: Path) -> Iterator[Clip]:
    """Yields the clips, by file name.

    Args:
        root: the folder that holds ``real_world_coordinates/``.

    Raises:
        DataError: no files, or a malformed one.
    """
    for path in list_files(Path(root) / "real_world_coordinates", "a*_skeleton3D.txt"):
        match = _NAME.fullmatch(path.name)
        if not match or not 1 <= int(match[2]) <= len(ACTIONS):
            raise DataError(f"{path}: the name is not aAA_sSS_eEE_skeleton3D.txt with an action of 1 to 20.")
        table = read_table(path, columns=4)
        if len(table) % 20:
            raise DataError(f"{path}: has {len(table)} lines, which is no multiple of 20 joints; cut short?")
        skeleton = table.reshape(-1, 20, 4)[..., :3]
        yield Clip(
            name=match[1],
            dataset="msr_action3d",
            action=ACTIONS[int(match[2]) - 1],
            subject=f"s{match[3]}",
            split="train" if int(match[3]) % 2 else "test",
            sequence=kinect_sequence(skeleton, np.arange(len(skeleton)) / FPS, path, JOINT_ORDER),
            view="front",
        )
