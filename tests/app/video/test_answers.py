"""What windows' answers become for a whole video."""

from __future__ import annotations

import numpy as np
import pytest

from app.video.answers import Answers
from app.video.presence import Presence, Visit, Window
from pose.layouts import KINETICS_18

CLASSES = ("wave", "clap")


def somebody(person: int, *visits: tuple[float, float]) -> Presence:
    presence = Presence(person, KINETICS_18, 2.0, 16)
    presence.visits = [Visit(*visit) for visit in visits]
    return presence


def answers(*windows: tuple[int, int, float, float, float]) -> Answers:
    """Of (person, visit, start, end, probability of a wave)."""
    found = Answers(CLASSES, 0.5)
    for person, visit, start, end, wave in windows:
        found.add(Window(person, visit, start, end, False, None), np.array([wave, 1 - wave]))
    return found


def test_a_glimpse_tells_nothing_about_who_was_there_for_longer():
    glimpse = 0.4
    people = [somebody(0, (0, glimpse), (3, 6))]
    (person,) = answers((0, 0, 0, glimpse, 1.0), (0, 1, 3, 6, 0.1)).persons(people)
    assert {each.label: each.score for each in person.summary} == pytest.approx({"wave": 0.1, "clap": 0.9})
    assert [(s.label, s.start, s.end) for s in person.segments] == [("clap", 3, 6)]


def test_a_visit_that_is_no_glimpse_counts():
    people = [somebody(0, (0, 0.6), (3, 6))]
    (person,) = answers((0, 0, 0, 0.6, 1.0), (0, 1, 3, 6, 0.1)).persons(people)
    assert {each.label: each.score for each in person.summary} == pytest.approx({"wave": 0.55, "clap": 0.45})


def test_only_glimpses_are_better_than_nothing():
    people = [somebody(0, (0, 0.3), (3, 3.2))]
    (person,) = answers((0, 0, 0, 0.3, 0.9), (0, 1, 3, 3.2, 0.1)).persons(people)
    assert person.summary[0].label == "wave"


@pytest.mark.parametrize(("longest", "left_out"), [(20.0, True), (3.0, False)])
def test_a_passer_by_is_left_out_where_others_stay(longest: float, left_out: bool):
    passing = 0.9
    people = [somebody(0, (0, longest)), somebody(1, (1, 1 + passing))]
    found = answers((0, 0, 0, longest, 0.9), (1, 0, 1, 1 + passing, 0.9)).persons(people)
    assert [person.id for person in found] == ([0] if left_out else [0, 1])
