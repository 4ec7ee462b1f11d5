"""What is told of recordings, against plain loops over the lessons."""

from __future__ import annotations

import numpy as np
import pytest

from recognizer.own.collection import NOTHING
from recognizer.own.judging import reports_of
from recognizer.own.learner import Lesson
from recognizer.own.looks import Look
from tests.recognizer.own.motions import recording

LOOK = Look.at(recording("raise", 2.0, 0))


def lessons_of(seed: int) -> list[Lesson]:
    """Up to six actions, of one to six recordings each, some of which look like another action."""
    rng = np.random.default_rng(seed)
    centres, lessons = rng.normal(size=(6, 20)), []
    centres[1] = centres[0]  # "a" and "b" are the same but for chance
    for action, centre in zip(("a", "b", "c", "d", "e", NOTHING), centres, strict=True):
        for number in range(rng.integers(1, 7)):
            like = centres[rng.integers(6)] if rng.random() < 0.5 else centre
            embeddings = like * rng.choice([1.0, 1.0, 8.0]) + rng.normal(size=(5, 20)) * rng.uniform(0.2, 1)
            lessons.append(Lesson(action, str(number), embeddings, np.zeros((5, 3)), ("wave", "")))
    return lessons


def mean(lessons: list[Lesson]) -> np.ndarray:
    both = np.mean([lesson.embeddings.mean(0) for lesson in lessons], 0)
    return both / np.linalg.norm(both)


def fit_and_odd(this: Lesson, lessons: list[Lesson]) -> tuple[float | None, bool]:
    others = [each for each in lessons if each.action == this.action and each is not this]
    if not others:
        return None, False
    fit = float(mean([this]) @ mean(others))
    rest = {each.action for each in lessons} - {this.action}
    nearest = max(mean([this]) @ mean([each for each in lessons if each.action == name]) for name in rest)
    far = False
    if len(others) > 1:
        least = min(mean([each]) @ mean([o for o in others if o is not each]) for each in others)
        far = fit < least - max(0.15, 0.5 * (1 - least))
    return fit, bool(far or nearest > fit + 0.05)


@pytest.mark.parametrize("seed", range(20))
def test_fits_oddness_and_likeness_are_those_of_the_plain_loops(seed: int):
    lessons = lessons_of(seed)
    reports = reports_of([(each.action, each.name, LOOK) for each in lessons], lessons)
    names = sorted({each.action for each in lessons})
    assert [report.name for report in reports] == names
    for report in reports:
        own = [each for each in lessons if each.action == report.name]
        for row, lesson in zip(report.recordings, own, strict=True):
            fit, odd = fit_and_odd(lesson, lessons)
            assert row.fit == (None if fit is None else pytest.approx(fit, abs=1e-6)) and row.odd == odd
        like = []
        for other in set(names) - {report.name, NOTHING} if report.name != NOTHING else ():
            theirs = mean([each for each in lessons if each.action == other])
            mixed = sum(mean([each]) @ theirs > mean([each]) @ mean(own) for each in own)
            if mixed > 0.5 * len(own):
                like.append(f"Very like {other}: {mixed} of {len(own)} recordings are nearer to it.")
        assert sorted(hint for hint in report.hints if hint.startswith("Very like ")) == sorted(like)


def test_these_people_are_odd_and_alike_at_times():
    """The loops above compare something."""
    lessons = [lessons_of(seed) for seed in range(20)]
    reports = [r for each in lessons for r in reports_of([(o.action, o.name, LOOK) for o in each], each)]
    odd = [row.odd for report in reports for row in report.recordings]
    assert 50 < sum(odd) < len(odd) - 50
    assert sum("Very like" in hint for report in reports for hint in report.hints) > 3


def test_by_hand_one_of_four_is_odd():
    """Three are the same; the fourth, a large one, has a cosine of 0.8 to them, and 0.85 is the limit."""
    places = [(1, 0), (1, 0), (1, 0), (2.4, 1.8)]
    lessons = [
        Lesson("a", str(number), np.array([place], float), np.zeros((1, 3)))
        for number, place in enumerate(places)
    ]
    (report,) = reports_of([("a", each.name, LOOK) for each in lessons], lessons)
    assert [row.odd for row in report.recordings] == [False, False, False, True]
    assert report.recordings[3].fit == pytest.approx(0.8)
