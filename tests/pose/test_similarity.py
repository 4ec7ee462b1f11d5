"""Which poses lie on one body, and which are no person."""

from __future__ import annotations

import numpy as np
import pytest

from pose.layouts import MEDIAPIPE_33
from pose.similarity import body_centre, body_size, distinct, is_person, same_body, similarity
from pose.skeleton import PersonPose
from tests.doubles import open_hand

FRAME = (640, 480)


def standing(x: float, size: float = 100.0, visibility: float = 1.0) -> PersonPose:
    """A person facing the camera, hips at (x, 300)."""
    points = np.zeros((33, 2))
    heights = {"shoulder": -1.0, "elbow": -0.5, "wrist": 0.0, "hip": 0.0, "knee": 0.9, "ankle": 1.8}
    for name in MEDIAPIPE_33.joints:
        side = 1 if name.startswith("left_") else -1 if name.startswith("right_") else 0
        height = next((value for part, value in heights.items() if name.endswith(part)), -1.4)
        width = 0.35 if height < 0 else 0.25
        points[MEDIAPIPE_33.index(name)] = (x + side * width * size, 300 + height * size)
    return PersonPose(points, np.zeros((33, 3)), np.full(33, visibility), FRAME)


def moved(pose: PersonPose, image: np.ndarray) -> PersonPose:
    return PersonPose(image, pose.world, pose.visibility, pose.frame_size)


def test_a_pose_is_like_itself_and_its_mirror_image() -> None:
    pose = standing(300)
    exchanged = moved(pose, pose.image[list(MEDIAPIPE_33.mirror)])
    assert similarity(pose, pose) == pytest.approx(1.0)
    assert similarity(pose, exchanged) == pytest.approx(1.0)


def test_similarity_is_relative_to_the_bodys_size() -> None:
    near = similarity(standing(300, 100), standing(320, 100))
    far = similarity(standing(300, 50), standing(310, 50))
    assert near == pytest.approx(far, abs=1e-5)
    assert similarity(standing(300), standing(310)) > near


def test_body_size_is_the_torso_in_pixels() -> None:
    assert body_size(standing(300, 80)) == pytest.approx(80)


def test_neighbours_are_two_bodies_and_jitter_is_one() -> None:
    assert not same_body(standing(250), standing(350))
    assert same_body(standing(250), standing(258))


def test_other_limbs_on_the_same_torso_are_the_same_body() -> None:
    pose = standing(300)
    image = pose.image.copy()
    image[13:23, 1] -= 150
    image[25:, 0] += 120
    assert similarity(pose, moved(pose, image)) < 0.5
    assert same_body(pose, moved(pose, image))


@pytest.mark.parametrize(
    "size, apart, expected",
    [(50, 50, True), (60, 60, True), (70, 60, False), (50, 70, False)],
)
def test_a_part_of_a_body_taken_for_a_whole_one_is_the_same_body(size, apart, expected) -> None:
    """Sizes and pixels between the centres, against a body of 100."""
    whole, part = standing(300, 100), standing(300 + apart, size)
    part = moved(part, part.image + (0, body_centre(whole)[1] - body_centre(part)[1]))
    assert np.linalg.norm(body_centre(part) - body_centre(whole)) == pytest.approx(apart)
    assert similarity(whole, part) < 0.5
    assert same_body(whole, part) is same_body(part, whole) is expected


def test_distinct_keeps_the_more_visible_of_two_on_one_body() -> None:
    clear, vague, other = standing(200, visibility=0.9), standing(204, visibility=0.5), standing(450)
    assert {id(pose) for pose in distinct([vague, clear, other])} == {id(clear), id(other)}


@pytest.mark.parametrize(
    "pose, expected",
    [
        (standing(300), True),
        (standing(300, size=12), False),
        (standing(300, visibility=0.1), False),
        (standing(2000), False),
        (moved(standing(300), np.full((33, 2), np.nan)), False),
    ],
)
def test_what_cannot_be_a_person(pose: PersonPose, expected: bool) -> None:
    assert is_person(pose) is expected


def turned(hand: PersonPose, across: float, along: float) -> PersonPose:
    """The hand as a camera sees it that is not in front of it: narrower or shorter about the wrist."""
    image = hand.image[0] + (hand.image - hand.image[0]) * (across, along)
    return PersonPose(image, hand.world, hand.visibility, FRAME, hand.layout)


def test_the_size_of_a_hand_is_that_of_its_palm() -> None:
    assert body_size(open_hand(palm=90)) == pytest.approx(81, rel=0.05)
    assert body_size(open_hand(palm=90, curl=1)) == body_size(open_hand(palm=90))
    # From its edge the length is seen, pointing at the camera the width.
    assert body_size(turned(open_hand(palm=90), 0.1, 1)) == pytest.approx(80, rel=0.05)
    assert body_size(turned(open_hand(palm=90), 1, 0.1)) == pytest.approx(79, rel=0.05)


def test_the_centre_of_a_hand_is_in_its_palm() -> None:
    x, y = body_centre(open_hand(wrist=(320, 400), palm=90))
    assert abs(x - 320) < 20 and 310 < y < 400


def test_one_hand_found_twice_is_kept_once_and_two_hands_are_two() -> None:
    hand, again, other = open_hand(), open_hand(wrist=(324, 397), palm=86), open_hand(wrist=(150, 400))
    assert len(distinct([hand, again, other])) == 2
    assert not same_body(hand, other)
    # Side by side, thumb to thumb.
    assert not same_body(open_hand(wrist=(260, 400)), open_hand(wrist=(360, 400)))


@pytest.mark.parametrize(
    "hand, expected",
    [(open_hand(), True), (open_hand(palm=12), False), (open_hand(wrist=(2000, 300)), False)],
)
def test_what_cannot_be_a_hand(hand: PersonPose, expected: bool) -> None:
    assert is_person(hand) is expected


@pytest.mark.parametrize("joints, expected", [((0, 5, 17), True), ((0, 11, 12), False)])
def test_the_palm_tells_whether_a_hand_is_seen(joints, expected) -> None:
    """Wrist and knuckles; 11 and 12 are shoulders of a body, and the tip of a hand's middle finger."""
    hand, visibility = open_hand(), np.zeros(21)
    visibility[list(joints)] = 1
    assert is_person(PersonPose(hand.image, hand.world, visibility, FRAME, hand.layout)) is expected
