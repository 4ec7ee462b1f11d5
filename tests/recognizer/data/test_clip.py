"""What a clip's numbers can be."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from recognizer.data.clip import METRES, PICTURES, PIXELS, DataError, check_numbers, check_times

PATH = Path("clip.txt")


@pytest.mark.parametrize(
    "value, unit, said",
    [
        (np.nan, METRES, "not finite"),
        (-np.inf, METRES, "not finite"),
        (1e39, PIXELS, "not finite"),  # finite as float64 alone
        (-1e39, METRES, "not finite"),
        (1e30, METRES, "1e[+]30 metres"),
        (-51.0, METRES, "-51 metres"),
        (2e5, PIXELS, "2e[+]05 pixels"),
        (-10.5, PICTURES, "-10.5 pictures"),
    ],
)
def test_numbers_that_are_none_of_a_body(value: float, unit, said: str):
    joints = np.zeros((3, 5, 2))
    joints[1, 2, 1] = value
    with pytest.raises(DataError, match=f"clip.txt: .*{said}"):
        check_numbers(joints, unit, PATH)


@pytest.mark.parametrize("value", [-1.0, 7.0, -1e-3, 1.2, np.nan, np.inf, 1e39])
def test_confidences_that_are_none(value: float):
    confidence = np.ones((3, 5))
    confidence[2, 4] = value
    with pytest.raises(DataError, match="clip.txt: a confidence is .* must be in 0 to 1"):
        check_numbers(np.zeros((3, 5, 2)), METRES, PATH, confidence)


def test_real_extremes_pass():
    check_numbers(np.full((1, 2, 3), 5.1), METRES, PATH, np.array([[0.0, 1.023]]))
    check_numbers(np.full((1, 2, 2), -7000), PIXELS, PATH)
    check_numbers(np.full((1, 2, 2), 4.3, np.float16), PICTURES, PATH)
    check_times(np.array([5.0, 5.0, 65.0]), PATH)
    check_times(np.array([1e9, 1e9 + 1]), PATH)  # seconds of a clock


def test_a_clip_without_frames():
    with pytest.raises(DataError, match="clip.txt: the clip has no frames"):
        check_numbers(np.zeros((0, 5, 2)), METRES, PATH)


@pytest.mark.parametrize(
    "times, said",
    [
        ([0.0, np.nan], "not finite"),
        ([0.0, np.inf], "not finite"),
        ([0.0, 2.0, 1.0], "run backwards"),
        ([0.0, 1e9], "2 frames over 1e[+]09 s are no clip"),
        (np.linspace(0, 1, 20_000), "20000 frames over 1 s are no clip"),
    ],
)
def test_times_that_are_none_of_a_clip(times, said: str):
    with pytest.raises(DataError, match=f"clip.txt: .*{said}"):
        check_times(np.array(times), PATH)
