"""Kinetics-Skeleton, SHREC'17 and recordings of one's own, in the formats in which they come."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from app.video.skeletons import SkeletonWriter
from pose.layouts import MEDIAPIPE_HAND_21, NTU_25
from recognizer.data import kinetics, recordings, shrec17
from recognizer.data.clip import DataError
from recognizer.data.prepared import NEITHER, TEST, TRAIN
from recognizer.data.sources import SOURCES
from tests.doubles import open_hand, standing
from tests.recognizer.data.raw import kinetics_clip, write_kinder_gator, write_sbu, write_shrec


def person(rng: np.random.Generator, score: float) -> np.ndarray:
    """(18, 3) with one joint that was not found."""
    found = np.concatenate([rng.uniform(0.1, 0.9, (18, 2)), np.full((18, 1), score)], 1)
    found[5, 2] = 0
    return found


def test_kinetics_keeps_the_two_surest_people_of_each_frame(tmp_path: Path):
    rng = np.random.default_rng(0)
    frames = [[person(rng, score) for score in scores] for scores in ((0.2, 0.9, 0.5), (), (0.4,))]
    path = tmp_path / "clip.json"
    path.write_text(kinetics_clip(frames))
    joints, confidence = kinetics.read_clip(path)
    assert joints.shape == (2, 3, 18, 2) and confidence.shape == (2, 3, 18)
    seen = np.arange(18) != 5
    np.testing.assert_allclose(joints[0, 0, seen], frames[0][1][seen, :2], rtol=1e-6)
    np.testing.assert_allclose(joints[1, 0, seen], frames[0][2][seen, :2], rtol=1e-6)
    np.testing.assert_allclose(joints[0, 2, seen], frames[2][0][seen, :2], rtol=1e-6)
    assert not joints[:, :, 5].any(), "a joint of score 0 has no place"
    assert not confidence[:, 1].any() and not confidence[1, 2].any()


@pytest.mark.parametrize(
    "text, said",
    [
        ("{", "not JSON"),
        ('{"data": []}', "no frames"),
        ('{"data": [{"frame_index": 1, "skeleton": []}]}', "no skeleton"),
        ('{"data": [{"frame_index": 0, "skeleton": []}]}', "from 0 to 0"),
        ('{"data": [{"skeleton": []}]}', "not JSON as of Kinetics-Skeleton"),
        (json.dumps({"data": [{"frame_index": 1, "skeleton": [{"pose": [0.1] * 30, "score": [1] * 18}]}]}),
         "30 coordinates"),
        ('{"data": [{"frame_index": 1, "skeleton": [{"pose": [' + "NaN," * 35 + '0], "score": ['
         + "1," * 17 + "1]}]}]}", "not a finite number"),
        (json.dumps({"data": [{"frame_index": 1, "skeleton": [{"pose": [11] * 36, "score": [1] * 18}]}]}),
         "11 pictures"),
        (json.dumps({"data": [{"frame_index": 1, "skeleton": [{"pose": [1e39] * 36, "score": [1] * 18}]}]}),
         "not a finite"),
        (json.dumps({"data": [{"frame_index": 1, "skeleton": [{"pose": [10**400] * 36, "score": [1]}]}]}),
         "not JSON as of Kinetics-Skeleton"),
        (json.dumps({"data": [{"frame_index": 1, "skeleton": [{"pose": [0.1] * 36, "score": [7] * 18}]}]}),
         "confidence is 7"),
        (json.dumps({"data": [{"frame_index": 1, "skeleton": [{"pose": [0.1] * 36, "score": [-1] * 18}]}]}),
         "confidence is -1"),
        (json.dumps({"data": [{"frame_index": 10**9, "skeleton": []}]}), "from 1000000000"),
        ("[" * 100_000, "nested too deeply"),
    ],
)  # fmt: skip
def test_malformed_kinetics_clips_are_told(tmp_path: Path, text, said):
    path = tmp_path / "odd clip.json"
    path.write_text(text)
    with pytest.raises(DataError, match=said) as error:
        kinetics.read_clip(path)
    assert "odd clip.json" in str(error.value)


def test_kinetics_labels_and_parts(tmp_path: Path):
    rng = np.random.default_rng(0)
    for part, names in (("train", ("a", "b")), ("val", ("a",))):
        folder = tmp_path / f"kinetics_{part}"
        folder.mkdir()
        labels = {}
        for name in names:
            (folder / f"{name}.json").write_text(kinetics_clip([[person(rng, 0.5)]] * 3))
            labels[name] = {
                "has_skeleton": name != "b",
                "label": f"doing {name}",
                "label_index": ord(name) - 97,
            }
        (tmp_path / f"kinetics_{part}_label.json").write_text(json.dumps(labels))
    source = SOURCES["kinetics"](tmp_path)
    assert source.tasks["action"] == ("doing a", "doing b")
    samples = [source.read(path) for path in source.files if path.stem == "a"]
    assert [sample.parts for sample in samples] == [(TRAIN,), (TEST,)]
    assert len({sample.name for sample in samples}) == 2, "a clip of the same id may be in both parts"
    with pytest.raises(DataError, match="no such clip with skeletons"):
        source.read(tmp_path / "kinetics_train" / "b.json")


@pytest.mark.parametrize("label", [2**31, 10**400, -1, 1.5, "3", None, float("inf")])
def test_kinetics_labels_that_are_none(tmp_path: Path, label):
    entry = {"has_skeleton": True, "label": "x", "label_index": label}
    for part in ("train", "val"):
        (tmp_path / f"kinetics_{part}_label.json").write_text(json.dumps({"clip": entry}))
    with pytest.raises(DataError, match="kinetics_train_label.json: .*label_index"):
        kinetics.read_labels(tmp_path)


@pytest.mark.parametrize("line", ["1 1 nan 2 1 1 9", "1 1 4 2 1 1e30 9", "1 1.5 4 2 1 1 9", "1 1 4 2 15 1 9"])
def test_shrec_lists_that_are_none(tmp_path: Path, line: str):
    (tmp_path / "train_gestures.txt").write_text(f"{line}\n")
    with pytest.raises(DataError, match="train_gestures.txt: "):
        shrec17.read_lists(tmp_path)


def test_kinetics_without_its_labels(tmp_path: Path):
    with pytest.raises(DataError, match="kinetics_train_label.json"):
        SOURCES["kinetics"](tmp_path)


@pytest.fixture
def shrec(tmp_path: Path) -> Path:
    write_shrec(tmp_path, frames=7)
    return tmp_path


def test_shrec_has_two_tasks_and_the_official_split(shrec: Path):
    source = SOURCES["shrec17"](shrec)
    assert {task: len(names) for task, names in source.tasks.items()} == {"14": 14, "28": 28}
    train, test = (source.read(path) for path in source.files)
    assert (train.labels, train.parts) == ((0, 0), (TRAIN,))
    assert (test.labels, test.parts) == ((13, 27), (TEST,))
    assert source.tasks["28"][27] == "shake_whole_hand"
    assert test.name == "14/2/28/2"
    raw = np.loadtxt(source.files[0]).reshape(7, 22, 3)
    np.testing.assert_allclose(train.joints[0], raw, atol=1e-6)


def test_a_missing_or_malformed_shrec_clip_is_told(shrec: Path):
    source = SOURCES["shrec17"](shrec)
    source.files[0].write_text("1 2 3\n")
    with pytest.raises(DataError, match="line 1 has 3 numbers instead of 66"):
        source.read(source.files[0])
    source.files[1].unlink()
    with pytest.raises(DataError, match="does not exist"):
        shrec17.read_clip(source.files[1])
    (shrec / "test_gestures.txt").unlink()
    with pytest.raises(DataError, match="test_gestures.txt"):
        SOURCES["shrec17"](shrec)


def record(path: Path, frames: int, fps: float, persons: tuple[int, ...] = (0,)) -> None:
    """What ``pose2action run --skeleton`` writes of somebody who stands."""
    path.parent.mkdir(parents=True, exist_ok=True)
    writer = SkeletonWriter()
    for frame in range(frames):
        writer.add(5 + frame / fps, {number: standing(640, 480) for number in persons})
    writer.save(path, persons)
    writer.close()


def test_recordings_become_thirty_frames_a_second(tmp_path: Path):
    record(tmp_path / "wave" / "one.npz", 16, 15.0)
    record(tmp_path / "clap" / "two.npz", 31, 30.0, (0, 3))
    source = SOURCES["recordings"](tmp_path)
    assert source.tasks["action"] == ("clap", "wave")
    two, one = (source.read(path) for path in source.files)
    assert one.labels == (1,) and one.name == "wave/one"
    assert one.joints.shape == (1, 31, 25, 3)
    assert two.joints.shape == (2, 31, 25, 3)
    assert one.confidence.min() > 0
    base = NTU_25.index("spine_base")
    np.testing.assert_allclose(one.joints[0, :, base], 0, atol=1e-6)


def test_a_fifth_of_the_recordings_tests():
    tests = [recordings.is_test(f"wave/{number}") for number in range(2000)]
    assert 0.15 < np.mean(tests) < 0.25


@pytest.mark.parametrize("content", [b"", b"not an npz"])
def test_a_file_that_is_no_recording_is_told(tmp_path: Path, content):
    path = tmp_path / "wave" / "odd.npz"
    path.parent.mkdir()
    path.write_bytes(content)
    with pytest.raises(DataError, match="odd.npz: was not written by"):
        recordings.read_recording(path)


def test_a_recording_of_nobody_is_told(tmp_path: Path):
    record(tmp_path / "wave" / "empty.npz", 5, 30.0, ())
    with pytest.raises(DataError, match="no person"):
        recordings.read_recording(tmp_path / "wave" / "empty.npz")


def test_a_recording_of_a_hand_is_no_recording_of_a_body(tmp_path: Path):
    path = tmp_path / "wave" / "hand.npz"
    path.parent.mkdir()
    with closing(SkeletonWriter(MEDIAPIPE_HAND_21)) as writer:
        for frame in range(5):
            writer.add(frame / 30, {0: open_hand()})
        writer.save(path, (0,))
    with pytest.raises(DataError, match="hand.npz: shows hands; record people"):
        recordings.read_recording(path)


@pytest.mark.parametrize(
    "name, parts",
    [
        ("Adults/POSE-p565_03-Bow-1.csv", (TRAIN, TRAIN, TRAIN)),
        ("Adults/POSE-p976_03-Bow-1.csv", (TRAIN, TEST, TRAIN)),
        ("Adults/POSE-p888_03-Bow-1.csv", (TEST, NEITHER, TRAIN)),
        ("Children/POSE-p103_03-Bow-1.csv", (TRAIN, TRAIN, TEST)),
        ("Children/POSE-p106_03-Bow-1.csv", (TRAIN, TEST, TEST)),
        ("Children/POSE-p169_03-Bow-1.csv", (TEST, NEITHER, TEST)),
    ],
)
def test_kinder_gator_is_divided_by_people_and_by_age(tmp_path: Path, name: str, parts: tuple[int, ...]):
    joints = np.random.default_rng(0).normal(size=(2, 20, 3))
    for other in ("Adults/POSE-p565_03-Bow-1.csv", "Children/POSE-p103_03-Bow-1.csv"):
        write_kinder_gator(tmp_path, other, joints, (0, 33))
    path = write_kinder_gator(tmp_path, name, joints, (0, 33))
    source = SOURCES["kinder_gator"](tmp_path)
    assert source.protocols == ("people", "people-val", "adults") and len(source.tasks["action"]) == 58
    assert path in source.files
    sample = source.read(path)
    assert sample.parts == parts and source.tasks["action"][sample.labels[0]] == "bow"
    assert sample.joints.shape == (1, 2, 25, 3)


@pytest.mark.parametrize(
    "pair, part, fold",
    [
        ("s01s07", TEST, 3),
        ("s07s01", TEST, 3),
        ("s01s02", NEITHER, 1),
        ("s03s04", TRAIN, 1),
        ("s06s03", TRAIN, 5),
    ],
)
def test_sbu_is_of_two_people_and_divided_by_them(tmp_path: Path, pair: str, part: int, fold: int):
    people = np.random.default_rng(0).normal(size=(2, 3, 15, 3))
    path = write_sbu(tmp_path, *people, f"{pair}/08/002")
    source = SOURCES["sbu"](tmp_path)
    assert source.protocols == ("people", "fold1", "fold2", "fold3", "fold4", "fold5")
    sample = source.read(path)
    assert sample.name == f"{pair}_08_002" and source.tasks["action"][sample.labels[0]] == "punch"
    assert sample.parts == (part, *(TEST if number == fold else TRAIN for number in range(1, 6)))
    np.testing.assert_allclose(sample.joints[:, :, NTU_25.index("head")], people[:, :, 0], atol=1e-3)


def test_the_real_divisions_by_people(real_data):
    for name, wanted in (
        ("kinder_gator", ((811, 348, 0), (579, 232, 348), (579, 580, 0))),
        ("sbu", ((181, 28, 73), (227, 55, 0), (230, 52, 0), (226, 56, 0), (228, 54, 0), (217, 65, 0))),
    ):
        source = SOURCES[name](real_data(name))
        protocols = zip(*(source.read(path).parts for path in source.files), strict=True)
        counts = tuple(tuple(map(parts.count, (TRAIN, TEST, NEITHER))) for parts in protocols)
        assert counts == wanted


def test_the_real_sets_have_their_published_splits(real_data):
    for name, folder, wanted in (
        ("utd_mhad", "utd_mhad", (431, 430)), ("nw_ucla", "nw_ucla", (1020, 464)),
        ("penn_action", "penn_action", (1258, 1068)),
    ):  # fmt: skip
        source = SOURCES[name](real_data(folder))
        parts = [source.read(path).parts for path in source.files]
        official, held_out = zip(*parts, strict=True)
        assert (official.count(TRAIN), official.count(TEST)) == wanted
        # Settings are chosen on training clips alone.
        assert all(val == NEITHER for part, val in parts if part == TEST)
        assert all(val != NEITHER for part, val in parts if part == TRAIN)
        assert 0.1 < held_out.count(TEST) / wanted[0] < 0.55
