"""Which windows stand for a clip: by hand, and as properties of any clip."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pose.layouts import NTU_25
from recognizer.data.augment.strength import Augmentation
from recognizer.data.augment.window import training_window
from recognizer.data.clip import Clip
from recognizer.data.corpus import Example
from recognizer.preprocess import Preprocessing, network_input
from recognizer.windows import STEP, replayed, window_ends, window_times


@pytest.mark.parametrize(
    "start,end,wanted",
    [
        (0.0, 4.0, [3.0, 3.25, 3.5, 3.75, 4.0]),
        (0.0, 3.6, [3.0, 3.25, 3.5, 3.6]),
        (10.0, 13.3, [13.0, 13.25, 13.3]),
        (0.0, 3.0, [3.0]),
        (0.0, 1.2, [1.2]),
        (5.0, 5.0, [5.0]),
    ],
)
def test_ends_by_hand(start, end, wanted):
    np.testing.assert_allclose(window_ends(start, end, 3.0, step=0.25), wanted)


def test_a_rounding_error_makes_no_extra_window():
    assert len(window_ends(0.0, 0.1 * 3 + 2.7, 3.0)) == 1  # 3.0000000000000004
    assert len(window_ends(0.1, 3.85, 3.0, step=0.25)) == 4


@given(
    start=st.floats(-100, 100),
    duration=st.floats(0, 60),
    seconds=st.floats(0.5, 10),
    step=st.floats(0.05, 2),
)
def test_ends_cover_the_clip(start, duration, seconds, step):
    end = start + duration
    ends = window_ends(start, end, seconds, step)
    assert ends[-1] == end
    assert len(ends) == 1 or ends[0] == pytest.approx(start + seconds)
    assert (np.diff(ends) > -1e-6).all()
    assert (np.diff(ends) <= step * (1 + 1e-6) + 1e-6).all()
    if duration > seconds:
        assert (ends - seconds >= start - 1e-6).all(), "windows lie inside the clip"
        assert len(ends) <= (duration - seconds) / step + 2


def test_times_of_a_window():
    np.testing.assert_allclose(window_times(5.0, 3.0, 7), [2.0, 2.5, 3.0, 3.5, 4.0, 4.5, 5.0])
    assert STEP == 0.25


def counted(frames: int, first: int, held: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """A body whose joints tell the frame; not seen before ``first``, held still for ``held`` frames then."""
    joints = np.maximum(np.arange(frames, dtype=np.float32), first + held)[:, None, None].repeat(2, 1)
    confidence = np.ones((frames, 2), np.float32)
    confidence[:first] = 0
    return joints, confidence


def test_the_time_before_a_person_came_in_is_replayed():
    joints, confidence = replayed(*counted(8, first=2, held=1))
    assert joints[:, 0, 0].tolist() == [5, 6, 7, 3, 4, 5, 6, 7]
    assert confidence.all()


def test_a_loss_at_the_end_stays_one():
    joints, confidence = counted(8, first=3)
    confidence[6:] = 0
    replay, known = replayed(joints, confidence)
    assert replay[:, 0, 0].tolist() == [3, 4, 5, 3, 4, 5, 6, 7]
    assert known[:, 0].tolist() == [1, 1, 1, 1, 1, 1, 0, 0]


@pytest.mark.parametrize("first, held", [(0, 0), (7, 0), (8, 0), (2, 5)])
def test_nothing_is_replayed_where_nothing_is_missing_or_nothing_moves(first, held):
    joints, confidence = counted(8, first, held)
    for found, before in zip(replayed(joints, confidence), (joints, confidence), strict=True):
        np.testing.assert_array_equal(found, before)


def test_what_training_and_live_use_see_of_a_short_clip_is_replayed(wave):
    clip = wave(1.2)
    times = window_times(clip.timestamps[-1], 3.0, 32)
    window = clip.resample(times)
    plain, looped = (
        network_input(window.joints[0], window.confidence[0], NTU_25, Preprocessing(replay=replay))
        for replay in (False, True)
    )
    first = int(np.flatnonzero(times >= clip.timestamps[0])[0])
    np.testing.assert_allclose(looped[:3, first + 1 :], plain[:3, first + 1 :], atol=1e-5)
    assert plain[:3, : first - 5].std(1).max() < 1e-6 and looped[:3, :first].std(1).max() > 0.1
    assert looped[3].all()
    example = Example(Clip("clip", "utd_mhad", "wave", "s1", "train", clip), (0,), "train")
    still = Augmentation(
        speed=0, slow_camera=0, short=0, mirror=0, frontal_views=1, noise=0, slow_noise=0, drop_legs=0,
        close_up=0, desk=0, hide_seen=0, drop_arm=0, drop_joint=0, other_arm=0,
    )  # fmt: skip
    for seed in range(5):
        array, _ = training_window(
            example,
            NTU_25,
            ("wave",),
            3.0,
            32,
            Preprocessing(replay=True),
            still,
            np.random.default_rng(seed),
        )
        assert array[3, :-6].all()
