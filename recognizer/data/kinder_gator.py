"""Kinder-Gator (Aloba et al. 2018): 58 motions, 10 adults and 10 children of 5 to 9, one Kinect v1, 30 fps.

Files ``Adults/POSE-p<person>_<number>-<Motion>-<time>.csv`` and ``Children/...``: a header, then a line a
frame with the time in milliseconds, 20 joints x, y, z in metres, the person and the motion. Each clip lasts
2 to 17 seconds and begins and ends at rest. The numbers of the motions differ from person to person, so that
the motion's text decides. The times are real and not quite even: 29.9 to 30.3 frames a second, at times two
frames at one instant.

The authors give no split. Here three adults and three children test, two of each validate, the rest trains.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from recognizer.data.clip import Clip, DataError, list_files
from recognizer.data.files import read_text
from recognizer.data.kinect import kinect_sequence

MOTIONS = {
    "Raise-your-hand": "raise_hand",
    "Raise-your-other-hand": "raise_other_hand",
    "Wave-your-hand": "wave",
    "Wave-your-other-hand": "wave_other_hand",
    "Bow": "bow",
    "Raise-your-arm-to-one-side": "raise_arm_aside",
    "Raise-your-arm-to-the-other-side": "raise_other_arm_aside",
    "Bend-your-knee-while-raising-your-leg": "raise_knee",
    "Bend-your-other-knee-while-raising-your-leg": "raise_other_knee",
    "Put-your-hands-on-your-hips-and-lean-to-the-side": "lean",
    "Put-your-hands-on-your-hips-and-lean-to-the-other-side": "lean_other_side",
    "Put-your-hands-on-your-hips-and-twist": "twist",
    "Touch-your-toes": "touch_toes",
    "Do-a-forward-lunge": "lunge",
    "Lift-your-leg-to-one-side": "leg_aside",
    "Lift-your-leg-to-the-other-side": "other_leg_aside",
    "Walk-in-place": "walk_in_place",
    "Walk-in-place-as-fast-as-you-can": "walk_in_place_fast",
    "Run-in-place": "run_in_place",
    "Run-in-place-as-fast-as-you-can": "run_in_place_fast",
    "Jump": "jump",
    "Jump-as-high-as-you-can": "jump_high",
    "Do-two-jumping-jacks": "jumping_jacks",
    "Push-an-imaginary-button-in-front-of-you": "push_button",
    "Swipe-across-an-imaginary-screen-in-front-of-you-from-right-to-left": "swipe_right_to_left",
    "Swipe-across-an-imaginary-screen-in-front-of-you-from-left-to-right": "swipe_left_to_right",
    "Fly-like-a-bird": "fly_like_bird",
    "Fly-like-an-airplane": "fly_like_airplane",
    "Swim": "swim",
    "Kick-a-ball": "kick",
    "Kick-a-ball-as-far-as-you-can": "kick_far",
    "Kick-a-ball-with-the-other-leg": "kick_other_leg",
    "Kick-a-ball-as-far-as-you-can-with-the-other-leg": "kick_far_other_leg",
    "Throw-a-ball-": "throw",
    "Throw-a-ball-as-far-as-you-can": "throw_far",
    "Throw-a-ball-with-your-other-arm": "throw_other_arm",
    "Throw-a-ball-as-far-as-you-can-with-the-other-arm": "throw_far_other_arm",
    "Punch": "punch",
    "Climb-and-imaginary-ladder": "climb_ladder",
    "Point-at-the-camera": "point",
    "Signal-someone-to-stop": "stop",
    "Signal-someone-to-come-here": "come_here",
    "Draw-a-circle": "draw_circle",
    "Draw-a-square": "draw_square",
    "Draw-a-triangle": "draw_triangle",
    "Draw-the-letter-A": "draw_a",
    "Draw-the-letter-C": "draw_c",
    "Draw-the-letter-K": "draw_k",
    "Draw-the-letter-M": "draw_m",
    "Draw-the-letter-X": "draw_x",
    "Make-the-letter-Y": "letter_y",
    "Make-the-letter-M": "letter_m",
    "Make-the-letter-C": "letter_c",
    "Make-the-letter-A": "letter_a",
    "Make-the-letter-K": "letter_k",
    "Make-the-letter-P": "letter_p",
    "Make-the-letter-T": "letter_t",
    "Make-the-letter-X": "letter_x",
}
"""The motions as the files' names have them, typing errors included, and their actions."""

