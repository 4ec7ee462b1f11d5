"""NW-UCLA (Wang et al. 2014): 10 actions, 10 subjects, three Kinects v1 around the person.

Files ``all_sqe/aAA_sSS_eEE_vVV.json`` with ``skeletons`` (T, 20, 3) metres. Official cross-view split:
cameras 1 and 2 train, camera 3 tests. A clip may have a single frame. The files carry no frame rate; at 15
fps people walk at 1 to 1.4 m/s and sit down in 1.5 s.

The Kinect v1 tracker takes everyone to face the sensor: the left shoulder has the smaller x in 99 % of the
frames even while people walk around. Left and right are therefore swapped wherever a person turns away.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from recognizer.data.clip import Clip, DataError, list_files
from recognizer.data.files import as_numbers, read_json
from recognizer.data.kinect import kinect_sequence

ACTIONS = {
    1: "pick_up_with_one_hand",
    2: "pick_up_with_two_hands",
    3: "drop_trash",
    4: "walk_around",
    5: "sit_down",
    6: "stand_up",
    8: "put_on",
    9: "take_off",
    11: "throw",
    12: "carry",
}

FPS = 15.0

_NAME = re.compile(r"a(\d\d)_s(\d\d)_e(\d\d)_v0([123])")


def read_nw_ucla(root: Path) -> Iterator[Clip]:
    """Yields the clips, by file name.

    Args:
        root: the folder that holds ``all_sqe/``.

    Raises:
        DataError: no files, or a malformed one.
    """
    return map(read_clip, list_clips(root))


def list_clips(root: Path) -> list[Path]:
    """The clips' files. Raises DataError if there are none."""
    return list_files(Path(root) / "all_sqe", "a*.json")


def read_clip(path: Path) -> Clip:
    """One clip. Raises DataError if its file is malformed."""
    match = _NAME.fullmatch(path.stem)
    if not match or int(match[1]) not in ACTIONS:
        raise DataError(f"{path}: the name is not aAA_sSS_eEE_vVV.json with a known action and camera.")
    skeleton = _load(path)
    return Clip(
        name=path.stem,
        dataset="nw_ucla",
        action=ACTIONS[int(match[1])],
        subject=f"s{match[2]}",
        split="test" if match[4] == "3" else "train",
        sequence=kinect_sequence(skeleton, np.arange(len(skeleton)) / FPS, path),
        view=f"v0{match[4]}",
    )


def _load(path: Path) -> np.ndarray:
    """(T, 20, 3) metres."""
    try:
        skeleton = as_numbers(read_json(path)["skeletons"])
    except DataError:
        raise
    except (ValueError, KeyError, TypeError):
        raise DataError(f"{path}: is not JSON with a regular array 'skeletons'.") from None
    if skeleton.ndim != 3 or skeleton.shape[1:] != (20, 3):
        raise DataError(f"{path}: skeletons must be (frames, 20, 3) and is {skeleton.shape}.")
    return skeleton
