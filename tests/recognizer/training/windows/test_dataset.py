"""Batches of random windows, and the windows of a clip."""

from __future__ import annotations

import numpy as np
import torch

from pose.layouts import KINETICS_18, NTU_25
from recognizer.data.augment.moments import interpolated
from recognizer.data.views import slower
from recognizer.training.windows.dataset import RandomWindows, clip_windows, sampling_weights
from recognizer.windows import window_times
from tests.recognizer.training.windows.window_runs import SMALL, config


def test_batches_depend_on_seed_and_number_only(examples):
    first, second = (RandomWindows(examples, SMALL.labels, config()) for _ in range(2))
    stream = iter(first)
    for number in range(3):
        for a, b in zip(next(stream), second.batch(number), strict=True):
            assert torch.equal(a, b)
    resumed = iter(RandomWindows(examples, SMALL.labels, config(), first_batch=2))
    assert torch.equal(next(resumed)[0], second.batch(2)[0])
    assert not torch.equal(second.batch(0)[0], second.batch(1)[0])
    other_seed = RandomWindows(examples, SMALL.labels, config(seed=2))
    assert not torch.equal(second.batch(0)[0], other_seed.batch(0)[0])


def test_shape_and_targets_of_a_batch(examples):
    windows, targets = RandomWindows(examples, SMALL.labels, config(batch_size=64)).batch(0)
    assert windows.shape == (64, 3, 16, 18, 1)
    assert (windows.dtype, targets.dtype) == (torch.float32, torch.bool)
    assert targets.shape == (64, len(SMALL.labels) + 1)
    assert set(targets.sum(1).tolist()) == {1}
    unknown = targets[:, -1]
    assert 0 < unknown.sum() < 64, "the last one is what shows none of the labels"


def test_sampling_by_hand(examples):
    few = [examples[0], examples[1], examples[1], examples[1]]  # one wave, three idle
    np.testing.assert_allclose(sampling_weights(few, 0.0, {"real_landmarks": 0.25}), [0.25] * 4)
    np.testing.assert_allclose(sampling_weights(few, 1.0, {}), [1 / 2, 1 / 6, 1 / 6, 1 / 6])
    for share in (0.0, 0.3):
        wanted = [(1 - share) / 2, *[(1 - share) / 6] * 3, share]
        weights_ = sampling_weights([*few, examples[-1]], 1.0, {"real_landmarks": share, "absent": 0.5})
        np.testing.assert_allclose(weights_, wanted)
    # Within a set with a share of its own, by length: 2.5 s and 3.0 s.
    only = sampling_weights([examples[0], examples[2]], 0.0, {"utd_mhad": 0.4})
    np.testing.assert_allclose(only, [2.5 / 5.5, 3.0 / 5.5])


def test_windows_of_a_clip(examples):
    of = examples[2]  # 3 s
    windows = clip_windows(of, KINETICS_18, 1.0, 16)
    np.testing.assert_allclose([window.timestamps[-1] for window in windows], np.linspace(1, 3, 9))
    wrist, shoulder = (KINETICS_18.index(f"right_{joint}") for joint in ("wrist", "shoulder"))
    for window in windows:
        assert window.layout is KINETICS_18 and window.joints.shape == (1, 16, 18, 2)
        x = window.joints[0, :, :, 0]
        assert (x[:, wrist] < x[:, shoulder]).all(), "seen from the sensor's own side"
    assert [window.joints.shape for window in clip_windows(of, NTU_25, 1.0, 16)] == 9 * [(1, 16, 25, 3)]


def test_a_slower_camera_keeps_every_second_frame(wave):
    clip = wave(2.0)
    slow = slower(clip, 15.0)
    np.testing.assert_allclose(slow.timestamps, np.arange(31) / 15)
    np.testing.assert_array_equal(slow.joints, clip.joints[:, ::2])
    times = window_times(2.0, 1.0, 16)
    np.testing.assert_allclose(interpolated(slow, times)[0], interpolated(clip, times)[0], atol=0.02)
    later = slower(clip, 10.0, phase=0.67)
    np.testing.assert_allclose(later.timestamps, np.arange(2, 61, 3) / 30, atol=1e-9)
    assert slower(wave(0.1), 1.0, phase=0.9).joints.shape[1] == 1
    np.testing.assert_array_equal(slower(clip, 90.0).timestamps, clip.timestamps)
