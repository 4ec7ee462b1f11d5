"""Landmarks that an analysis has written, looked at again."""

from __future__ import annotations

import re
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from app.video.landmarks import LandmarkFile, LandmarksError
from app.video.opening import open_source
from app.video.process import process_video
from app.video.skeletons import SkeletonWriter
from pose.layouts import MEDIAPIPE_HAND_21
from tests.doubles import open_hand


def two_people(fakes):
    def poses(t):
        second = [fakes.pose(120, 60, 10, (160, 120))] if t >= 1 else []
        return [fakes.pose(40 + 5 * t, 60, 10, (160, 120)), *second]

    return poses


def test_the_same_weights_find_the_same(make_video, fakes, tmp_path: Path):
    recognizer = fakes.Recognizer(lambda end: "wave" if end < 4 else "squat")
    first = process_video(
        make_video(7.0, 30), recognizer, estimator=fakes.Estimator(two_people(fakes)),
        skeleton_out=tmp_path / "a.npz",
    )  # fmt: skip
    seen = [window.joints for window in recognizer.windows]
    recognizer.windows.clear()
    with open_source(str(tmp_path / "a.npz")) as source:
        second = process_video(source, recognizer, people=source.people)
    assert second.persons == first.persons and len(first.persons) == 2
    assert second.duration == pytest.approx(first.duration, abs=1e-3)
    assert second.fps == pytest.approx(30, abs=0.1)
    for before, after in zip(seen, [window.joints for window in recognizer.windows], strict=True):
        np.testing.assert_allclose(after, before, atol=2e-3)


def test_poses_come_back_with_their_numbers(fakes, tmp_path: Path):
    with closing(SkeletonWriter()) as writer:
        for frame in range(10):
            writer.add(frame / 10, {3: fakes.pose(x=100 + frame)} if frame != 4 else {})
        writer.save(tmp_path / "a.npz", (3,))
    source = LandmarkFile(tmp_path / "a.npz")
    assert (source.info.width, source.info.height, source.info.frames) == (640, 480, 10)
    assert source.info.fps == pytest.approx(10) and source.info.duration == pytest.approx(1.0)
    people = [source.people(frame) for frame in source]
    assert [sorted(each) for each in people] == [[3]] * 4 + [[]] + [[3]] * 5
    expected = fakes.pose(x=107)
    np.testing.assert_allclose(people[7][3].image, expected.image, atol=1e-3)
    np.testing.assert_allclose(people[7][3].world, expected.world, atol=1e-6)
    assert people[7][3].frame_size == (640, 480)


def test_hands_are_hands(tmp_path: Path):
    hand = open_hand()
    with closing(SkeletonWriter(MEDIAPIPE_HAND_21)) as writer:
        writer.add(0.0, {0: hand})
        writer.save(tmp_path / "a.npz", (0,))
    source = LandmarkFile(tmp_path / "a.npz")
    assert source.landmarks is MEDIAPIPE_HAND_21
    np.testing.assert_allclose(source.people(next(iter(source)))[0].image, hand.image, atol=1e-3)


def good(fakes, **changes) -> dict[str, np.ndarray]:
    pose = fakes.pose()
    image = np.zeros((5, 33, 4), np.float32)
    image[..., :2], image[..., 3] = pose.image / (640, 480), 1
    world = np.zeros((5, 33, 4), np.float32)
    world[..., :3], world[..., 3] = pose.world, 1
    arrays = {
        "time": np.arange(5) / 10, "persons": np.zeros(1, np.int64), "size": np.array([640, 480]),
        "landmarks_0": image, "world_0": world, "detected_0": np.ones(5, bool),
    }  # fmt: skip
    return {name: value for name, value in (arrays | changes).items() if value is not None}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"size": None}, "no array size"),
        ({"size": np.array([640.0, 480.0])}, "size"),
        ({"size": np.array([0, 0])}, "of no picture"),
        ({"size": np.array([10**9, 480])}, "size"),
        ({"time": np.zeros(5)}, "do not grow"),
        ({"time": np.array([0, 1, np.nan, 3, 4])}, "row of numbers"),
        ({"time": np.zeros(0)}, "do not grow"),
        ({"time": np.array([0, 1, 2, 3, 1e300])}, "no time of a video"),
        ({"persons": np.array([0.5])}, "persons"),
        ({"persons": np.arange(5000)}, "persons"),
        ({"persons": np.array([7])}, "landmarks_7"),
        ({"landmarks_0": np.zeros((5, 32, 4), np.float32)}, "neither 33"),
        ({"world_0": np.zeros((4, 33, 4), np.float32)}, "do not fit"),
        ({"detected_0": np.ones(5)}, "do not fit"),
        ({"landmarks_0": np.full((5, 33, 4), np.inf, np.float32)}, "finite"),
        ({"world_0": np.full((5, 33, 4), 1e30, np.float32)}, ""),
    ],
)
def test_what_is_no_file_of_landmarks(fakes, tmp_path: Path, changes, words: str):
    np.savez(tmp_path / "good.npz", **good(fakes))
    assert len(list(LandmarkFile(tmp_path / "good.npz"))) == 5
    np.savez(tmp_path / "a.npz", **good(fakes, **changes))
    with pytest.raises(LandmarksError, match=f"a.npz.*{re.escape(words)}"):
        LandmarkFile(tmp_path / "a.npz")


def test_what_is_no_file_at_all(tmp_path: Path):
    with pytest.raises(LandmarksError, match="no file"):
        open_source(str(tmp_path / "none.npz"))
    (tmp_path / "a.npz").write_text("This is no zip.")
    with pytest.raises(LandmarksError, match="--skeleton"):
        open_source(str(tmp_path / "a.npz"))
