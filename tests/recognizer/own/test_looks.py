"""How recordings were seen, by hand, and how often their files are read."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from pose.layouts import MEDIAPIPE_33, MEDIAPIPE_HAND_21
from recognizer.own import looks as module
from recognizer.own.collection import Collections
from recognizer.own.looks import Look, looks
from recognizer.own.recordings import Recording
from tests.recognizer.own.motions import recording

LEFT, RIGHT = (MEDIAPIPE_33.index(f"{side}_shoulder") for side in ("left", "right"))
KNEES = [MEDIAPIPE_33.index(f"{side}_knee") for side in ("left", "right")]


def still(frames: int = 10) -> Recording:
    """Somebody who stands before the camera for (frames - 1) / 10 s, knees in the picture."""
    world = np.zeros((frames, 33, 3), np.float32)
    world[:, LEFT, 0], world[:, RIGHT, 0] = 0.2, -0.2
    image = np.full((frames, 33, 2), 100, np.float32)
    return Recording(np.arange(frames) / 10, image, world, np.ones((frames, 33), np.float32), (640, 480))


@pytest.mark.parametrize("degrees", (-40, 0, 25))
def test_turn_is_that_of_the_shoulders_in_most_frames(degrees: int):
    seen = still()
    angle = np.radians(degrees)
    for joint, side in ((LEFT, 0.2), (RIGHT, -0.2)):
        seen.world[:, joint] = side * np.cos(angle), 0.3, side * np.sin(angle)
    seen.world[:4, LEFT, 2] += 1  # turned elsewhere in fewer than half of them
    assert Look.at(seen).turn == pytest.approx(degrees, abs=1e-3)
    assert Look.at(seen).seconds == pytest.approx(0.9)


def test_legs_are_seen_where_a_knee_is_in_the_picture_for_most_of_the_time():
    assert Look.at(still()).legs
    below, hidden, one, short = still(), still(), still(), still()
    below.image[:, KNEES, 1] = 480
    hidden.visibility[:, KNEES] = 0.4
    one.visibility[:, KNEES[0]] = 0
    short.visibility[:5, KNEES] = 0
    assert [Look.at(each).legs for each in (below, hidden, one, short)] == [False, False, True, False]


def test_a_hand_has_neither_turn_nor_legs():
    seen = still()
    parts = {name: getattr(seen, name)[:, :21] for name in ("image", "world", "visibility")}
    assert Look.at(replace(seen, **parts, landmarks=MEDIAPIPE_HAND_21)) == Look(seen.duration, None, None)


def test_each_file_is_read_once_until_it_changes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    collection = Collections(tmp_path).make("gym")
    names = [collection.add("raise", recording("raise", 2.0, number)) for number in range(3)]
    read: list[str] = []

    def counting(path: Path) -> Recording:
        read.append(path.stem)
        return original(path)

    original = module.read_recording
    monkeypatch.setattr(module, "read_recording", counting)
    first = list(looks(collection))
    assert [each[:2] for each in first] == [("raise", name) for name in names]
    assert list(looks(collection)) == first and sorted(read) == sorted(names)
    (tmp_path / "gym" / "raise" / f"{names[1]}.npz").write_bytes(b"damaged")
    assert [name for _, name, _ in looks(collection)] == [names[0], names[2]]
    assert read[3:] == [names[1]]
