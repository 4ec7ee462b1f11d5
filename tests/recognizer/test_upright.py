"""Place and heading of NTU skeletons against the published code, and of hands by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from pose.layouts import NTU_25, SHREC_22
from recognizer.upright import centred_and_upright, from_first_frame, from_wrist, turn_onto
from tests.recognizer.data.raw import ntu_bodies


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(0)


def published(data: np.ndarray) -> np.ndarray:
    """pre_normalization of 2s-AGCN and MS-G3D, written out: (M, T, 25, 3), every frame tracked."""

    def matrix(axis, theta):
        if np.abs(axis).sum() < 1e-6 or np.abs(theta) < 1e-6:
            return np.eye(3)
        axis = np.asarray(axis) / math.sqrt(np.dot(axis, axis))
        a = math.cos(theta / 2.0)
        b, c, d = -axis * math.sin(theta / 2.0)
        return np.array([
            [a * a + b * b - c * c - d * d, 2 * (b * c + a * d), 2 * (b * d - a * c)],
            [2 * (b * c - a * d), a * a + c * c - b * b - d * d, 2 * (c * d + a * b)],
            [2 * (b * d + a * c), 2 * (c * d - a * b), a * a + d * d - b * b - c * c],
        ])  # fmt: skip

    def angle(one, other):
        one, other = one / np.linalg.norm(one), other / np.linalg.norm(other)
        return np.arccos(np.clip(np.dot(one, other), -1.0, 1.0))

    data = data.astype(np.float64) - data[0:1, :, 1:2]
    for one, other, target in ((0, 1, [0, 0, 1]), (4, 8, [1, 0, 0])):
        bone = data[0, 0, other] - data[0, 0, one]
        turn = matrix(np.cross(bone, target), angle(bone, np.array(target, float)))
        for person in data:
            for frame in person:
                for joint in range(25):
                    frame[joint] = np.dot(turn, frame[joint])
    return data


@pytest.mark.parametrize("persons", [1, 2])
def test_centred_and_turned_as_the_published_code_does(rng, persons):
    bodies = ntu_bodies(rng, persons, 5)
    known = np.ones(bodies.shape[:3], bool)
    np.testing.assert_allclose(centred_and_upright(bodies, known, NTU_25), published(bodies), atol=2e-6)


def test_somebody_who_is_not_there_at_first_is_turned_by_the_first_frame_that_shows_them(rng):
    bodies = ntu_bodies(rng, 1, 5)
    late = np.concatenate([np.zeros((1, 2, 25, 3), np.float32), bodies], 1)
    known = np.arange(7)[None, :, None].repeat(25, -1) >= 2
    turned = centred_and_upright(late, known, NTU_25)
    assert not turned[:, :2].any()
    np.testing.assert_allclose(turned[:, 2:], published(bodies), atol=2e-6)


def test_the_shoulders_lie_along_x_and_untracked_frames_stay_empty(rng):
    bodies = ntu_bodies(rng, 2, 5)
    bodies[1, 3:] = 0
    turned = centred_and_upright(bodies, bodies.any(-1), NTU_25)
    assert not turned[1, 3:].any()
    assert np.abs(turned[0, :, 1]).max() < 1e-6
    across = turned[0, 0, 8] - turned[0, 0, 4]
    assert across[0] > 0 and np.abs(across[1:]).max() < 1e-5
    # Nothing but turned: distances are what they were.
    np.testing.assert_allclose(
        np.linalg.norm(turned[0, 2, 3] - turned[0, 2, 19]),
        np.linalg.norm(bodies[0, 2, 3] - bodies[0, 2, 19]), rtol=1e-5,
    )  # fmt: skip


@pytest.mark.parametrize("vector", [(0, 0, 2.0), (0, 0, 0), (1e-9, 0, 0)])
def test_what_needs_no_turn_or_has_no_direction_is_not_turned(vector):
    np.testing.assert_allclose(turn_onto(np.array(vector, float), np.array([0, 0, 1.0])), np.eye(3))


def hand(path: np.ndarray, palm: float = 0.08) -> np.ndarray:
    """(T, 22, 3) metres of a stiff hand, its middle knuckle ``palm`` above the wrist, along a (T, 3) path."""
    shape = np.random.default_rng(1).normal(0, 0.05, (22, 3))
    shape[0], shape[10] = 0, (0, palm, 0)
    return (shape + path[:, None] + [0.3, -0.2, 0.7]).astype(np.float32)


def swipe(direction: float) -> np.ndarray:
    """(20, 3) metres of a path by 0.4 m along x."""
    return np.linspace([0, 0, 0], [direction * 0.4, 0, 0], 20)


def test_a_hand_by_hand():
    """From the first frame's wrist, in palms of 8 cm: 40 cm are 5 of them."""
    placed = from_wrist(hand(swipe(-1)))
    np.testing.assert_allclose(placed[0, [0, 10]], [[0, 0, 0], [0, 1, 0]], atol=1e-5)
    np.testing.assert_allclose(placed[-1, [0, 10]], [[-5, 0, 0], [-5, 1, 0]], atol=1e-5)
    # Neither the place nor the size of the hand matter, nor how it is scaled later on.
    other = from_wrist(hand(2 * swipe(-1), palm=0.16) + 3)
    np.testing.assert_allclose(other[:, [0, 10]], placed[:, [0, 10]], atol=1e-4)


def test_a_swipe_to_the_left_is_none_to_the_right():
    left, right = from_wrist(hand(swipe(-1))), from_wrist(hand(swipe(1)))
    np.testing.assert_allclose(right[-1, :, 0] - left[-1, :, 0], 10, rtol=1e-4)
    np.testing.assert_allclose(right[0], left[0], atol=1e-6)


def test_two_bodies_are_placed_by_the_first_frame_that_shows_the_main_one():
    """The base of the spine at (1, 2, 3) when it is first seen, half a metre below the shoulders."""
    bodies = np.ones((2, 4, 25, 3), np.float32)
    bodies[0, 1:, 0], bodies[0, 1:, 20] = (1, 2, 3), (1, 2.5, 3)
    bodies[0, 3, 0], bodies[1, 3, 5] = (4, 2, 3), (1, 2, 2)
    known = np.ones((2, 4, 25), bool)
    known[0, 0], known[1, 2] = False, False
    placed = from_first_frame(bodies, known, NTU_25)
    assert not placed[0, 0].any() and not placed[1, 2].any()
    np.testing.assert_allclose(placed[0, 1, [0, 20]], [[0, 0, 0], [0, 1, 0]])
    np.testing.assert_allclose(placed[0, 3, 0], [6, 0, 0], err_msg="walking is kept")
    np.testing.assert_allclose(placed[1, 3, 5], [0, 0, -2])


def test_a_hand_without_length_or_never_seen_stays_finite():
    point = np.full((3, 22, 3), 0.4, np.float32)
    assert not from_wrist(point).any()
    assert not from_first_frame(point[None], np.zeros((1, 3, 22), bool), SHREC_22).any()
