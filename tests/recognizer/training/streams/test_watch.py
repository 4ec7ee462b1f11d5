"""A recogniser that looks at one wrist watches streams whose every label can be foretold."""

from __future__ import annotations

import numpy as np
import pytest

from pose.layouts import KINETICS_18
from pose.skeleton import SkeletonSequence
from recognizer.data.views import slower
from recognizer.prediction import Prediction
from recognizer.predictor import WindowRecognizer, untrained_card
from recognizer.smoothing import Steadiness
from recognizer.training.streams.truth import Shown
from recognizer.training.streams.watch import Answers, steadied, watch
from recognizer.windows import LIVE_RATE

CLASSES = ("idle", "raise")
WRIST = KINETICS_18.index("right_wrist")
RAW = Steadiness(time_constant=0, hold=0, margin=0, release=0)


class ByTheWrist(WindowRecognizer):
    """Sure of "raise" where the wrist is above 0 (y down) at the end of the window, else of "idle"."""

    def __init__(self) -> None:
        super().__init__(untrained_card(classes=CLASSES, frames=31))
        self.windows: list[SkeletonSequence] = []

    def predict(self, windows, attention=False):
        self.windows += windows
        result = []
        for window in windows:
            up = float(window.joints[0, -1, WRIST, 1] < 0)
            result.append(Prediction(np.array([1 - up, up], np.float32), CLASSES, 0.0, 0.0))
        return result


def raised(*spans: tuple[float, float], seconds: float = 10.0, fps: float = 30.0, unseen=()):
    """Somebody whose wrist is up within some spans, their ends excluded, and unseen within others."""
    times = np.arange(round(seconds * fps) + 1) / fps
    joints = np.ones((1, len(times), 18, 2), np.float32)
    confidence = np.ones((1, len(times), 18), np.float32)
    for start, end in spans:
        joints[:, (times > start - 1e-6) & (times < end - 1e-6), WRIST, 1] = -1
    for start, end in unseen:
        confidence[:, (times > start - 1e-6) & (times < end - 1e-6)] = 0
    return SkeletonSequence(joints, confidence, times, KINETICS_18)


def stretches(shown: tuple[Shown, ...]) -> list[tuple[str | None, float, float]]:
    return [(each.label, round(each.start, 3), round(each.end, 3)) for each in shown]


def watched(recognizer: ByTheWrist, sequence: SkeletonSequence, **options) -> Answers:
    """Six windows a second are counted more easily than live use's."""
    return watch(recognizer, sequence, rate=6.0, **options)


def test_windows_end_six_times_a_second_from_the_first_second_on():
    """The second one comes with the next frame: the beat starts with the first, as in the live engine."""
    answers = watched(ByTheWrist(), raised())
    np.testing.assert_allclose(answers.ends, np.insert(1 + np.arange(55) / 6, 1, 1 + 1 / 30), atol=1e-9)
    np.testing.assert_allclose(answers.seen[:-1], answers.ends[:-1] + 1 / 30, atol=1e-9)
    assert answers.seen[-1] == answers.end == 10.0 and answers.start == 0.0
    assert answers.probabilities.shape == (56, 2)


@pytest.mark.parametrize(("fps", "rate"), [(15.0, 6.0), (10.0, 6.0), (4.0, 4.0)])
def test_the_rate_of_labels_is_that_asked_for_or_of_the_frames(fps: float, rate: float):
    answers = watched(ByTheWrist(), slower(raised(seconds=20.0), fps))
    assert len(answers.ends) == pytest.approx(19 * rate, abs=2)
    frames = np.arange(20 * fps + 1) / fps
    assert np.abs(answers.ends[:, None] - frames).min(1).max() < 0.02, "windows end with a frame"


def test_unasked_the_rate_is_that_of_live_use():
    assert len(watch(ByTheWrist(), raised(seconds=21.0)).ends) == pytest.approx(20 * LIVE_RATE, abs=2)


def test_windows_hold_the_last_seconds_and_at_the_start_less():
    recognizer = ByTheWrist()
    watched(recognizer, raised())
    first, *_, last = (each for each in recognizer.windows if round(float(np.ptp(each.timestamps)), 6) == 3.0)
    assert (first.timestamps[0], first.timestamps[-1]) == (-2.0, 1.0)
    assert first.joints.shape == (1, 31, 18, 2)
    seen = first.confidence[0].any(1)
    assert not seen[first.timestamps < -0.55].any() and seen[first.timestamps > -0.45].all()
    assert (last.timestamps[0], last.timestamps[-1]) == (7.0, 10.0)
    assert (last.confidence > 0).all()


class ByTheShare(ByTheWrist):
    """Sure of "raise" in so far as the wrist is above 0 in the window."""

    def predict(self, windows, attention=False):
        self.windows += windows
        shares = [(window.joints[0, :, WRIST, 1] < 0).mean() for window in windows]
        return [Prediction(np.array([1 - up, up], np.float32), CLASSES, 0.0, 0.0) for up in shares]


