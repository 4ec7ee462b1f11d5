"""Mirrored clips and the other arm: left stays left where it must, and right right."""

from __future__ import annotations

import numpy as np
import pytest

from pose.layouts import KINETICS_18, NTU_25
from recognizer.data.augment.sides import mirrored, other_arm
from tests.recognizer.data.augment.draws import N


@pytest.mark.parametrize("layout", [NTU_25, KINETICS_18], ids=lambda layout: layout.name)
def test_mirroring_twice_gives_the_clip_back(layout):
    rng = np.random.default_rng(0)
    joints = rng.normal(size=(4, len(layout), layout.coordinates)).astype(np.float32)
    confidence = rng.random((4, len(layout))).astype(np.float32)
    once = mirrored(joints, confidence, layout)
    twice = mirrored(*once, layout)
    np.testing.assert_array_equal(twice[0], joints)
    np.testing.assert_array_equal(twice[1], confidence)
    assert not np.array_equal(once[0], joints)


def test_a_mirrored_right_hand_is_a_left_hand(wave):
    clip = wave()
    joints, _ = mirrored(clip.joints[0], clip.confidence[0], NTU_25)
    assert (joints[:, N("left_wrist"), 1] > joints[:, N("head"), 1]).all()
    assert (joints[:, N("right_wrist"), 1] < joints[:, N("right_shoulder"), 1]).all()
    assert (joints[:, N("left_shoulder"), 0] < joints[:, N("right_shoulder"), 0]).all(), (
        "still faces the sensor"
    )


def test_both_arms_wave_when_one_is_copied_onto_the_other(wave):
    clip = wave()
    joints = other_arm(clip.joints[0], ["wave"], NTU_25, np.random.default_rng(0))
    for name in ("wrist", "elbow", "hand"):
        right, left = joints[:, N(f"right_{name}")], joints[:, N(f"left_{name}")]
        np.testing.assert_allclose(left, right * [-1, 1, 1], atol=1e-5)  # the body stands upright at x = 0
    np.testing.assert_array_equal(joints[:, N("right_wrist")], clip.joints[0][:, N("right_wrist")])


def test_one_arm_rests_in_a_curl_with_one_arm(standing):
    times = np.arange(61) / 30
    joints = np.repeat(standing[None], len(times), 0)
    lift = 0.25 * (1 - np.cos(2 * np.pi * times))
    for side in ("left", "right"):
        joints[:, N(f"{side}_wrist"), 1] += lift
    result = other_arm(joints, ["arm_curl"], NTU_25, np.random.default_rng(0))
    moved = {side: np.ptp(result[:, N(f"{side}_wrist"), 1]) for side in ("left", "right")}
    assert sorted(moved.values()) == pytest.approx([0, 0.5], abs=1e-4)
    lowest = min(moved, key=moved.get)
    np.testing.assert_allclose(
        result[:, N(f"{lowest}_wrist")], np.repeat(standing[None, N(f"{lowest}_wrist")], 61, 0), atol=1e-5
    )


def test_other_actions_keep_their_arms(wave):
    joints = wave().joints[0]
    assert other_arm(joints, ["swipe_left"], NTU_25, np.random.default_rng(0)) is joints
