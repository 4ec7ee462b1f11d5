"""Kinder-Gator reader, on files in its format and on the real ones."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from pose.layouts import NTU_25
from recognizer.data.clip import Clip, DataError
from recognizer.data.kinder_gator import ACTIONS, list_clips, read_clip, read_kinder_gator
from tests.recognizer.data.raw import KINDER_GATOR_HEADER, KINDER_GATOR_JOINTS, write_kinder_gator

ADULT, CHILD = (
    "Adults/POSE-p565_03-Wave-your-hand-1469182439786.csv",
    "Children/POSE-p169_53-Throw-a-ball--1.csv",
)


@pytest.fixture
def joints() -> np.ndarray:
    return np.random.default_rng(0).normal(size=(3, 20, 3))


@pytest.fixture
def clip(tmp_path: Path, joints: np.ndarray) -> Path:
    write_kinder_gator(tmp_path, CHILD, joints, (0, 33, 66))
    return write_kinder_gator(tmp_path, ADULT, joints, (37145885.3532, 37145921.3532, 37145953.3532))


def test_reads_its_own_format(tmp_path: Path, joints: np.ndarray, clip: Path) -> None:
    joints[2] = 0
    write_kinder_gator(tmp_path, ADULT, joints, (37145885.3532, 37145921.3532, 37145953.3532))
    wave, throw = read_kinder_gator(tmp_path)
    assert (wave.name, wave.dataset, wave.action) == ("p565_wave", "kinder_gator", "wave")
    assert (wave.subject, wave.split, wave.view, wave.body) == ("p565", "train", "adult", "full")
    assert (throw.action, throw.subject, throw.split, throw.view) == ("throw", "p169", "test", "child")
    np.testing.assert_allclose(wave.sequence.timestamps, [0, 0.036, 0.068], atol=1e-9)
    for joint, name in {
        "spine_base": "HipCenter",
        "left_wrist": "WristLeft",
        "right_knee": "KneeRight",
    }.items():
        np.testing.assert_allclose(
            wave.sequence.joints[0, :, NTU_25.index(joint)],
            joints[:, KINDER_GATOR_JOINTS.index(name)],
            rtol=1e-6,
        )
    np.testing.assert_allclose(  # the neck is half-way between ShoulderCenter and Head
        wave.sequence.joints[0, 0, NTU_25.index("neck")], (joints[0, 2] + joints[0, 3]) / 2, atol=1e-5
    )
    assert wave.sequence.confidence[0].min(axis=1).tolist() == [1, 1, 0]


def test_the_motion_counts_and_not_its_number(tmp_path: Path, joints: np.ndarray) -> None:
    path = write_kinder_gator(
        tmp_path, "Adults/POSE-p976_44-Bow-1.csv", joints, (0, 0, 30)
    )  # two frames at one instant
    clip = read_clip(path)
    assert (clip.action, clip.split) == ("bow", "val")
    assert clip.sequence.timestamps.tolist() == [0, 0, 0.03]


@pytest.mark.parametrize(
    "old, new, said",
    [
        ("ElbowLeftX,ElbowLeftY", "ElbowLeftY,ElbowLeftX", "the header is not"),
        ("Timestamp,HipCenterX", "Timestamp,HeadX", "the header is not"),
        (",User-ID,Action,", "", "the header is not"),
        (KINDER_GATOR_HEADER, "", "the header is not"),
        ("37145921.3532", "later", "line 3 holds something that is not a number"),
        ("37145921.3532", "", "line 3 holds something that is not a number"),
        ("37145921.3532", "37145001.3532", "the times run backwards"),
        ("37145921.3532", "nan", "some times are not finite"),
        ("37145921.3532", "37945921.3532", "the times run backwards"),
        ("37145953.3532", "37945953.3532", "no clip of one action"),
        ("37145921.3532,", "37145921.3532,1,", "line 3 is not 61 numbers"),
        (
            ",565,Wave-your-hand,",
            ",566,Wave-your-hand,",
            "line 2 is not 61 numbers, the person and the motion",
        ),
        (",565,Wave-your-hand,", ",565,Bow,", "line 2 is not 61 numbers, the person and the motion"),
        (",565,Wave-your-hand,", "", "line 2 is not 61 numbers, the person and the motion"),
    ],
)
def test_malformed_content_is_named(tmp_path: Path, clip: Path, old: str, new: str, said: str) -> None:
    text = clip.read_text()
    assert old in text
    clip.write_text(text.replace(old, new, 1))
    with pytest.raises(DataError, match=f"p565_03-Wave-your-hand.*{said}"):
        list(read_kinder_gator(tmp_path))


@pytest.mark.parametrize("number", ["nan", "1e39", "60", "-inf"])
def test_a_coordinate_that_is_no_bodys_is_told(joints: np.ndarray, clip: Path, number: str) -> None:
    clip.write_text(clip.read_text().replace(f"{joints[1, 7, 2]:.7g}", number))
    with pytest.raises(DataError, match="p565_03-Wave-your-hand.*coordinate"):
        read_clip(clip)


def test_a_file_that_is_cut_is_told(clip: Path) -> None:
    text = clip.read_text()
    for length in (len(text) - 3, len(text) - 30, len(text) - 300, len(KINDER_GATOR_HEADER) - 5, 0):
        clip.write_text(text[:length])
        with pytest.raises(DataError, match="p565_03-Wave-your-hand"):
            read_clip(clip)
    clip.write_text(KINDER_GATOR_HEADER + "\n")
    with pytest.raises(DataError, match="the clip has no frames"):
        read_clip(clip)
    clip.write_bytes(b"\xff\xfe" + text.encode())
    with pytest.raises(DataError, match="is not utf-8 text"):
        read_clip(clip)


@pytest.mark.parametrize(
    "name",
    [
        "Adults/POSE-p565_03-Fly-1.csv",
        "Adults/POSE-pX_03-Bow-1.csv",
        "Adults/POSE-p565_03-Bow.csv",
        "Old/POSE-p565_03-Bow-1.csv",
    ],
)
def test_a_name_of_another_kind_is_told(tmp_path: Path, name: str) -> None:
    with pytest.raises(DataError, match="the name is not POSE-p"):
        read_clip(tmp_path / name)


def test_missing_folders_are_named(tmp_path: Path, clip: Path) -> None:
    with pytest.raises(DataError, match="Adults"):
        list_clips(tmp_path / "nowhere")
    next((tmp_path / "Children").iterdir()).unlink()
    with pytest.raises(DataError, match="Children"):
        list_clips(tmp_path)


@pytest.fixture(scope="module")
def real(real_data) -> list[Clip]:
    return list(read_kinder_gator(real_data("kinder_gator")))


def test_real_counts(real: list[Clip]) -> None:
    assert len(real) == len({clip.name for clip in real}) == 1159
    # 58 motions of 20 people; one jump is missing.
    counts = Counter(clip.action for clip in real)
    assert set(counts) == set(ACTIONS) and len(ACTIONS) == 58
    assert {action: count for action, count in counts.items() if count != 20} == {"jump_high": 19}
    people = {
        split: {clip.subject for clip in real if clip.split == split} for split in ("train", "val", "test")
    }
    assert {split: len(of) for split, of in people.items()} == {"train": 10, "val": 4, "test": 6}
    assert not (people["train"] & people["test"] or people["val"] & (people["train"] | people["test"]))
    assert Counter(clip.view for clip in real) == {"adult": 579, "child": 580}


def test_real_times_and_bodies(real: list[Clip]) -> None:
    steps = np.concatenate([np.diff(clip.sequence.timestamps) for clip in real])
    assert 29.5 < 1 / steps.mean() < 30.5 and steps.max() < 0.1
    assert (
        1.5 < min(clip.sequence.duration for clip in real) < max(clip.sequence.duration for clip in real) < 18
    )
    thighs = {"adult": [], "child": []}
    for clip in real:
        assert clip.sequence.confidence.all()
        hip, knee = (clip.sequence.joints[0, :, NTU_25.index(f"right_{name}")] for name in ("hip", "knee"))
        thighs[clip.view].append(np.median(np.linalg.norm(hip - knee, axis=-1)))
    assert 0.38 < np.median(thighs["adult"]) < 0.52 and 0.24 < np.median(thighs["child"]) < 0.36


def test_real_people_use_the_right_hand_and_foot(real: list[Clip]) -> None:
    def right(action: str, joint: str) -> int:
        """How many move the right one further in all."""
        clips = [clip.sequence.joints[0] for clip in real if clip.action == action]
        sides = [NTU_25.index(f"{side}_{joint}") for side in ("left", "right")]
        ways = [np.linalg.norm(np.diff(clip[:, sides], axis=0), axis=-1).sum(0) for clip in clips]
        return sum(bool(left < right) for left, right in ways)

    assert (right("wave", "wrist"), right("kick", "ankle")) == (17, 19)
    assert right("wave_other_hand", "wrist") < 4 and right("kick_other_leg", "ankle") < 4
