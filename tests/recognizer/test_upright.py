"""Centring and turning of NTU skeletons against the published code."""

from __future__ import annotations

import math

import numpy as np
import pytest

from recognizer.upright import centred_and_upright, turn_onto
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
    np.testing.assert_allclose(centred_and_upright(bodies), published(bodies), atol=2e-6)


def test_the_shoulders_lie_along_x_and_untracked_frames_stay_empty(rng):
    bodies = ntu_bodies(rng, 2, 5)
    bodies[1, 3:] = 0
    turned = centred_and_upright(bodies)
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
