"""What is random in training clips: turns, frames, and what is dropped."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
import safetensors.torch
import torch

from pose.layouts import KINETICS_18, NTU_25
from recognizer.data.prepared import PreparedClips
from recognizer.training.clips.changes import Change, turned
from recognizer.training.clips.config import ClipAugmentation
from recognizer.training.clips.dataset import ClipDataset, clip_input, picked
from recognizer.training.clips.fit import train_clips
from recognizer.training.clips.module import ClipModule
from tests.recognizer.data.raw import prepared_ntu
from tests.recognizer.training.clips.clip_runs import OfBodies, body, recipe


def test_an_extent_is_the_whole_clips_and_not_the_picked_frames():
    joints, seen = body(40)
    joints[0, 13, 5] = [9, 9, 9]
    options = recipe(augmentation={}, frames=2)  # the first and the last frame
    x = clip_input(joints, seen, OfBodies, options)
    assert x.max() < 0.3


def matrix(options: ClipAugmentation, seed: int) -> np.ndarray:
    """(3, 3) by which bodies are turned."""
    axes = np.eye(3, dtype=np.float32)[None, None]
    return turned(axes, options, NTU_25, np.random.default_rng(seed))[0, 0].T


def test_turns_are_rotations_about_x_and_y_by_whole_degrees_within_their_limits():
    found = []
    for seed in range(300):
        turn = matrix(ClipAugmentation(turn_x=10, turn_y=60), seed)
        np.testing.assert_allclose(turn @ turn.T, np.eye(3), atol=1e-6)
        assert np.linalg.det(turn) == pytest.approx(1, abs=1e-6)
        # About y first, which leaves nothing of y in x, and about x then.
        assert turn[0, 1] == pytest.approx(0, abs=1e-7)
        y = math.degrees(math.atan2(turn[0, 2], turn[0, 0]))
        x = math.degrees(math.atan2(turn[1, 2] / math.cos(math.radians(y)), turn[1, 1]))
        found.append((x, y))
    angles = np.array(found)
    np.testing.assert_allclose(angles, angles.round(), atol=1e-3)
    angles = angles.round()
    assert set(angles[:, 0]) == set(range(-10, 11)), "all of them, both ends too"
    assert np.abs(angles[:, 1]).max() <= 60 and np.ptp(angles[:, 1]) > 110
    assert abs(np.corrcoef(angles.T)[0, 1]) < 0.2, "each by itself"


def test_each_axis_can_be_turned_about_alone():
    about_x, about_y = (matrix(ClipAugmentation(**{key: 60}), 1) for key in ("turn_x", "turn_y"))
    np.testing.assert_allclose(about_x[:, 0], [1, 0, 0], atol=1e-7)
    np.testing.assert_allclose(about_y[:, 1], [0, 1, 0], atol=1e-7)
    assert min(np.abs(turn - np.eye(3)).max() for turn in (about_x, about_y)) > 0.01


def test_pictures_and_the_test_are_not_turned():
    options = ClipAugmentation(turn_x=60, turn_y=60)
    flat = np.ones((1, 4, 18, 2), np.float32)
    assert turned(flat, options, KINETICS_18, np.random.default_rng(0)) is flat
    joints, seen = body(9)
    still = clip_input(joints, seen, OfBodies, recipe(augmentation={}))
    np.testing.assert_array_equal(clip_input(joints, seen, OfBodies, recipe()), still)


def test_joints_that_are_not_seen_stay_away_when_turned():
    joints, seen = body(9)
    seen[:, :, 6], joints[:, :, 6] = 0, 0
    x = clip_input(joints, seen, OfBodies, recipe(), np.random.default_rng(0))
    assert not x[:, :, 6].any() and x[:, :, 5].any()
    assert np.abs(x).max() <= 1


# Frames


def test_random_frames_are_sorted_repeated_and_from_the_whole_clip():
    rng = np.random.default_rng(0)
    rows = [picked(120, 52, rng=rng) for _ in range(200)]
    assert all((np.diff(each) >= 0).all() and len(each) == 52 for each in rows)
    assert any(len(np.unique(each)) < 52 for each in rows), "with replacement"
    # Each of the 120 frames is as likely as any other, the first and the last too: 200 x 52 / 120 = 87 times.
    counts = np.bincount(np.concatenate(rows), minlength=120)
    assert len(counts) == 120 and 50 < counts.min() and counts.max() < 125
    assert set(picked(3, 52, rng=rng)) == {0, 1, 2}
    assert set(picked(1, 52, rng=rng)) == {0}


def test_evenly_spaced_frames_are_the_published_linspace():
    for count in (1, 2, 31, 52, 53, 200):
        np.testing.assert_array_equal(picked(count, 52), np.linspace(0, count - 1, 52).astype(int))


def test_frames_are_picked_where_somebody_is_and_from_pieces():
    joints, seen = body(40)
    seen[:, :10], seen[:, 31:] = 0, 0
    options = recipe(preprocessing={"origin": "extent", "confidence": True})
    for rng in (None, np.random.default_rng(0)):
        x = clip_input(joints, seen, OfBodies, options, rng)
        assert x[3].all(), "no frame without anybody"
    rows = picked(101, 52, (0.5, 0.9), np.random.default_rng(0))
    assert 50 <= rows.min() < 55 and 85 < rows.max() <= 90
    assert picked(101, 5, (0.5, 0.9)).tolist() == [50, 60, 70, 80, 90]


def test_both_persons_are_seen_in_the_same_frames():
    joints = np.concatenate([body(30)[0]] * 2)
    x = clip_input(joints, np.ones((2, 30, 25)), OfBodies, recipe(persons=2), np.random.default_rng(0))
    np.testing.assert_array_equal(x[..., 0], x[..., 1])


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return prepared_ntu(tmp_path_factory.mktemp("ntu"), 30)


def test_what_is_random_differs_between_epochs_and_not_between_runs(data: Path):
    clips = PreparedClips(data)
    one, again, other = (
        ClipDataset(clips, np.arange(5), recipe(seed=seed), train=True) for seed in (1, 1, 2)
    )
    assert torch.equal(one[2, 3][0], again[2, 3][0])
    assert not torch.equal(one[2, 3][0], one[2, 4][0]) and not torch.equal(one[2, 3][0], other[2, 3][0])
    frames_alone = recipe(augmentation={"random_frames": True})
    dataset = ClipDataset(clips, np.arange(5), frames_alone, train=True)
    assert not torch.equal(dataset[2, 3][0], dataset[2, 4][0])


def test_a_resumed_run_sees_what_an_uninterrupted_one_sees(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    augmentation = {"turn_x": 60, "turn_y": 60, "random_frames": True, "drop_axis": 0.5, "drop_joints": 0.5}
    options = recipe(augmentation=augmentation, frames=8, epochs=3, warm_up=1, milestones=[2])
    whole = train_clips(options, data, tmp_path / "whole")
    step = ClipModule.training_step

    def fails(self, batch, number):
        if self.current_epoch == 2:
            raise RuntimeError("the power went out")
        return step(self, batch, number)

    with monkeypatch.context() as patched:
        patched.setattr(ClipModule, "training_step", fails)
        with pytest.raises(RuntimeError, match="the power went out"):
            train_clips(options, data, tmp_path / "run")
    resumed = train_clips(options, data, tmp_path / "run", resume=True)
    found, wanted = (safetensors.torch.load(path.read_bytes()) for path in (resumed, whole))
    assert found.keys() == wanted.keys() and all(torch.equal(found[name], wanted[name]) for name in wanted)


# What is dropped


def dropped(seed: int, frames: int = 52, **options) -> tuple[np.ndarray, np.ndarray]:
    change = Change(ClipAugmentation(**options), NTU_25, frames, np.random.default_rng(seed))
    return change(np.ones((frames, 25, 3), np.float32), np.ones((frames, 25), np.float32))


def test_a_whole_axis_is_dropped_in_half_of_the_clips():
    kinds = [tuple(dropped(seed, drop_axis=0.5)[0].reshape(-1, 3).mean(0)) for seed in range(200)]
    assert set(kinds) == {(1, 1, 1), (0, 1, 1), (1, 0, 1), (1, 1, 0)}
    assert 70 < kinds.count((1, 1, 1)) < 130


def test_some_joints_are_dropped_in_some_frames():
    found = [dropped(seed, drop_joints=1.0) for seed in range(200)]
    sizes = []
    for values, seen in found:
        gone = ~values.any(-1)
        np.testing.assert_array_equal(gone, seen == 0)
        rows, columns = gone.any(1), gone.any(0)
        np.testing.assert_array_equal(gone, rows[:, None] & columns)
        sizes.append((columns.sum(), rows.sum()))
    joints, frames = np.array(sizes).T
    assert (joints.min(), joints.max(), frames.min(), frames.max()) == (4, 12, 16, 32)
    assert not all(np.ptp(np.flatnonzero((seen == 0).any(1))) < 33 for _, seen in found), "not in a row"
    whole = [dropped(seed, drop_joints=0.5)[1].all() for seed in range(200)]
    assert 70 < sum(whole) < 130
    assert not dropped(0, frames=8, drop_joints=1.0)[1].all(0).all(), "of a short clip, all of its frames"


# Configuration


@pytest.mark.parametrize(
    "changes, said",
    [
        ({"preprocessing": {"origin": "spine"}}, "turn_x and turn_y go with origin extent alone"),
        ({"length": "resize"}, "random_frames goes with length pick alone"),
    ],
)
def test_what_does_not_go_together_is_told(changes, said):
    with pytest.raises(ValueError, match=said):
        recipe(**changes)
