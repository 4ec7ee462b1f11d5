"""Joints of a whole video, from which a timeline's repetitions are counted."""

from __future__ import annotations

import numpy as np
import pytest

from app.video import movements
from app.video.movements import Movements
from pose.layouts import KINETICS_18
from recognizer.smoothing import Segment
from tests.recognizer.test_counting import ABOVE_KNEES, figure, moves


def moved(starts: list[float], seconds: float, end: float, rate: float = 30) -> Movements:
    times = np.arange(0, end, 1 / rate)
    result = Movements(KINETICS_18)
    for time, joints in zip(times, figure(moves(starts, seconds, times), ABOVE_KNEES, 70, 1), strict=True):
        result.add(time, joints, np.ones(18))
    return result


@pytest.mark.parametrize("block", (7, 1024))
def test_each_segment_has_its_own(monkeypatch, block):
    monkeypatch.setattr(movements, "_BLOCK", block)
    found = moved([1, 3, 5, 12, 14, 21, 23, 25, 27], 2, 30).count(
        [Segment(0.8, 7.2, "squat", 0.9), Segment(11.9, 16.1, "squat", 0.9), Segment(21, 29, "squat", 0.9)]
    )
    assert [row.count for row in found] == [3, 2, 4]


def test_what_lies_between_two_segments_counts_once():
    found = moved([1 + 2 * i for i in range(8)], 2, 18).count(
        [Segment(0.8, 8.8, "squat", 0.9), Segment(9.1, 17.5, "lunge", 0.9)]
    )
    assert [(row.label, row.count) for row in found] == [("squat", 4), ("lunge", 4)]


def test_only_what_repeats():
    segments = [Segment(0.8, 7.2, "wave", 0.9), Segment(8, 9, None, 0.2), Segment(9.0, 9.9, "squat", 0.9)]
    still, nothing, squat = moved([1, 3, 5], 2, 10).count(segments)
    assert (still, nothing) == (None, None) and squat.count == 0
    assert [row.count for row in Movements(KINETICS_18).count(segments[2:])] == [0]


def test_fast_videos_need_no_more_room():
    assert len(moved([], 1, 4, rate=240)._newest) <= 90


def test_where_one_segment_follows_another_nothing_counts_twice():
    found = moved([1 + i for i in range(9)], 1, 11).count(
        [Segment(0.8, 5.75, "squat", 0.9), Segment(5.75, 10.2, "lunge", 0.9)]  # in the middle of one
    )
    assert [row.count for row in found] == [5, 4]
