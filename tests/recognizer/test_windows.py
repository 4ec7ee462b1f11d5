"""Which windows stand for a clip: by hand, and as properties of any clip."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recognizer.windows import STEP, window_ends, window_times


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
