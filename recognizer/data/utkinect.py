"""UTKinect-Action3D (Xia et al. 2012): 10 actions, 10 subjects twice each, one Kinect v1.

``joints_sSS_eEE.txt`` is one long recording: a line a frame with the frame's number and 20 joints x 3
(metres). ``actionLabel.txt`` gives the first and last frame number of each action. Subjects with odd
numbers train, the others test.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from pose.skeleton import MAX_GAP
from recognizer.data.clip import Clip, DataError
from recognizer.data.files import read_table, read_text
from recognizer.data.kinect import kinect_sequence

ACTIONS = {
    "walk": "walk",
    "sitDown": "sit_down",
    "standUp": "stand_up",
    "pickUp": "pick_up",
    "carry": "carry",
    "throw": "throw",
    "push": "push",
    "pull": "pull",
    "waveHands": "wave_hands",
    "clapHands": "clap_hands",
}

NUMBERS_PER_SECOND = 60.0
"""All frame numbers are even: the counter advances by two at the Kinect's 30 fps, and jumps where nobody was
tracked. Divided by 60, people walk at 0.7 m/s and sit down in 1.9 s, and 15 frames a second remain, as in the
authors' description; divided by 30, everything would run at half speed."""

# A typing error in actionLabel.txt, "2556 3622": the range would run over "throw" before it. The actions
# follow one another in time, and the arm is stretched out between 3556 and 3622, not between 2556 and 2622.
CORRECTIONS = {("s03_e01", "push", 2556.0, 3622.0): (3556.0, 3622.0)}

_RECORDING = re.compile(r"s(\d\d)_e\d\d")


def read_utkinect(root: Path) -> Iterator[Clip]:
    """Yields the clips, by recording, in the order of the label file.

    Args:
        root: the folder that holds ``actionLabel.txt`` and the recordings.

    Raises:
        DataError: a file is missing or malformed.
    """
    root = Path(root)
    for recording, ranges in sorted(_labels(root / "actionLabel.txt").items()):
        path = root / f"joints_{recording}.txt"
        numbers, joints = _recording(path)
        subject = recording[:3]
        for action, (first, last) in ranges.items():
            inside = (numbers >= first) & (numbers <= last)
            if not inside.any():
                raise DataError(f"{path}: has no frame between {first:.0f} and {last:.0f} ({action}).")
            yield Clip(
                name=f"{recording}_{ACTIONS[action]}",
                dataset="utkinect",
                action=ACTIONS[action],
                subject=subject,
                split="train" if int(subject[1:]) % 2 else "test",
                sequence=kinect_sequence(joints[inside], _times(numbers[inside]), path),
            )


def _times(numbers: np.ndarray) -> np.ndarray:
    """Seconds from the first frame. No gap counts as more than MAX_GAP: the counter jumps by seconds where
    nobody was tracked."""
    steps = np.minimum(np.diff(numbers) / NUMBERS_PER_SECOND, MAX_GAP)
    return np.concatenate([[0.0], np.cumsum(steps)])


def _recording(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Frame numbers (T,), increasing, and joints (T, 20, 3)."""
    if not path.exists():
        raise DataError(f"{path}: the recording is missing.")
    table = read_table(path, columns=61)
    numbers = table[:, 0]
    if not np.isfinite(numbers).all():
        raise DataError(f"{path}: some frame numbers are not finite.")
    if np.any(np.diff(numbers) < 0):
        raise DataError(f"{path}: the frame numbers run backwards.")
    # Some frames were written twice under one number: the later one is the tracker's last word.
    last = np.append(np.diff(numbers) > 0, True)[: len(numbers)]
    return numbers[last], table[last, 1:].reshape(-1, 20, 3)


def _labels(path: Path) -> dict[str, dict[str, tuple[float, float]]]:
    """recording -> action -> (first, last) frame number; ranges given as NaN are left out."""
    if not path.exists():
        raise DataError(f"{path}: the label file is missing.")
    labels: dict[str, dict[str, tuple[float, float]]] = {}
    current = ""
    for number, line in enumerate(read_text(path).splitlines(), 1):
        line = line.strip()
        if not line:
            continue
        if _RECORDING.fullmatch(line):
            current = line
            labels[current] = {}
            continue
        action, _, span = line.partition(":")
        try:
            first, last = (float(value) for value in span.split())
        except ValueError:
            raise DataError(f"{path}: line {number} is not 'action: first last'.") from None
        if not current or action not in ACTIONS:
            raise DataError(f"{path}: line {number} names an unknown action or stands before any recording.")
        first, last = CORRECTIONS.get((current, action, first, last), (first, last))
        if not (np.isnan(first) or np.isnan(last)):
            labels[current][action] = (first, last)
    return labels
