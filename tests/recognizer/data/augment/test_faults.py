"""Noise and lost joints: as much as asked for, and never where nothing was seen."""

from __future__ import annotations

import numpy as np
import pytest

from pose.layouts import NTU_25
from pose.skeleton import SkeletonSequence
from recognizer.data.augment.faults import noisy
from recognizer.data.augment.strength import Augmentation
from tests.recognizer.data.augment.draws import NONE, K, N, example, window


@pytest.mark.parametrize("origin, torso", [("torso", 1.0), ("first", 1.0), ("spine", 0.5)])
def test_noise_is_in_torso_lengths_and_on_what_is_seen_alone(standing, origin, torso):
    """Of a body that stands still, 0.5 m from the hips to the shoulders."""
    still = SkeletonSequence(
        np.repeat(standing[None], 300, 0)[None], np.ones((1, 300, 25)), np.arange(300) / 30, NTU_25
    )
    noisy = NONE.model_copy(update={"noise": 0.1, "drop_legs": 1.0})
    found = []
    for seed in range(40):
        array, _ = window(example(still, "wave"), NTU_25, seed, noisy, origin=origin)
        assert not array[:, :, N("left_ankle")].any()
        seen = array[-1, :, N("right_shoulder")] > 0
        found.append(array[:3, seen, N("right_shoulder")].std(1).mean())
    # Up to a tenth of a torso, evenly.
    assert np.mean(found) == pytest.approx(0.05 * torso, rel=0.25)
    assert max(found) < 0.13 * torso


def test_dropped_legs_are_zero_and_marked(wave):
    always = Augmentation(drop_legs=1.0, close_up=0, hide_seen=0, drop_arm=0, drop_joint=0)
    ankles_only = 0
    for seed in range(30):
        array, _ = window(example(wave(), "wave"), seed=seed, augmentation=always)
        ankles = [K("left_ankle"), K("right_ankle")]
        knees = [K("left_knee"), K("right_knee")]
        assert not array[:, :, ankles].any()
        ankles_only += bool(array[:, :, knees].any())
        assert array[2, :, K("neck")].any()
    assert 0 < ankles_only < 30


def test_dropped_arm_and_joints(wave):
    array, _ = window(example(wave(), "wave"), augmentation=NONE.model_copy(update={"drop_arm": 1.0}))
    gone = [not array[:, :, [K(f"{side}_elbow"), K(f"{side}_wrist")]].any() for side in ("left", "right")]
    assert sorted(gone) == [False, True]
    array, _ = window(example(wave(), "wave"), augmentation=NONE.model_copy(update={"drop_joint": 1.0}))
    assert not array.any()


def test_a_close_up_shows_only_the_upper_body(wave):
    always = NONE.model_copy(update={"close_up": 1.0})
    hands = 0
    for seed in range(16):
        array, _ = window(example(wave(), "walk"), seed=seed, augmentation=always)
        below = [K(f"{side}_{joint}") for side in ("left", "right") for joint in ("hip", "knee", "ankle")]
        assert not array[:, :, below].any()
        assert array[2, :, [K("nose"), K("neck"), K("left_shoulder")]].any(1).all()
        hands += bool(array[:, :, K("right_wrist")].any())
    assert 0 < hands < 16, "now and then the hands are below the picture's edge too"


def test_what_the_arms_tell_has_a_close_view_of_its_own(wave):
    close = NONE.model_copy(update={"close_up": 1.0})
    desk = NONE.model_copy(update={"desk": 1.0})
    knee = K("left_knee")
    for label in ("wave", "idle"):
        assert window(example(wave(), label), augmentation=close)[0][:, :, knee].any()
        assert not window(example(wave(), label), augmentation=desk)[0][:, :, knee].any()
        spatial = window(example(wave(), label), NTU_25, augmentation=desk)[0]
        assert not spatial[:, :, NTU_25.index("left_knee")].any()
        assert spatial[:, :, NTU_25.index("right_wrist")].any()
    assert window(example(wave(), "walk"), augmentation=desk)[0][:, :, knee].any(), "legs tell a walk"


def test_slow_noise_goes_straight_from_one_of_four_errors_to_the_next():
    options = NONE.model_copy(update={"slow_noise": 0.1})
    still = np.zeros((31, 5, 2))
    found = [noisy(still, 1.0, options, np.random.default_rng(seed)) for seed in range(300)]
    for each in found:
        bends = np.abs(np.diff(each, 2, axis=0)).max((1, 2)) > 1e-12
        assert set(np.flatnonzero(bends) + 1) <= {10, 20} and bends.any()
    # Normal, of a deviation that is itself even up to 0.1: a square of 0.1^2 / 3 in the mean.
    assert np.mean([each[0] ** 2 for each in found]) == pytest.approx(0.01 / 3, rel=0.2)
    assert np.mean([each[-1] ** 2 for each in found]) == pytest.approx(0.01 / 3, rel=0.2)
    for each in (noisy(still, 0.0, options, np.random.default_rng(0)),):
        assert not each.any()
