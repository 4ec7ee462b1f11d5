"""What the engine keeps of time: when somebody is forgotten, when a label is old, how often it is asked."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from app.live import engine as module
from app.live.people import STALE
from app.live.person import KEPT_POSES, Person
from pose.layouts import KINETICS_18
from recognizer.smoothing import SmoothedLabel
from tests.app.conftest import standing_pose


@pytest.fixture
def play(live, monkeypatch: pytest.MonkeyPatch):
    """Plays frames by a clock of the test's own, which beats for the engines too; gives the views."""
    now = [100.0]
    monkeypatch.setattr(module, "time", SimpleNamespace(perf_counter=lambda: now[0]))

    def run(engine, stop: float, step: float = 0.1):
        views = []
        for time in np.arange(0, stop, step):
            now[0] = 100.0 + time
            views += live.run(engine, time, time + 0.05)
        return views

    return run


def test_somebody_who_left_has_an_action_for_a_second_and_is_forgotten_after_six(live, fakes):
    engine = live.engine(poses=lambda t: [fakes.pose()] if t < 3 else [])
    views = {round(view.timestamp, 1): view for view in live.run(engine, 0, 12)}
    last = 2.9
    assert views[last + STALE - 0.1].persons[0].label == "wave"
    assert views[last + STALE + 0.2].persons == ()
    assert KEPT_POSES == 6.0 and not engine._people


@pytest.mark.parametrize(("until", "known"), [(2.9 + 5.8, True), (2.9 + 6.2, False)])
def test_poses_are_kept_for_as_long_as_weights_may_need_them(live, fakes, until: float, known: bool):
    engine = live.engine(poses=lambda t: [fakes.pose()] if t < 3 else [])
    live.run(engine, 0, until)
    assert bool(engine._people) is known


def test_old_poses_go():
    person = Person(KINETICS_18, 2.0, ("wave",), 0.5)
    for time in np.arange(0, 20, 0.1):
        person.push(float(time), standing_pose())
    kept = [time for time, _ in person.poses]
    assert kept[-1] - kept[0] == pytest.approx(KEPT_POSES, abs=0.11)
    assert person.span == pytest.approx(KEPT_POSES, abs=0.11)


def test_what_is_done_many_times_is_counted():
    """Somebody goes down and up once in two seconds."""
    person = Person(KINETICS_18, 2.0, ("squat", "wave"), 0.5, repeating=("squat",))
    for time in np.arange(0, 11, 0.05):
        person.push(float(time), standing_pose(unit=40 + 8 * np.cos(np.pi * time)))
        label = "squat" if time > 1 else "wave"
        person.shown = SmoothedLabel(label, 0.9, np.array([0.1, 0.9]))
    row = person.repetitions
    assert row.label == "squat" and row.count == 5 and row.per_minute == pytest.approx(30, rel=0.05)
    person.shown = SmoothedLabel("wave", 0.9, np.array([0.1, 0.9]))
    assert person.repetitions is None, "the count of what was done before"


def test_the_next_who_gets_a_label_is_waited_for(live, fakes):
    """Two people, of whom the second comes half a second later."""
    engine = live.engine(poses=lambda t: [fakes.pose(160)] + ([fakes.pose(480)] if t >= 0.5 else []))
    views = live.run(engine, 0, 0.95)
    assert len(views[-1].persons) == 2
    assert views[-1].warming == pytest.approx(0.1, abs=0.01)


def test_labels_keep_their_beat_between_frames(live, play):
    """Eight a second are asked for; of frames 0.1 s apart not every second one, but four of five."""
    play(live.engine(label_rate=8), 11)
    asked = [window.timestamps[-1] for window in live.recognizer.windows]
    assert sum(1 <= time < 11 for time in asked) == pytest.approx(80, abs=2)


def test_a_label_begins_where_the_last_one_ends(live, fakes, play):
    recognizer = fakes.Recognizer(lambda end: "wave" if end < 4 else "clap")
    wave, clap = play(live.engine(recognizer, label_rate=2), 8)[-1].history
    assert (wave.label, clap.label) == ("wave", "clap")
    assert clap.start == wave.end


def test_between_two_frames_far_apart_a_label_begins_one_beat_ago(live, fakes, play):
    """Nobody knows what they did since the last frame; the label's window ended a beat ago at the most."""
    recognizer = fakes.Recognizer(lambda end: "wave" if end < 4 else "clap")
    wave, clap = play(live.engine(recognizer, label_rate=2), 12, 0.9)[-1].history
    assert clap.start == pytest.approx(wave.end + 0.9 - 0.5)
