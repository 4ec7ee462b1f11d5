"""Kinetics-Skeleton (Yan et al. 2018, ST-GCN): OpenPose skeletons of Kinetics-400 as JSON.

``kinetics_train/`` and ``kinetics_val/`` hold a file a clip, ``kinetics_train_label.json`` and
``kinetics_val_label.json`` beside them tell each clip's class. Up to five people a frame; the two with the
highest scores of each frame are kept, as ST-GCN's loader does. Coordinates stay parts of the picture's width
and height, y down.
"""

from __future__ import annotations

from collections.abc import Mapping
from operator import index
from pathlib import Path
from typing import Any

import numpy as np

from pose.layouts import KINETICS_18
from recognizer.data.clip import PICTURES, DataError, check_numbers
from recognizer.data.files import as_numbers, read_json

FPS = 30.0
PARTS = ("train", "val")
_PERSONS = 2
_LONGEST = 10_000
_MOST_CLASSES = 10_000
_JOINTS = len(KINETICS_18)


def read_labels(root: Path) -> tuple[tuple[str, ...], dict[str, int]]:
    """The classes' names by index, and the class index of every clip that has skeletons.

    Raises:
        DataError: a label file is missing or malformed.
    """
    classes: dict[int, str] = {}
    clips: dict[str, int] = {}
    for part in PARTS:
        path = root / f"kinetics_{part}_label.json"
        try:
            for name, entry in read_json(path).items():
                label = index(entry["label_index"])
                if not 0 <= label < _MOST_CLASSES:
                    raise DataError(f"{path}: clip {name} has no label_index of 0 to {_MOST_CLASSES - 1}.")
                if entry["has_skeleton"]:
                    clips[f"{part}/{name}"] = label
                classes[label] = str(entry["label"])
        except DataError:
            raise
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            raise DataError(
                f"{path}: must be JSON with has_skeleton, label and label_index for every clip."
            ) from None
    return tuple(classes.get(label, f"class {label}") for label in range(max(classes, default=-1) + 1)), clips


def read_clip(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """The two surest people of every frame, the surer one first.

    Returns:
        joints (1 or 2, T, 18, 2) parts of the picture's size, confidence (1 or 2, T, 18), float32.

    Raises:
        DataError: the file is malformed or shows nobody.
    """
    try:
        frames = read_json(path)["data"]
        if not frames:
            raise DataError(f"{path}: the clip has no frames.")
        people = {
            index(frame["frame_index"]): [_person(each) for each in frame["skeleton"]] for frame in frames
        }
    except DataError:
        raise
    except (ValueError, KeyError, TypeError) as error:
        reason = str(error) if isinstance(error, _Odd) else "is not JSON as of Kinetics-Skeleton"
        raise DataError(f"{path}: {reason}.") from None
    if not 1 <= min(people) <= max(people) <= _LONGEST:
        raise DataError(f"{path}: frame numbers run from {min(people)} to {max(people)}.")
    most = min(_PERSONS, max(map(len, people.values())))
    if not most:
        raise DataError(f"{path}: there is no skeleton in it.")
    result = np.zeros((most, max(people), _JOINTS, 3), np.float32)
    for frame, found in people.items():
        surest = sorted(found, key=lambda person: -person[:, 2].sum())[:most]
        for slot, person in enumerate(surest):
            result[slot, frame - 1] = person
    result[result[..., 2] == 0] = 0
    check_numbers(result[..., :2], PICTURES, path, result[..., 2])
    return result[..., :2], result[..., 2]


class _Odd(ValueError):
    """A skeleton that is not what it must be."""


def _person(entry: Mapping[str, Any]) -> np.ndarray:
    """(18, 3): x, y, score."""
    with np.errstate(over="ignore"):  # 1e39 becomes infinite, which is told
        pose, score = (as_numbers(entry[key]).astype(np.float32) for key in ("pose", "score"))
    if pose.shape != (2 * _JOINTS,) or score.shape != (_JOINTS,):
        raise _Odd(f"a skeleton has {pose.size} coordinates and {score.size} scores instead of 36 and 18")
    if not (np.isfinite(pose).all() and np.isfinite(score).all()):
        raise _Odd("a coordinate or score is not a finite number")
    return np.concatenate([pose.reshape(_JOINTS, 2), score[:, None]], 1)
