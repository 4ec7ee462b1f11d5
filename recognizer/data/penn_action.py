"""Penn Action (Zhang et al. 2013): 2326 videos of 15 actions, 13 joints annotated by hand in 2-D pixels.

Files ``labels/NNNN.mat``. Official split in the files. What the annotations mean here:

- A joint that was never annotated in a frame sits in the picture's corner (both coordinates <= 1):
  position (0, 0), confidence 0.
- A joint marked invisible that has a position was placed by guess behind an occluder: it keeps the
  position, with confidence 0.3.
- The annotated head goes to the nose; eyes and ears have confidence 0. The neck is the middle of the
  shoulders, as sure as the less sure of the two. Where one shoulder was never annotated the neck is the
  other one, with confidence 0.3: of these 281 clips 256 are side views, in which both places are one (half
  of the squats and bench presses would otherwise have no neck). With no shoulder there is no neck.

The files carry no frame rate. 30 fps is assumed: ropes are jumped 13 to 15 frames a turn, which is then
the usual 120 to 140 turns a minute.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from pose.layouts import KINETICS_18
from pose.skeleton import SkeletonSequence
from recognizer.data.clip import PIXELS, Clip, DataError, check_numbers, check_times, list_files
from recognizer.data.files import read_matlab

FPS = 30.0
GUESSED = 0.3
"""Confidence of a joint with a position that the annotator marked invisible."""

JOINT_ORDER = (
    "nose", "left_shoulder", "right_shoulder", "left_elbow", "right_elbow", "left_wrist", "right_wrist",
    "left_hip", "right_hip", "left_knee", "right_knee", "left_ankle", "right_ankle",
)  # fmt: skip

ACTIONS = (
    "baseball_pitch", "baseball_swing", "bench_press", "bowl", "clean_and_jerk", "golf_swing", "jump_rope",
    "jumping_jacks", "pullup", "pushup", "situp", "squat", "strum_guitar", "tennis_forehand", "tennis_serve",
)  # fmt: skip

_KEYS = ("action", "pose", "train", "x", "y", "visibility")


def read_penn_action(root: Path) -> Iterator[Clip]:
    """Yields the clips, by number. The view is the file's "pose" (front, back, left, right).

    Args:
        root: the folder that holds ``labels/``.

    Raises:
        DataError: no files, or a malformed one.
    """
    return map(read_clip, list_clips(root))


def list_clips(root: Path) -> list[Path]:
    """The clips' files. Raises DataError if there are none."""
    return list_files(Path(root) / "labels", "*.mat")


def read_clip(path: Path) -> Clip:
    """One clip. Raises DataError if its file is malformed."""
    if not path.stem.isdecimal():
        raise DataError(f"{path}: the name is no number.")
    content = _load(path)
    joints, confidence = _kinetics18(content, path)
    times = np.arange(len(joints)) / FPS
    check_times(times, path)
    return Clip(
        name=path.stem,
        dataset="penn_action",
        action=content["action"].item(),
        subject="",
        split="train" if content["train"].item() == 1 else "test",
        sequence=SkeletonSequence(joints[None], confidence[None], times, KINETICS_18),
        view=str(content["pose"].item()),
    )


def _load(path: Path) -> dict[str, np.ndarray]:
    content = read_matlab(path, _KEYS)
    missing = [key for key in _KEYS if key not in content or not content[key].size]
    if missing:
        raise DataError(f"{path}: has no {', '.join(missing)}.")
    if any(content[key].size != 1 for key in ("action", "pose", "train")):
        raise DataError(f"{path}: action, pose and train must have one value each.")
    shape = content["x"].shape
    if len(shape) != 2 or shape[1] != 13 or any(content[k].shape != shape for k in ("y", "visibility")):
        raise DataError(f"{path}: x, y and visibility must all be (frames, 13).")
    if any(content[key].dtype.kind not in "biuf" for key in ("x", "y", "visibility", "train")):
        raise DataError(f"{path}: x, y, visibility and train must be numbers.")
    if content["action"].item() not in ACTIONS:
        raise DataError(f"{path}: there is no action {str(content['action'].item())[:40]!r} in Penn Action.")
    if content["train"].item() not in (1, -1):
        raise DataError(f"{path}: train is {content['train'].item()} and must be 1 or -1.")
    return content


def _kinetics18(content: dict[str, np.ndarray], path: Path) -> tuple[np.ndarray, np.ndarray]:
    """joints (T, 18, 2) pixels, confidence (T, 18)."""
    points = np.stack([content["x"], content["y"]], axis=-1).astype(np.float64)
    check_numbers(points, PIXELS, path)
    if not np.isfinite(content["visibility"]).all():
        raise DataError(f"{path}: visibility holds something that is not a finite number.")
    sure = np.where(content["visibility"] > 0, 1.0, GUESSED)
    sure[(points <= 1).all(axis=-1)] = 0.0
    points[sure == 0] = 0.0

    joints = np.zeros((len(points), len(KINETICS_18), 2))
    confidence = np.zeros(joints.shape[:2])
    target = [KINETICS_18.index(name) for name in JOINT_ORDER]
    joints[:, target], confidence[:, target] = points, sure
    neck = KINETICS_18.index("neck")
    for side, other in (("left", "right"), ("right", "left")):
        shoulder, opposite = JOINT_ORDER.index(f"{side}_shoulder"), JOINT_ORDER.index(f"{other}_shoulder")
        alone = (sure[:, shoulder] > 0) & (sure[:, opposite] == 0)
        joints[alone, neck], confidence[alone, neck] = points[alone, shoulder], GUESSED
    shoulders = [JOINT_ORDER.index("left_shoulder"), JOINT_ORDER.index("right_shoulder")]
    both = sure[:, shoulders].min(axis=1) > 0
    joints[both, neck] = points[both][:, shoulders].mean(axis=1)
    confidence[both, neck] = sure[both][:, shoulders].min(axis=1)
    return joints, confidence