@pytest.mark.parametrize("seconds", [3.0, 2.0])
def test_the_newest_half_counts_two_fifths(seconds: float):
    """Up since 5.0: at 6.0 a third of the last three seconds and two thirds of their newest half are up."""
    recognizer = ByTheShare()
    answers = watched(recognizer, raised((5.0, 10.0)), seconds=seconds)
    assert len(recognizer.windows) == 2 * len(answers.ends)
    spans = [round(float(np.ptp(window.timestamps)), 6) for window in recognizer.windows]
    assert spans.count(seconds) == spans.count(seconds / 2) == len(answers.ends)
    assert {window.joints.shape[1] for window in recognizer.windows} == {recognizer.frames}
    at = int(np.flatnonzero(np.isclose(answers.ends, 6.0, atol=0.02))[0])
    expected = 0.6 / seconds + 0.4 * min(2 / seconds, 1)
    assert answers.probabilities[at, 1] == pytest.approx(expected, abs=0.04)


def test_who_was_not_seen_in_the_newest_half_is_judged_by_the_whole():
    recognizer = ByTheShare()
    watched(recognizer, raised(unseen=[(4.0, 8.0)]), seconds=3.0)
    assert all(window.confidence.any() for window in recognizer.windows)


def test_windows_of_another_length():
    recognizer = ByTheWrist()
    answers = watched(recognizer, raised(), seconds=0.5)
    assert answers.ends[0] == pytest.approx(0.5), "the first label needs no more than a window"
    assert {round(float(np.ptp(window.timestamps)), 6) for window in recognizer.windows} == {0.5, 0.25}


def test_without_smoothing_the_wrist_is_named_with_the_frame_after_the_next_window():
    """Up from 3.0 on, where a window ends, until 5.1: the windows end at 5.0 and 5.167."""
    shown = steadied(watched(ByTheWrist(), raised((3.0, 5.1))), CLASSES, 0.5, RAW)
    assert stretches(shown) == [
        (None, 0.0, 1.033),
        ("idle", 1.033, 3.033),
        ("raise", 3.033, 5.2),
        ("idle", 5.2, 10.0),
    ]


def test_with_live_smoothing_the_label_waits_for_its_lead():
    """The windows from 3.0 on say "raise", by 1 - exp(-n / 1.2) after the nth: the first gives it 0.57.

    It leads by 0.13, more than the margin of 0.1. Back it takes as long.
    """
    shown = steadied(watched(ByTheWrist(), raised((3.0, 6.0))), CLASSES, 0.5)
    assert stretches(shown) == [
        (None, 0.0, 1.033),
        ("idle", 1.033, 3.033),
        ("raise", 3.033, 6.033),
        ("idle", 6.033, 10.0),
    ]


def test_smoothing_keeps_a_twitch_off_the_screen():
    """A wrist that is up for one window in the middle of rest, and down for one in that of the action."""
    twitching = watched(ByTheWrist(), raised((3.0, 3.1), (5.0, 7.0), (7.1, 9.0)))
    raw = [label for label, *_ in stretches(steadied(twitching, CLASSES, 0.5, RAW))]
    assert raw.count("raise") >= 2
    calm = [label for label, *_ in stretches(steadied(twitching, CLASSES, 0.5, Steadiness()))]
    assert calm == [None, "idle", "raise", "idle"]


def test_the_threshold_decides_on_what_is_named():
    answers = Answers(
        np.arange(4.0),
        np.arange(4.0) + 0.1,
        np.array([[0.6, 0.4], [0.6, 0.4], [0.1, 0.9], [0.1, 0.9]]),
        0.0,
        5.0,
    )
    assert stretches(steadied(answers, CLASSES, 0.5, RAW)) == [
        (None, 0.0, 0.1), ("idle", 0.1, 2.1), ("raise", 2.1, 5.0),
    ]  # fmt: skip
    assert stretches(steadied(answers, CLASSES, 0.8, RAW)) == [(None, 0.0, 2.1), ("raise", 2.1, 5.0)]
    assert stretches(steadied(answers, CLASSES, 0.95, RAW)) == [(None, 0.0, 5.0)]


def test_no_window_ends_where_the_person_is_not_seen():
    answers = watched(ByTheWrist(), raised(unseen=[(0.0, 2.0), (5.0, 6.0)]))
    assert answers.ends[0] == pytest.approx(3.0), "a second after the first sighting"
    assert not ((answers.ends > 5 - 1e-6) & (answers.ends < 6 - 1e-6)).any()
    assert len(answers.ends) == 1 + 12 + 2 + 24


def test_of_somebody_who_is_hardly_seen_nothing_is_shown():
    answers = watched(ByTheWrist(), raised(seconds=0.9))
    assert answers.probabilities.shape == (0, 2)
    assert stretches(steadied(answers, CLASSES, 0.5)) == [(None, 0.0, 0.9)]
