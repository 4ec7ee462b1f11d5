"""What changes while people are followed."""

from __future__ import annotations

import numpy as np
import pytest

from app.video.following import Following
from pose.layouts import KINETICS_18
from recognizer.smoothing import SmoothedLabel


def label(name: str | None, score: float = 0.9) -> SmoothedLabel:
    return SmoothedLabel(name, score, np.array([score]))


@pytest.fixture
def follow(fakes):
    """Follows one person who stands, with a label each 0.1 s, and gives (time, label, count) of events."""

    def run(labels, following=None):
        following = following or Following(KINETICS_18)
        events = []
        for step, name in enumerate(labels):
            shown = {} if name == "nothing yet" else {0: label(None if name == "none" else name)}
            events += following.update(step / 10, {0: fakes.pose()}, shown)
        return [(event.time, event.label, event.count) for event in events]

    return run


def test_each_change_is_told_once(follow):
    told = follow(["nothing yet"] * 3 + ["wave"] * 5 + ["none"] * 5 + ["wave"] * 2)
    assert told == [(0.3, "wave", None), (0.8, None, None), (1.3, "wave", None)]


def test_a_counted_action_begins_at_0_though_another_has_just_ended(follow):
    told = follow(["squat"] * 10 + ["arm_curl"] * 30)
    assert told == [(0.0, "squat", 0), (1.0, "arm_curl", 0)]


def test_two_people_are_told_apart_and_forgotten(fakes):
    following = Following(KINETICS_18)
    shown = {0: label("wave"), 4: label("squat")}
    both = {0: fakes.pose(), 4: fakes.pose(x=500)}
    first = following.update(0.0, both, shown)
    assert [(event.person, event.label) for event in first] == [(0, "wave"), (4, "squat")]
    assert following.count(4) == 0 and following.count(0) is None and following.count(7) is None
    assert following.update(0.5, {0: fakes.pose()}, shown) == []
    (gone,) = following.update(1.2, {0: fakes.pose()}, shown)
    assert (gone.person, gone.label, gone.score) == (4, None, 0.0)
    assert set(shown) == {0} and following.count(4) is None
    assert [(event.person, event.label) for event in following.leave(2.0)] == [(0, None)]
    assert following.leave(2.0) == []
