"""SHREC'17 hand gestures (De Smedt et al. 2017).

Files ``gesture_G/finger_F/subject_S/essai_E/skeletons_world.txt``. 14 gestures done with one finger or the
whole hand: 14 or 28 classes. The official split is in ``train_gestures.txt`` and ``test_gestures.txt``, rows
of ``gesture finger subject essai label14 label28 length``.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from pose.layouts import SHREC_22
from recognizer.data.clip import METRES, DataError, check_numbers
from recognizer.data.files import read_table

FPS = 30.0
GESTURES = (
    "grab", "tap", "expand", "pinch", "rotation_clockwise", "rotation_counter_clockwise", "swipe_right",
    "swipe_left", "swipe_up", "swipe_down", "swipe_x", "swipe_plus", "swipe_v", "shake",
)  # fmt: skip
FINGERS = ("one_finger", "whole_hand")
TASKS = {"14": GESTURES, "28": tuple(f"{gesture}_{finger}" for gesture in GESTURES for finger in FINGERS)}

_MOST_FIELD = 1e6

LISTS = {"train": "train_gestures.txt", "test": "test_gestures.txt"}


def read_lists(root: Path) -> dict[Path, tuple[str, int, int]]:
    """Part, 14-class and 28-class index (from 0) of every clip of the official lists.

    Raises:
        DataError: a list is missing or malformed.
    """
    found = {}
    for part, name in LISTS.items():
        path = root / name
        if not path.is_file():
            raise DataError(f"{path} does not exist: it holds the official split of SHREC'17.")
        table = read_table(path, 7)
        if not (np.abs(table) < _MOST_FIELD).all() or (table != table.astype(int)).any():
            raise DataError(f"{path}: holds something that is no whole number of a list.")
        for gesture, finger, subject, trial, of14, of28, _ in table.astype(int):
            if not (1 <= of14 <= len(TASKS["14"]) and 1 <= of28 <= len(TASKS["28"])):
                raise DataError(f"{path}: there is no class {of14} of 14 or {of28} of 28.")
            clip = root / f"gesture_{gesture}" / f"finger_{finger}" / f"subject_{subject}" / f"essai_{trial}"
            found[clip / "skeletons_world.txt"] = (part, of14 - 1, of28 - 1)
    return found


def read_clip(path: Path) -> np.ndarray:
    """(T, 22, 3) float32 metres.

    Raises:
        DataError: the file is missing or malformed.
    """
    if not path.is_file():
        raise DataError(f"{path} does not exist.")
    joints = read_table(path, 3 * len(SHREC_22)).reshape(-1, len(SHREC_22), 3)
    check_numbers(joints, METRES, path)
    return joints.astype(np.float32)
