"""What is loaded in advance: not while a page opens, once, and for the first who asks."""

from __future__ import annotations

import asyncio
import gc
import threading
import time

from app.core.catalogue import Catalogue
from app.web.gradio_import import all_stays
from app.web.warming import FirstEstimator, Visits, warm_up
from pose.layouts import MEDIAPIPE_33, MEDIAPIPE_HAND_21
from recognizer.predictor import Recognizer


class Made:
    """An estimator that only knows what it was made for."""

    def __init__(self, landmarks) -> None:
        self.landmarks, self.closed = landmarks, False

    def close(self) -> None:
        self.closed = True


async def nothing(scope, receive, send) -> None:
    return


def ask(visits: Visits) -> None:
    asyncio.run(visits({"type": "http"}, None, None))


def test_it_waits_until_nothing_is_asked():
    visits = Visits(nothing)
    asked: list[tuple[float, float]] = []

    def page() -> None:
        for _ in range(5):
            before = time.monotonic()
            ask(visits)
            asked.append((before, time.monotonic()))
            time.sleep(0.1)

    opening = threading.Thread(target=page)
    opening.start()
    visits.wait_for_quiet(quiet=0.4, patience=30)
    quiet = time.monotonic()
    opening.join()  # on a machine that stands still the page may be late, and ask again
    assert quiet - max((before for before, after in asked if after <= quiet), default=0.0) >= 0.4


def test_it_does_not_wait_for_ever():
    visits = Visits(nothing)
    end = threading.Event()

    def never_quiet() -> None:
        while not end.wait(0.02):
            ask(visits)

    asking = threading.Thread(target=never_quiet)
    asking.start()
    visits.wait_for_quiet(quiet=5, patience=0.3)
    end.set()
    asking.join()


def test_the_first_session_gets_what_was_made_in_advance():
    made = []
    estimators = FirstEstimator(lambda landmarks: made.append(Made(landmarks)) or made[-1])
    catalogue = Catalogue.of({"own": Recognizer.untrained()})
    visits = Visits(nothing)
    visits.wait_for_quiet = lambda: None
    warm_up(catalogue, visits, estimators)
    assert [each.landmarks for each in made] == [MEDIAPIPE_33]
    assert estimators(MEDIAPIPE_33) is made[0]
    assert estimators(MEDIAPIPE_33) is made[1], "the next one gets another"
    assert not any(each.closed for each in made)


def test_none_is_made_in_advance_for_whoever_came_before():
    made = []
    estimators = FirstEstimator(lambda landmarks: made.append(Made(landmarks)) or made[-1])
    estimators(MEDIAPIPE_33)
    estimators.prepare(MEDIAPIPE_33)
    assert len(made) == 1


def test_one_of_the_wrong_kind_is_closed():
    estimators = FirstEstimator(Made)
    estimators.prepare(MEDIAPIPE_33)
    body = estimators._prepared[1]
    hand = estimators(MEDIAPIPE_HAND_21)
    assert hand.landmarks is MEDIAPIPE_HAND_21
    assert body.closed and not hand.closed


def test_who_asks_while_it_is_made_waits_for_it():
    begun, go_on = threading.Event(), threading.Event()
    made = []

    def slow(landmarks) -> Made:
        begun.set()
        go_on.wait(10)
        made.append(Made(landmarks))
        return made[-1]

    estimators = FirstEstimator(slow)
    preparing = threading.Thread(target=estimators.prepare, args=(MEDIAPIPE_33,))
    preparing.start()
    begun.wait(10)
    threading.Timer(0.1, go_on.set).start()
    assert estimators(MEDIAPIPE_33) is made[0]
    preparing.join()
    assert len(made) == 1


def test_objects_that_stay_are_not_looked_at_and_others_are_again():
    assert gc.isenabled()
    before = gc.get_freeze_count()
    with all_stays():
        assert not gc.isenabled()
        kept = [[] for _ in range(1000)]
    assert gc.isenabled()
    assert gc.get_freeze_count() >= before + len(kept)
    gc.unfreeze()