ACTIONS = tuple(MOTIONS.values())

FPS = 30.0

TEST_PEOPLE = frozenset({"p888", "p934", "p970", "p169", "p723", "p644"})
VALIDATION_PEOPLE = frozenset({"p976", "p921", "p106", "p595"})

# One joint a line and in the order of ``kinect.KINECT_20``, which a header of other joints must not pass for.
_JOINTS = (
    "HipCenter", "Spine", "ShoulderCenter", "Head",
    "ShoulderLeft", "ElbowLeft", "WristLeft", "HandLeft",
    "ShoulderRight", "ElbowRight", "WristRight", "HandRight",
    "HipLeft", "KneeLeft", "AnkleLeft", "FootLeft",
    "HipRight", "KneeRight", "AnkleRight", "FootRight",
)  # fmt: skip
HEADER = ("Timestamp", *(f"{joint}{axis}" for joint in _JOINTS for axis in "XYZ"), "User-ID", "Action", "")
"""Of a file; every line ends in a comma."""

_VIEWS = {"Adults": "adult", "Children": "child"}

_NAME = re.compile(r"POSE-p(\d+)_\d+-(.+)-\d+\.csv")


def read_kinder_gator(root: Path) -> Iterator[Clip]:
    """Yields the clips, adults first, by person and number.

    Args:
        root: the folder that holds ``Adults/`` and ``Children/``.

    Raises:
        DataError: no files, or a malformed one.
    """
    return map(read_clip, list_clips(root))


def list_clips(root: Path) -> list[Path]:
    """The clips' files. Raises DataError if there are no adults or no children."""
    return [path for folder in _VIEWS for path in list_files(Path(root) / folder, "POSE-*.csv")]


def read_clip(path: Path) -> Clip:
    """One clip, with the file's own times from 0. Raises DataError if its file is malformed."""
    match = _NAME.fullmatch(path.name)
    if not match or match[2] not in MOTIONS or path.parent.name not in _VIEWS:
        raise DataError(
            f"{path}: the name is not POSE-p<person>_<number>-<motion>-<time>.csv with a known motion in "
            "Adults or Children."
        )
    person, motion = match.groups()
    seconds, joints = _load(path, person, motion)
    subject, action = f"p{person}", MOTIONS[motion]
    return Clip(
        name=f"{subject}_{action}",
        dataset="kinder_gator",
        action=action,
        subject=subject,
        split="test" if subject in TEST_PEOPLE else "val" if subject in VALIDATION_PEOPLE else "train",
        sequence=kinect_sequence(joints, seconds, path),
        view=_VIEWS[path.parent.name],
    )


def _load(path: Path, person: str, motion: str) -> tuple[np.ndarray, np.ndarray]:
    """(T,) seconds from 0 and (T, 20, 3) metres."""
    lines = read_text(path).splitlines()
    if not lines or tuple(lines[0].split(",")) != HEADER:
        raise DataError(f"{path}: the header is not the time, 20 Kinect joints x 3, User-ID and Action.")
    rows = []
    for number, line in enumerate(lines[1:], 2):
        fields = line.split(",")
        if len(fields) != len(HEADER) or fields[-3:] != [person, motion, ""]:
            raise DataError(
                f"{path}: line {number} is not {len(HEADER) - 3} numbers, the person and the motion."
            )
        try:
            rows.append([float(field) for field in fields[:-3]])
        except ValueError:
            raise DataError(f"{path}: line {number} holds something that is not a number.") from None
    table = np.array(rows, np.float64).reshape(-1, len(HEADER) - 3)
    milliseconds = table[:, 0] - table[:1, 0]
    return milliseconds / 1000, table[:, 1:].reshape(-1, len(_JOINTS), 3)
