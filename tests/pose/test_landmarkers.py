"""The clock of pictures, and landmarkers of several sessions at once."""

from __future__ import annotations

import threading
import weakref

import numpy as np
import pytest

from app.drawing.example_clip import render
from pose import estimators, landmarkers
from pose.estimators import MediaPipePose
from pose.landmarkers import PEOPLE, ImageLandmarker, PictureClock, VideoLandmarker, shared_landmarker

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


class Counted:
    """Stands for a landmarker; ``made`` and ``open`` count."""

    made = open = 0

    def __init__(self, *_: object) -> None:
        Counted.made += 1
        Counted.open += 1

    def close(self) -> None:
        Counted.open -= 1


def test_sessions_share_a_landmarker_until_the_last_of_them_leaves(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(Counted, "made", 0)
    monkeypatch.setattr(Counted, "open", 0)
    monkeypatch.setattr(landmarkers, "ImageLandmarker", Counted)
    monkeypatch.setattr(landmarkers, "_shared", {})
    first, second, other = (shared_landmarker(PEOPLE, most) for most in (2, 2, 1))
    with first as one:
        with second as two, other as three:
            assert one is two and three is not one
            assert (Counted.made, Counted.open) == (2, 2)
        assert Counted.open == 1, "one session still uses it"
    assert Counted.open == 0
    with shared_landmarker(PEOPLE, 2):
        assert (Counted.made, Counted.open) == (3, 1), "a closed one is not given out"


def test_a_second_persons_landmarker_is_made_when_there_is_one(monkeypatch: pytest.MonkeyPatch):
    made = []
    create = landmarkers._create
    monkeypatch.setattr(landmarkers, "_create", lambda *task: (made.append(task), create(*task))[1])
    with MediaPipePose() as estimator:
        for number in range(30):
            estimator.estimate(PICTURE, number / 30)
        assert len(made) == 2, "the first person's, and the one that searches"


def test_the_landmarker_of_a_second_person_goes_after_them(monkeypatch: pytest.MonkeyPatch):
    open_ones: list[VideoLandmarker] = []

    class Listed(VideoLandmarker):
        def __init__(self, *task: object) -> None:
            super().__init__(*task)
            open_ones.append(self)

        def close(self) -> None:
            open_ones.remove(self)
            super().close()

    monkeypatch.setattr(estimators, "VideoLandmarker", Listed)
    figure = render(0.0)
    both, alone = (np.hstack([figure, other]) for other in (figure[:, ::-1], np.zeros_like(figure)))
    with MediaPipePose() as estimator:
        assert len(estimator.estimate(both, 0.0)) == 2
        for second in range(1, 11):
            assert len(estimator.estimate(alone, second)) == 1
            assert len(open_ones) == 2, "they may come back"
        estimator.estimate(alone, 11.1)
        assert len(open_ones) == 1
        found = [len(estimator.estimate(both, 12 + moment)) for moment in range(6)]
        assert found[-1] == 2
    assert not open_ones


@pytest.mark.parametrize(("kind", "most"), [(VideoLandmarker, 1), (ImageLandmarker, 2)])
def test_one_that_is_closed_takes_nothing_though_somebody_holds_it(kind: type, most: int):
    """MediaPipe frees its threads and its 70 MB with the last one who holds the landmarker."""
    landmarker = kind(PEOPLE, most)
    native = weakref.ref(landmarker._native)
    landmarker.close()
    assert native() is None
