"""The clock of pictures, and landmarkers of several sessions at once."""

from __future__ import annotations

import threading

import numpy as np
import pytest

from pose import landmarkers
from pose.estimators import MediaPipePose
from pose.landmarkers import PEOPLE, ImageLandmarker, PictureClock

PICTURE = np.zeros((48, 64, 3), np.uint8)


def test_the_clock_follows_and_starts_at_zero():
    clock = PictureClock()
    assert [clock.advance(PICTURE, t) for t in (5.0, 5.04, 5.04, 3600)] == [True] * 4
    assert clock.now == 3_595_000


@pytest.mark.parametrize("times", [(0, 1e5), (0, 1e300), (-1e300, 0), (10, 5), (0, 1e300, 0, 1e300, 0)])
def test_a_leap_either_way_starts_anew_and_moves_on_by_a_millisecond(times: tuple[float, ...]):
    clock = PictureClock()
    assert [clock.advance(PICTURE, t) for t in times] == [True] + [False] * (len(times) - 1)
    assert clock.now == len(times) - 1


def test_mediapipe_takes_a_clock_that_leaps_for_ever():
    with MediaPipePose() as estimator:
        for number in range(40):
            assert estimator.estimate(PICTURE, (number % 2) * 1e300) == []


def test_one_session_does_not_wait_for_the_picture_of_another(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(landmarkers, "_seen", set())
    one, two = ImageLandmarker(PEOPLE, 1), ImageLandmarker(PEOPLE, 1)
    inside, go_on = threading.Event(), threading.Event()
    detect = one._native.detect

    class Slow:
        def detect(self, picture):
            inside.set()
            assert go_on.wait(20)
            return detect(picture)

        close = one._native.close

    one._native = Slow()
    thread = threading.Thread(target=one.find, args=(PICTURE,))
    thread.start()
    try:
        assert inside.wait(20)
        other = threading.Thread(target=two.find, args=(PICTURE,), daemon=True)
        other.start()
        other.join(20)
        assert not other.is_alive(), "it waits although nobody has been found yet"
    finally:
        go_on.set()
        thread.join(20)
        one.close()
        two.close()
