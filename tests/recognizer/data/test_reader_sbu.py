"""SBU reader, on files in its format and on the real ones."""

from __future__ import annotations

from collections import Counter, defaultdict
from pathlib import Path

import numpy as np
import pytest

from pose.layouts import NTU_25
from recognizer.data.clip import Clip, DataError
from recognizer.data.kinect import KINECT_20
from recognizer.data.sbu import (
    ACTIONS,
    BOTH_ACT,
    FOLDS,
    JOINTS,
    Pair,
    acting,
    list_clips,
    pair_sequence,
    read_clips,
    read_pair,
    read_sbu,
)
from tests.recognizer.data.raw import write_sbu

FRAMES = 6


def person(x: float) -> np.ndarray:
    """(T, 15, 3) metres: somebody who stands there, the right side towards the sensor."""
    heights = dict(
        head=0.6, neck=0.4, torso=0.2, shoulder=0.4, elbow=0.1, hand=-0.1, hip=0, knee=-0.4, foot=-0.8
    )
    depths = {"left": 2.2, "right": 1.8}
    frame = [(x, heights[name.split("_")[-1]], depths.get(name.split("_")[0], 2.0)) for name in JOINTS]
    return np.tile(np.array(frame), (FRAMES, 1, 1))


def moved(people: np.ndarray, joint: str, x: float, y: float = 0.0) -> np.ndarray:
    """With a joint moved in the third and fourth frame."""
    result = people.copy()
    result[2:4, JOINTS.index(joint)] += [x, y, 0]
    return result


def walking(people: np.ndarray, metres: float) -> np.ndarray:
    """On the way along x."""
    return people + np.linspace(0, 1, FRAMES)[:, None, None] * [metres, 0, 0]


# x grows to the left in the picture.
LEFT, RIGHT = person(0.5), person(-0.5)


def test_reads_its_own_format(tmp_path: Path) -> None:
    kicks = moved(LEFT, "right_foot", -0.4, 0.6)
    write_sbu(tmp_path, RIGHT, kicks)
    (clip,) = read_sbu(tmp_path)
    assert (clip.name, clip.dataset, clip.action) == ("s03s04_03_001_b", "sbu", "kick")
    assert (clip.subject, clip.split, clip.view, clip.body) == ("s04", "train", "side", "full")
    np.testing.assert_allclose(clip.sequence.timestamps, np.arange(FRAMES) / 15)
    assert clip.sequence.confidence.all()
    # Millimetres, where five digits were written.
    expected = {"head": "head", "spine_middle": "torso", "spine_shoulder": "neck", "left_elbow": "left_elbow"}
    expected |= {"right_ankle": "right_foot", "right_foot": "right_foot"}
    expected |= {f"left_{name}": "left_hand" for name in ("wrist", "hand", "hand_tip", "thumb")}
    for joint, name in expected.items():
        np.testing.assert_allclose(
            clip.sequence.joints[0, :, NTU_25.index(joint)], kicks[:, JOINTS.index(name)], atol=1e-3
        )
    np.testing.assert_allclose(clip.sequence.joints[0, 0, NTU_25.index("spine_base")], [0.5, 0, 2], atol=1e-3)
    np.testing.assert_allclose(clip.sequence.joints[0, 0, NTU_25.index("neck")], [0.5, 0.5, 2], atol=1e-3)


def test_the_formula_of_the_data_set(tmp_path: Path) -> None:
    path = tmp_path / "s01s02" / "06" / "002" / "skeleton_pos.txt"
    path.parent.mkdir(parents=True)
    path.write_text("7," + ",".join(["0.25,0.75,1.5"] * 15 + ["0.5,0.5,2"] * 15) + "\n")
    first, second = read_clips(path)
    np.testing.assert_allclose(first.sequence.joints[0, 0], [[0.64, -0.48, 1.92]] * 25, rtol=1e-6)
    np.testing.assert_allclose(second.sequence.joints[0, 0], [[0, 0, 2.56]] * 25, atol=1e-6)
    assert (first.name, second.name) == ("s01s02_06_002_a", "s01s02_06_002_b")
    assert (first.subject, first.split, second.subject, second.split) == ("s02", "train", "s01", "test")


