"""What a page is told of a frame: little."""

from __future__ import annotations

import json

import numpy as np
import pytest

from app.live.view import LiveView, PersonAction
from app.web.answers import FARTHEST, UNIT, seen
from pose.skeleton import PersonPose
from recognizer.counting import Repetitions
from recognizer.prediction import LabelScore
from recognizer.weights import available
from tests.doubles import standing


def view(*persons: PersonAction) -> LiveView:
    return LiveView(
        timestamp=86_400.123456, persons=persons, pose_ms=18.123,
        total_ms=21.456, recognise_ms=103.7, label_age_ms=166.6, message="", history=(), warming=0.0,
    )  # fmt: skip


def test_two_people_with_the_longest_names_of_all_actions_need_less_than_two_kilobytes():
    classes = {label for card in available().values() for label in card.classes}
    longest = sorted(classes, key=len)[-5:]
    top = tuple(LabelScore(label, 0.123456) for label in longest)
    row = Repetitions(longest[-1], 12_345, 0.0, (0.0, 0.7123456))
    people = (
        PersonAction(
            number, longest[-1], 0.123456, top, standing(1920, 1080, 0.3 + number / 1000), 86_399.7, row
        )
        for number in (98, 99)
    )
    message = seen(view(*people), 86_400_123.4567)
    assert 1000 < len(message.encode()) < 2000


def test_landmarks_are_told_to_a_fraction_of_a_pixel_and_whoever_is_not_seen_has_none():
    pose = standing(3840, 2160)
    told = json.loads(seen(view(PersonAction(3, None, 0.0, (), pose), PersonAction(4, None, 0.0, ())), 5))
    first, second = told["persons"]
    places = np.reshape(first["points"], (33, 2)) / UNIT * [3840, 2160]
    np.testing.assert_allclose(places, pose.image, atol=0.2)
    assert second["points"] is second["visibility"] is second["since"] is second["count"] is None
    assert (told["captured"], told["pose_ms"]) == (5, 18.1)


@pytest.mark.parametrize("wild", [float("nan"), float("inf"), -1e30])
def test_landmarks_that_are_nowhere_make_no_broken_json(wild: float):
    image = standing(640, 480).image.copy()
    image[5] = wild
    pose = PersonPose(image, np.zeros((33, 3)), np.ones(33), (640, 480))
    told = json.loads(seen(view(PersonAction(0, None, 0.0, (), pose)), 0), parse_constant=pytest.fail)
    assert max(map(abs, told["persons"][0]["points"])) <= FARTHEST * UNIT
