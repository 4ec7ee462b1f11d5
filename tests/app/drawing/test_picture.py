import json

import cv2
import numpy as np
import pytest

from app.drawing.limbs import FINGER_COLOURS, LEFT_COLOUR, RIGHT_COLOUR, limbs_for_page, limbs_of
from app.drawing.picture import PersonMark, annotate, label_text, person_colour
from pose.layouts import MEDIAPIPE_33, MEDIAPIPE_HAND_21
from pose.skeleton import PersonPose
from tests.doubles import open_hand


def grey(width, height):
    return np.full((height, width, 3), 80, np.uint8)


def changed(before, after):
    return np.argwhere((before != after).any(axis=2))


def at(picture, point):
    return tuple(int(c) for c in picture[round(point[1]), round(point[0])])


@pytest.mark.parametrize("size", [(640, 480), (480, 640), (16, 12), (1, 1), (3840, 2160), (1281, 719)])
def test_any_size_of_picture(fakes, size):
    width, height = size
    pose = fakes.pose(width / 2, height * 0.55, height / 6, size)
    picture = grey(*size)
    drawn = annotate(picture, [PersonMark(0, pose, "jumping jacks 92%")])
    assert drawn.shape == picture.shape and drawn.dtype == np.uint8
    assert len(changed(picture, drawn))
    assert (picture == 80).all()


def test_sides_have_their_colours_in_the_right_places(fakes):
    pose = fakes.pose(300)
    drawn = annotate(grey(640, 480), [PersonMark(0, pose, "")])
    for name, colour in (("left_knee", LEFT_COLOUR), ("right_knee", RIGHT_COLOUR)):
        x, y = pose.image[MEDIAPIPE_33.index(name)]
        assert at(drawn, (x, y)) == colour


@pytest.mark.parametrize("landmarks", [MEDIAPIPE_33, MEDIAPIPE_HAND_21], ids=lambda layout: layout.name)
def test_a_page_is_told_how_to_draw_the_same(landmarks):
    limbs, told = limbs_of(landmarks), json.loads(json.dumps(limbs_for_page(landmarks)))
    assert [(a, b) for a, b, _ in told["lines"]] == [(a, b) for a, b, _ in limbs.lines]
    assert told["lines"][0][2] == "rgb({} {} {})".format(*limbs.lines[0][2])
    assert len(told["joints"]) == len(landmarks) and set(told["dots"]) == limbs.dots
    assert (told["top"], told["bottom"]) == (list(landmarks.torso_top), list(landmarks.torso_bottom))


@pytest.mark.parametrize("place", [(5, 240), (635, 240), (320, -20), (320, 600), (-500, -500)])
def test_the_tag_stays_inside_the_picture(fakes, place):
    pose = fakes.pose(*place)
    drawn = annotate(grey(640, 480), [PersonMark(0, pose, "standing up from a chair 100%")])
    tag = np.argwhere((drawn == person_colour(0)).all(axis=2))
    rows, columns = np.ptp(tag, axis=0) + 1
    (width, height), _ = cv2.getTextSize(
        "standing up from a chair 100%", cv2.FONT_HERSHEY_DUPLEX, 480 / 700, 1
    )
    assert columns >= width and rows >= height


def test_two_people_close_together_have_tags_that_do_not_cover_each_other(fakes):
    marks = [PersonMark(i, fakes.pose(300 + 30 * i), "drinking water 88%") for i in range(2)]
    drawn = annotate(grey(640, 480), marks)
    areas = [(drawn == person_colour(i)).all(axis=2) for i in range(2)]
    alone = (annotate(grey(640, 480), marks[:1]) == person_colour(0)).all(axis=2)
    assert areas[0].sum() == alone.sum()
    assert areas[1].sum() > 0.8 * alone.sum()


def test_joints_that_are_not_seen_are_not_drawn(fakes):
    pose = fakes.pose()
    visibility = np.ones(33)
    hidden = [
        i
        for i, name in enumerate(MEDIAPIPE_33.joints)
        if any(p in name for p in ("knee", "ankle", "heel", "foot"))
    ]
    visibility[hidden] = 0.1
    drawn = annotate(
        grey(640, 480), [PersonMark(0, PersonPose(pose.image, pose.world, visibility, (640, 480)), "")]
    )
    lowest = changed(grey(640, 480), drawn)[:, 0].max()
    assert lowest < pose.image[MEDIAPIPE_33.index("left_knee"), 1] - 10


def test_wild_coordinates_do_no_harm(fakes):
    pose = fakes.pose()
    image = pose.image.copy()
    image[15], image[16], image[27] = (1e9, -1e9), (np.nan, np.inf), (-3e5, 2e6)
    annotate(grey(640, 480), [PersonMark(0, PersonPose(image, pose.world, np.ones(33), (640, 480)), "wave")])


def test_poses_of_a_scaled_picture_are_drawn_in_place(fakes):
    pose = fakes.pose(320, 240, 40, (640, 480))
    small = annotate(grey(320, 240), [PersonMark(0, pose, "")])
    x, y = pose.image[MEDIAPIPE_33.index("left_knee")] / 2
    assert at(small, (x, y)) == LEFT_COLOUR


def test_what_a_tag_says():
    assert label_text("arm_curl", 0.918) == "arm curl 92%"
    assert label_text(None, 0.3) == "no action I know"


def test_every_finger_has_its_own_colour_from_base_to_tip():
    hand = open_hand()
    drawn = annotate(grey(640, 480), [PersonMark(0, hand, "")])
    assert len(set(FINGER_COLOURS.values())) == 5
    for finger, colour in FINGER_COLOURS.items():
        joints = [
            MEDIAPIPE_HAND_21.index(f"{finger}_{joint}") for joint in ("base", "first", "second", "tip")
        ]
        places = hand.image[joints]
        for x, y in (*places, *(places[1:] + places[:-1]) / 2):  # the joints, and half way between them
            assert at(drawn, (x, y)) == colour, finger


@pytest.mark.parametrize("size", [(640, 480), (16, 12), (1, 1), (3840, 2160)])
def test_a_hand_in_any_size_of_picture(size):
    width, height = size
    hand = open_hand(size, (width / 2, height * 0.8), height / 4)
    drawn = annotate(grey(*size), [PersonMark(0, hand, "grab 92%")])
    assert drawn.shape == (height, width, 3) and len(changed(grey(*size), drawn))


def test_lines_are_as_thick_as_the_hand_is_large():
    near, far = (
        len(changed(grey(640, 480), annotate(grey(640, 480), [PersonMark(0, open_hand(palm=palm), "")])))
        for palm in (120, 40)
    )
    assert near > 5 * far, "nine times the area"