def test_both_people_as_one_sequence(tmp_path: Path) -> None:
    pair = read_pair(write_sbu(tmp_path, RIGHT, LEFT))
    assert pair.people == ("s03", "s04") and pair.folder == "s03s04"
    both = pair_sequence(pair)
    assert both.joints.shape == (2, FRAMES, 25, 3) and both.confidence.all()
    np.testing.assert_allclose(both.joints[:, 0, NTU_25.index("head"), 0], [-0.5, 0.5], atol=1e-3)


@pytest.mark.parametrize("folder, people", [("s03s04", ("s04", "s03")), ("s07s03", ("s07", "s03"))])
def test_who_is_who(tmp_path: Path, folder: str, people: tuple[str, str]) -> None:
    assert read_pair(write_sbu(tmp_path, LEFT, RIGHT, f"{folder}/08/001")).people == people


@pytest.mark.parametrize(
    "action, left, right, acts",
    [
        ("approach", walking(LEFT, -0.4), RIGHT, "left"),
        ("approach", walking(LEFT, 0.1), walking(RIGHT, 0.2), "right"),
        ("depart", walking(LEFT, 0.4), RIGHT, "left"),
        ("depart", walking(LEFT, -0.1), walking(RIGHT, -0.2), "right"),
        ("kick", moved(LEFT, "left_foot", 0, 0.5), moved(RIGHT, "left_foot", 0, 0.2), "left"),
        ("kick", LEFT, moved(RIGHT, "right_foot", 0.5, 0.3), "right"),
        # Both reach out alike, and who is hit goes back or leans back.
        ("push", moved(LEFT, "left_hand", -0.4), walking(moved(RIGHT, "left_hand", 0.4), -0.3), "left"),
        ("punch", moved(LEFT, "neck", 0.2), RIGHT, "right"),
        ("punch", moved(LEFT, "right_hand", -0.5, 0.2), RIGHT, "left"),
        ("punch", moved(LEFT, "right_hand", 0.5, 0.2), moved(RIGHT, "left_hand", 0.1), "right"),
    ],
)  # fmt: skip
def test_who_acts(tmp_path: Path, action: str, left: np.ndarray, right: np.ndarray, acts: str) -> None:
    place = f"s03s04/{ACTIONS.index(action) + 1:02d}/001"
    for first, second, sides in ((left, right, ("left", "right")), (right, left, ("right", "left"))):
        pair = read_pair(write_sbu(tmp_path, first, second, place))
        assert sides[acting(pair)] == acts


def test_two_people_at_one_place_are_no_fault(tmp_path: Path) -> None:
    assert len(read_clips(write_sbu(tmp_path, LEFT, LEFT))) == 1


def broken(text: str, line: int, change) -> str:
    lines = text.splitlines()
    fields = lines[line].split(",")
    lines[line] = ",".join(change(fields))
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize(
    "change, said",
    [
        (lambda f: f[:-1], "line 3 has 90 numbers instead of 91"),
        (lambda f: [*f, "1"], "line 3 has 92 numbers instead of 91"),
        (lambda f: [f[0], "left", *f[2:]], "line 3 holds something that is not a number"),
        (lambda f: [f[0], "", *f[2:]], "line 3 holds something that is not a number"),
        (lambda f: [" ".join(f)], "line 3 has 1 numbers"),
        (lambda f: ["349", *f[1:]], "the times run backwards"),
        (lambda f: ["nan", *f[1:]], "some times are not finite"),
        (lambda f: ["1000000", *f[1:]], "the times run backwards"),
        (lambda f: [*f[:50], "nan", *f[51:]], "not finite"),
        (lambda f: [*f[:50], "1e39", *f[51:]], "not finite"),
        (lambda f: [*f[:50], "40", *f[51:]], "none of a body's"),
    ],
)
def test_malformed_content_is_named(tmp_path: Path, change, said: str) -> None:
    path = write_sbu(tmp_path, LEFT, RIGHT)
    path.write_text(broken(path.read_text(), 2, change))
    with pytest.raises(DataError, match=f"s03s04/03/001/skeleton_pos.txt: .*{said}"):
        list(read_sbu(tmp_path))


def test_files_that_are_none_are_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="skeleton_pos.txt here"):
        list(read_sbu(tmp_path))
    path = write_sbu(tmp_path, LEFT, RIGHT)
    text = path.read_text()
    for content, said in ((text[:-20], "line 6 has"), ("", "no frames"), ("\n\n", "no frames")):
        path.write_text(content)
        with pytest.raises(DataError, match=f"s03s04/03/001/skeleton_pos.txt: .*{said}"):
            read_pair(path)


