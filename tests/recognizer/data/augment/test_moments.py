"""Pieces of clips: as long as asked for, and between frames as resampling says."""

from __future__ import annotations

import numpy as np
import pytest

from pose.layouts import NTU_25
from pose.skeleton import MAX_GAP
from recognizer.data.augment.moments import interpolated
from recognizer.data.augment.strength import Augmentation
from recognizer.windows import window_times
from tests.recognizer.data.augment.draws import NONE, K, example, window


def test_of_somebody_who_has_just_come_in_only_a_piece_is_seen(wave):
    of = example(wave(8.0), "wave")
    options = NONE.model_copy(update={"short": 1.0, "slow_camera": 0.0, "short_seconds": (0.7, 2.0)})
    known = []
    for seed in range(30):
        array, _ = window(of, NTU_25, seed, options)
        seen = array[-1].min(1) > 0
        first, last = np.flatnonzero(seen)[[0, -1]]
        assert seen[first : last + 1].all()
        known.append((last - first) * 3 / 31)
        hidden = array[:3, ~seen]
        if first:
            np.testing.assert_array_equal(hidden[:, 0], array[:3, first], "before it, the body stands still")
    # What is outside of the piece is bridged for half a second on either side, as live.
    assert 0.7 - 0.1 <= min(known) < 1.8 and 1.8 < max(known) <= 2.0 + 2 * MAX_GAP
    whole, _ = window(of, NTU_25, 0, NONE.model_copy(update={"slow_camera": 0.0}))
    assert whole[-1].all()


def test_of_an_action_that_begins_only_the_start_is_seen(wave):
    clip = wave(8.0)
    options = NONE.model_copy(update={"onset": 1.0, "slow_camera": 0.0, "short_seconds": (0.7, 2.0)})
    moving = []
    for seed in range(30):
        array, _ = window(example(clip, "wave"), NTU_25, seed, options)
        assert array[-1].all(), "somebody stood there before"
        begins = np.flatnonzero(np.abs(np.diff(array[:3], axis=1)).max((0, 2)) > 0)[0]
        moving.append((31 - begins) * 3 / 31)
        np.testing.assert_array_equal(array[:3, 0], array[:3, begins])
    assert 0.7 <= min(moving) + 0.1 and min(moving) < 1.0 and 1.7 < max(moving) <= 2.0 + 0.1


def test_speed_stretches_the_window(wave):
    fast = NONE.model_copy(update={"speed": 0.5})
    of = example(wave(20.0), "wave")

    def beats(augmentation: Augmentation, seed: int) -> int:
        x = window(of, seed=seed, augmentation=augmentation)[0][0, :, K("right_wrist")]
        return int((np.diff(np.sign(x - x.mean())) != 0).sum())

    plain = {beats(NONE, seed) for seed in range(20)}
    varied = {beats(fast, seed) for seed in range(20)}
    assert plain <= {8, 9, 10}  # 1.5 waves a second for 3 s cross their middle 9 times
    assert min(varied) < min(plain) and max(varied) > max(plain)


def test_interpolated_agrees_with_resample(wave):
    clip = wave(4.0, 12.0)
    times = window_times(3.71, 3.0, 32)
    joints, confidence = interpolated(clip, times)
    slow = clip.resample(times)
    np.testing.assert_allclose(joints, slow.joints[0], atol=1e-5)
    np.testing.assert_array_equal(confidence, slow.confidence[0])


@pytest.mark.parametrize("end", [0.3, 1.0, 2.2, 3.4])
def test_interpolated_outside_the_clip_agrees_with_resample(wave, end):
    clip = wave(2.0)
    times = window_times(end, 3.0, 32)
    joints, confidence = interpolated(clip, times)
    slow = clip.resample(times)
    np.testing.assert_allclose(joints, slow.joints[0], atol=1e-5)
    np.testing.assert_array_equal(confidence > 0, slow.confidence[0] > 0)
    outside = (times < -MAX_GAP - 1e-9) | (times > 2.0 + MAX_GAP + 1e-9)
    np.testing.assert_array_equal(confidence[:, 0] == 0, outside)


def test_interpolated_of_a_single_frame(wave):
    clip = wave(0.0)
    joints, confidence = interpolated(clip, np.array([-1.0, 0.0, 0.4]))
    np.testing.assert_array_equal(joints, np.repeat(clip.joints[0], 3, 0))
    assert (confidence > 0).all(1).tolist() == [False, True, True]
