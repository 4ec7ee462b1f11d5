"""How joints move, in numbers: against what the formula of a motion says."""

from __future__ import annotations

import numpy as np
import pytest

from pose.layouts import KINETICS_18, LAYOUTS, NTU_25
from pose.skeleton import SkeletonSequence
from recognizer.own.motion import motion_of
from recognizer.own.variants import windows_of
from tests.recognizer.own.motions import recording

NUMBERS = ("mean", "std", "low", "high", "speed", "early", "middle", "late")


def of(window: SkeletonSequence) -> np.ndarray:
    """(8, joints, axes) of one window, joints without eyes and ears."""
    count = len(NUMBERS) * len(joints_of(window)) * window.layout.coordinates
    return motion_of([window])[0, :count].reshape(len(NUMBERS), -1, window.layout.coordinates)


def round_of(window: SkeletonSequence, joint: str) -> np.ndarray:
    """(1 or 3,) of one joint: which way round it goes, in each plane."""
    joints = joints_of(window)
    planes = {2: 1, 3: 3}[window.layout.coordinates]
    return motion_of([window])[0, -planes * len(joints) :].reshape(-1, planes)[joints.index(joint)]


def joints_of(window: SkeletonSequence) -> list[str]:
    return [name for name in window.layout.joints if not name.endswith(("_eye", "_ear"))]


def number(window: SkeletonSequence, what: str, joint: str) -> np.ndarray:
    return of(window)[NUMBERS.index(what), joints_of(window).index(joint)]


@pytest.fixture
def window() -> SkeletonSequence:
    """Somebody with a torso of 100 pixels, whose right wrist goes 60 pixels to the right at an even pace."""
    places = {
        "neck": (200, 100), "right_shoulder": (180, 100), "left_shoulder": (220, 100),
        "right_hip": (190, 200), "left_hip": (210, 200), "right_wrist": (150, 150), "nose": (200, 70),
    }  # fmt: skip
    joints, seen = np.zeros((1, 31, 18, 2)), np.zeros((1, 31, 18))
    for name, place in places.items():
        joints[0, :, KINETICS_18.index(name)], seen[0, :, KINETICS_18.index(name)] = place, 1
    joints[0, :, KINETICS_18.index("right_wrist"), 0] += np.linspace(0, 60, 31)
    return SkeletonSequence(joints, seen, np.linspace(0, 3, 31), KINETICS_18)


def test_numbers_by_hand(window: SkeletonSequence):
    wrist = {what: number(window, what, "right_wrist") for what in NUMBERS}
    np.testing.assert_allclose(wrist["mean"], (-0.2, -0.5), atol=1e-6)
    np.testing.assert_allclose(wrist["low"], (-0.47, -0.5), atol=1e-6)
    np.testing.assert_allclose(wrist["high"], (0.07, -0.5), atol=1e-6)
    np.testing.assert_allclose(wrist["speed"], (0.02, 0), atol=1e-6)
    np.testing.assert_allclose(wrist["std"], (0.02 * np.arange(31).std(), 0), atol=1e-6)
    np.testing.assert_allclose(wrist["early"], (-0.21, 0), atol=1e-6)
    np.testing.assert_allclose(wrist["late"], (0.21, 0), atol=1e-6)


@pytest.mark.parametrize("way", [1, -1])
def test_which_way_round_by_hand(window: SkeletonSequence, way: int):
    """A circle of 40 pixels about a place, of a body of 100: its area is 0.16 pi."""
    angle, wrist = np.linspace(0, 2 * np.pi, 31), KINETICS_18.index("right_wrist")
    assert round_of(window, "right_wrist") == pytest.approx(0, abs=1e-3), "there and no way round"
    joints = window.joints.copy()
    joints[0, :, wrist] = (150, 150) + 40 * np.stack([np.cos(angle), way * np.sin(angle)], 1)
    window = SkeletonSequence(joints, window.confidence, window.timestamps, window.layout)
    assert round_of(window, "right_wrist") == pytest.approx(way * np.sqrt(0.16 * np.pi), rel=0.01)
    assert round_of(window, "nose") == pytest.approx(0, abs=1e-3)
    back = SkeletonSequence(joints[:, ::-1], window.confidence, window.timestamps, window.layout)
    assert round_of(back, "right_wrist") == pytest.approx(-round_of(window, "right_wrist"))


def test_in_space_it_goes_round_in_each_plane():
    angle = np.linspace(0, 2 * np.pi, 31)
    body = recording("rest").sequence(NTU_25)
    joints = np.repeat(body.joints[:, :1], 31, 1)
    hand = NTU_25.index("left_hand")
    joints[0, :, hand] += 0.2 * np.stack([0 * angle, np.cos(angle), np.sin(angle)], 1)
    window = SkeletonSequence(joints, np.ones(joints.shape[:3]), np.linspace(0, 2, 31), NTU_25)
    found = round_of(window, "left_hand")
    assert found[:2] == pytest.approx((0, 0), abs=1e-3) and found[2] > 0.3, "x y, x z, y z"


def test_what_is_not_seen_is_no_number(window: SkeletonSequence):
    assert np.isnan(number(window, "mean", "left_ankle")).all()
    assert np.isfinite(number(window, "mean", "nose")).all()


def test_place_and_size_in_the_picture_do_not_matter(window: SkeletonSequence):
    moved = SkeletonSequence(window.joints * 2.5 + 40, window.confidence, window.timestamps, window.layout)
    np.testing.assert_allclose(of(moved), of(window), atol=1e-5)


def test_a_left_hand_is_not_a_right_one(window: SkeletonSequence):
    right = windows_of(recording("raise").sequence(KINETICS_18), 3.0, 32)[-1]
    assert number(right, "high", "right_wrist")[0] < number(right, "low", "left_wrist")[0]
    assert number(right, "std", "right_wrist").max() > 5 * number(right, "std", "left_wrist").max()


@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=lambda layout: layout.name)
def test_every_layout_has_motion(layout):
    rng = np.random.default_rng(0)
    joints = rng.uniform(0, 300, (1, 32, len(layout), layout.coordinates))
    window = SkeletonSequence(joints, np.ones(joints.shape[:3]), np.linspace(0, 3, 32), layout)
    found = motion_of([window, window])
    assert found.shape[0] == 2 and found.dtype == np.float32 and np.isfinite(found).all()


def test_nobody_is_no_number():
    nothing = np.zeros((1, 32, 25, 3))
    window = SkeletonSequence(nothing, nothing[..., 0], np.linspace(0, 3, 32), NTU_25)
    assert np.isnan(motion_of([window])).all()