@pytest.mark.parametrize(
    "place", ["s03s04/09/001", "s03s04/00/001", "s3s4/03/001", "s03s04/03/1", "s03s04x/03/001"]
)
def test_a_folder_of_another_kind_is_told(tmp_path: Path, place: str) -> None:
    with pytest.raises(DataError, match="does not lie in sXXsYY"):
        read_clips(write_sbu(tmp_path, LEFT, RIGHT, place))


@pytest.fixture(scope="module")
def pairs(real_data) -> list[Pair]:
    return [read_pair(path) for path in list_clips(real_data("sbu"))]


@pytest.fixture(scope="module")
def clips(real_data) -> list[Clip]:
    return list(read_sbu(real_data("sbu")))


def test_real_counts(pairs: list[Pair], clips: list[Clip]) -> None:
    assert Counter(pair.action for pair in pairs) == {
        "approach": 42, "depart": 43, "kick": 40, "push": 41, "shake_hands": 18, "hug": 21, "exchange": 39,
        "punch": 38,
    }  # fmt: skip
    assert len(clips) == len({clip.name for clip in clips}) == 282 + 18 + 21 + 39
    assert {pair.folder for pair in pairs} == frozenset.union(*FOLDS) and sum(map(len, FOLDS)) == 21
    people = {split: {clip.subject for clip in clips if clip.split == split} for split in ("train", "test")}
    assert people == {"train": {"s02", "s03", "s04", "s05", "s06"}, "test": {"s01", "s07"}}


def test_real_bones_are_of_peoples_size_and_rigid(pairs: list[Pair]) -> None:
    for bone, low, high, change in (
        (("right_hip", "right_knee"), 0.36, 0.52, 0.015),
        (("right_knee", "right_ankle"), 0.34, 0.5, 0.015),
        (("left_shoulder", "right_shoulder"), 0.25, 0.37, 0.015),
        (("right_elbow", "right_wrist"), 0.2, 0.36, 0.02),
    ):
        ends = [pair.joints[:, :, [KINECT_20.index(joint) for joint in bone]] for pair in pairs]
        lengths = [np.linalg.norm(of[:, :, 0] - of[:, :, 1], axis=-1) for of in ends]
        middle = np.array([np.median(of, axis=1) for of in lengths])
        assert low < np.percentile(middle, 1) < np.percentile(middle, 99) < high, bone
        assert np.median([of.std(axis=1) / of.mean(axis=1) for of in lengths]) < change, bone


def test_real_people_take_turns(pairs: list[Pair]) -> None:
    """In two clips of one action, either person acts once."""
    turns: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
    for pair in pairs:
        turns[pair.folder, pair.action].append(pair.people[acting(pair)])
    twice = {key: who for key, who in turns.items() if len(who) == 2 and key[1] not in BOTH_ACT}
    assert len(twice) == 88
    assert [key for key, who in twice.items() if len(set(who)) < 2] == []


def test_real_people_use_the_right_hand_and_foot(pairs: list[Pair]) -> None:
    rights: Counter[str] = Counter()
    for pair in pairs:
        if pair.action not in ("kick", "punch", "shake_hands"):
            continue
        end = "ankle" if pair.action == "kick" else "wrist"
        for person in (0, 1) if pair.action in BOTH_ACT else (acting(pair),):
            hips, others = pair.joints[person, :, 0], pair.joints[1 - person, :, 0]
            towards = (others - hips) * [1, 0, 1]
            towards /= np.linalg.norm(towards, axis=-1, keepdims=True)
            left, right = (
                pair.joints[person, :, KINECT_20.index(f"{side}_{end}")] - hips for side in ("left", "right")
            )
            if pair.action == "kick":  # how far the foot rises; else how far the hand reaches out
                left, right = (np.ptp([np.median(of[:, 1]), of[:, 1].max()]) for of in (left, right))
            else:
                left, right = ((of * towards).sum(-1).max() for of in (left, right))
            rights[pair.action] += int(right > left)
    assert rights == {"kick": 37, "punch": 35, "shake_hands": 33}  # of 40, 38 and 36
