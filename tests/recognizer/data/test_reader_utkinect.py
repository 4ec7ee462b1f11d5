"""UTKinect reader, on files in its format and on the real ones."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from pose.layouts import NTU_25
from recognizer.data.clip import DataError
from recognizer.data.utkinect import ACTIONS, read_utkinect

LABELS = "s01_e02\nwalk: 4 8 \nwaveHands: 12 300\n\ns02_e01\ncarry:  NaN NaN\npickUp: 4 8"


def write(root: Path, numbers: list[int], recordings: tuple[str, ...] = ("s01_e02", "s02_e01")) -> np.ndarray:
    joints = np.random.default_rng(0).normal(size=(len(numbers), 60)).round(6)
    for recording in recordings:
        lines = [f"{n}  " + " ".join(f"{v:.6f}" for v in row) for n, row in zip(numbers, joints, strict=True)]
        (root / f"joints_{recording}.txt").write_text("\n".join(lines) + "\n")
    (root / "actionLabel.txt").write_text(LABELS)
    return joints.reshape(-1, 20, 3)


def test_reads_its_own_format(tmp_path: Path) -> None:
    # Number 12 is there twice; the counter jumps from 20 to 280.
    joints = write(tmp_path, [2, 4, 8, 10, 12, 12, 20, 280, 400])
    walk, wave, pick = read_utkinect(tmp_path)
    assert (walk.name, walk.action, walk.subject, walk.split) == ("s01_e02_walk", "walk", "s01", "train")
    assert (pick.action, pick.split) == ("pick_up", "test")
    np.testing.assert_allclose(walk.sequence.timestamps, [0, 4 / 60])
    knee = NTU_25.index("left_knee")
    np.testing.assert_allclose(walk.sequence.joints[0, :, knee], joints[1:3, 13], rtol=1e-6)
    assert wave.action == "wave_hands"
    # 12, 20, 280: the later of the two frames, the true gap, and a gap that is cut to half a second.
    np.testing.assert_allclose(wave.sequence.timestamps, [0, 8 / 60, 8 / 60 + 0.5])
    np.testing.assert_allclose(wave.sequence.joints[0, :, knee], joints[5:8, 13], rtol=1e-6)


def test_malformed_files_are_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="actionLabel.txt.*missing"):
        list(read_utkinect(tmp_path))
    write(tmp_path, [4, 8, 12], recordings=("s01_e02",))
    with pytest.raises(DataError, match="joints_s02_e01.txt.*missing"):
        list(read_utkinect(tmp_path))
    path = tmp_path / "joints_s01_e02.txt"
    text = path.read_text()
    for broken in (
        text[:-15],
        text.replace("12  ", "1  "),
        text.replace("8  ", "x  "),
        text.replace("4  ", "6000  "),
        text.replace("4  ", "nan  "),
        text.replace("12  ", "inf  "),
        text.replace("4  ", "4 1e39 ", 1).rsplit(" ", 1)[0],
    ):
        path.write_text(broken)
        with pytest.raises(DataError, match="joints_s01_e02.txt"):
            list(read_utkinect(tmp_path))
    path.write_text(text.splitlines()[2] + "\n")  # no frame inside "walk"
    with pytest.raises(DataError, match="joints_s01_e02.txt.*walk"):
        list(read_utkinect(tmp_path))
    for labels in ("walk: 1 2", "s01_e01\nfly: 1 2", "s01_e01\nwalk: 1", "s01_e01\nwalk"):
        (tmp_path / "actionLabel.txt").write_text(labels)
        with pytest.raises(DataError, match="actionLabel.txt"):
            list(read_utkinect(tmp_path))
    (tmp_path / "actionLabel.txt").write_bytes(b"s01_e01\nwalk: 1 2 \xff")
    with pytest.raises(DataError, match="actionLabel.txt: is not utf-8 text"):
        list(read_utkinect(tmp_path))


def test_real_data(real_data) -> None:
    clips = {clip.name: clip for clip in read_utkinect(real_data("utkinect"))}
    assert len(clips) == 199 and "s10_e02_carry" not in clips
    assert Counter(clip.split for clip in clips.values()) == {"train": 100, "test": 99}
    assert {clip.action for clip in clips.values()} == set(ACTIONS.values())
    # Real frame rate and real pace.
    steps = np.concatenate([np.diff(clip.sequence.timestamps) for clip in clips.values()])
    assert 12 < 1 / steps.mean() < 18 and steps.max() < 0.5 and steps.min() > 0
    assert max(clip.sequence.duration for clip in clips.values()) < 10
    # The label file's typing error is repaired: in a push the right hand goes towards the sensor and back.
    push = clips["s03_e01_push"].sequence
    reach = push.joints[0, :, 20, 2] - push.joints[0, :, NTU_25.index("right_hand"), 2]
    assert push.duration < 2 and reach.max() > 0.7
