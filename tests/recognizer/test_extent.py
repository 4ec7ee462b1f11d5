"""Joints whose extent is the unit: by hand, whoever is where, and before a camera."""

from __future__ import annotations

import numpy as np
import pytest

from pose.layouts import KINETICS_18, NTU_25, SHREC_22
from pose.skeleton import SkeletonSequence
from recognizer import weights
from recognizer.predictor import Recognizer
from recognizer.preprocess import Preprocessing, channels, network_input, placed
from recognizer.upright import within_extent

OPTIONS = Preprocessing(origin="extent", confidence=False)


@pytest.mark.parametrize("unit", [1, 1e-4, 1e4])
def test_by_hand(unit):
    bodies = np.array([[[[1, 10, 5], [3, 20, 5]], [[2, 30, 5], [5, 20, 5]]]], np.float32) * np.float32(unit)
    found = within_extent(bodies, np.ones((1, 2, 2), bool))
    # x from 1 to 5, y from 10 to 30 over both frames and both joints; z has no extent.
    wanted = [[[[-1, -1, 0], [0, 0, 0]], [[-0.5, 1, 0], [1, 0, 0]]]]
    np.testing.assert_allclose(found, wanted, atol=1e-6)
    assert found.dtype == np.float32


def test_what_is_not_seen_has_no_say_and_no_place():
    bodies = np.array([[[[1, 10], [3, 20], [900, -900]], [[0, 0], [5, 20], [2, 30]]]], np.float32)
    seen = np.array([[[1, 1, 0], [0, 1, 1]]], bool)
    wanted = [[[[-1, -1], [0, 0], [0, 0]], [[0, 0], [1, 0], [-0.5, 1]]]]
    np.testing.assert_allclose(within_extent(bodies, seen), wanted, atol=1e-6)


def test_two_people_share_an_extent():
    one = np.random.default_rng(0).normal(0, 0.5, (1, 4, 25, 3)).astype(np.float32)
    pair = np.concatenate([one, one + np.float32([5, 0, 0])])
    seen = np.ones((2, 4, 25), bool)
    found = within_extent(pair, seen)
    assert found[0, ..., 0].min() == -1 and found[1, ..., 0].max() == 1
    assert found[0, ..., 0].max() < found[1, ..., 0].min()
    np.testing.assert_allclose(found[0, ..., 1], found[1, ..., 1], atol=1e-6)
    seen[1] = False
    alone = within_extent(pair, seen)
    np.testing.assert_array_equal(alone[:1], within_extent(one, seen[:1]))
    assert not alone[1].any()


@pytest.mark.parametrize("point", [(0.0, 0.0, 0.0), (0.1, -7.3, 3.1)])
def test_without_extent_everything_is_in_the_middle(point):
    found = within_extent(np.full((1, 3, 25, 3), point, np.float32), np.ones((1, 3, 25), bool))
    np.testing.assert_array_equal(found, 0)


def test_of_nobody_nothing_is_known():
    found = within_extent(np.ones((2, 3, 25, 3), np.float32), np.zeros((2, 3, 25), bool))
    np.testing.assert_array_equal(found, 0)


@pytest.mark.parametrize("layout", [NTU_25, KINETICS_18, SHREC_22])
def test_shifted_and_scaled_along_each_axis_it_is_the_same_input(layout):
    """That the public code centres and scales at random before makes no difference."""
    rng = np.random.default_rng(3)
    joints = rng.normal(0, 0.5, (6, len(layout), layout.coordinates)).astype(np.float32)
    seen = np.ones((6, len(layout)), np.float32)
    seen[2, 4] = 0.1  # less than min_confidence
    options = OPTIONS.model_copy(update={"streams": ("joint", "bone", "joint_motion"), "confidence": True})
    plain = network_input(joints, seen, layout, options)
    assert plain.shape == (channels(layout, options), 6, len(layout))
    assert plain[: layout.coordinates].min() == -1 and plain[: layout.coordinates].max() == 1
    factor, shift = rng.uniform(0.5, 1.5, layout.coordinates), rng.uniform(-2, 2, layout.coordinates)
    moved = network_input((joints * factor + shift).astype(np.float32), seen, layout, options)
    np.testing.assert_allclose(moved, plain, atol=1e-5)


def test_a_joint_too_unsure_to_be_seen_does_not_tell_the_extent():
    joints = np.random.default_rng(4).normal(0, 0.5, (1, 5, 25, 3)).astype(np.float32)
    confidence = np.ones((1, 5, 25), np.float32)
    confidence[0, 3, 7] = 0.1
    plain, seen = placed(joints, confidence, NTU_25, OPTIONS)
    joints[0, 3, 7] = 50
    far, _ = placed(joints, confidence, NTU_25, OPTIONS)
    np.testing.assert_array_equal(far, plain)
    assert not seen[0, 3, 7] and not far[0, 3, 7].any()


def window(joints: np.ndarray) -> SkeletonSequence:
    times = np.linspace(0, 3, len(joints))
    return SkeletonSequence(joints[None], np.ones((1, *joints.shape[:2])), times, NTU_25)


def test_weights_of_this_origin_are_used_live():
    card = Recognizer.untrained("ntu-25").card.model_copy(update={"preprocessing": OPTIONS})
    recognizer = Recognizer.of(weights.build_network(card), card)
    joints = np.random.default_rng(5).normal(0, 0.5, (32, 25, 3)).astype(np.float32)
    other = joints[::-1].copy()
    here, there, otherwise = recognizer.predict(
        [window(joints), window(joints * 1.3 + [0.4, 0, 3]), window(other)]
    )
    np.testing.assert_allclose(there.probabilities, here.probabilities, atol=1e-5)
    assert np.abs(otherwise.probabilities - here.probabilities).max() > 1e-5
