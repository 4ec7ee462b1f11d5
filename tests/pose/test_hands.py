"""Hand pose estimation: the interface on generated pictures, the places on real hands where there are any."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from pose.estimators import MediaPipePose
from pose.hands import MediaPipeHands
from pose.layouts import MEDIAPIPE_33, MEDIAPIPE_HAND_21
from pose.mapping import to_shrec22
from pose.tracking import PersonTracker
from tests import clips

ROOT = Path(__file__).parents[2]
WRIST = MEDIAPIPE_HAND_21.index("wrist")


@pytest.fixture(scope="module")
def opened() -> Iterator[MediaPipeHands]:
    with MediaPipeHands() as estimator:
        yield estimator


@pytest.fixture
def estimator(opened: MediaPipeHands) -> MediaPipeHands:
    opened.reset()
    return opened


@pytest.mark.parametrize("size", [(480, 640), (1, 1), (7, 300), (2160, 3840)])
def test_an_empty_picture_has_no_hand(estimator: MediaPipeHands, size: tuple[int, int]) -> None:
    assert estimator.estimate(np.zeros((*size, 3), np.uint8), 0.0) == []


def test_timestamps_may_repeat_and_run_backwards(estimator: MediaPipeHands) -> None:
    blank = np.zeros((48, 64, 3), np.uint8)
    for timestamp in (5.0, 5.0, 5.0001, 1.0, 1.0, -3.0, 1e6, 0.0):
        assert estimator.estimate(blank, timestamp) == []


@pytest.mark.parametrize("image", [np.zeros((48, 64), np.uint8), np.zeros((48, 64, 3), np.float32)])
def test_what_is_no_rgb_picture_is_refused(estimator: MediaPipeHands, image: np.ndarray) -> None:
    with pytest.raises(ValueError, match="image must be"):
        estimator.estimate(image, 0.0)


def test_one_or_two_hands() -> None:
    with pytest.raises(ValueError, match="hands must be 1 or 2"):
        MediaPipeHands(hands=3)


def test_closing_twice_is_fine_and_a_closed_one_says_so() -> None:
    estimator = MediaPipeHands(hands=1)
    estimator.close()
    estimator.close()
    with pytest.raises(RuntimeError, match="closed"):
        estimator.estimate(np.zeros((48, 64, 3), np.uint8), 0.0)


def test_both_hands_are_where_the_body_has_its_wrists(estimator: MediaPipeHands) -> None:
    clip = clips.hands(430, 470)
    tracker, ids = PersonTracker(), []
    with MediaPipePose(persons=1) as people:
        for index, image in enumerate(clip):
            hands = estimator.estimate(image, index / 30)
            ids.append({hand.id: hand.pose.image[WRIST, 0] for hand in tracker.update(hands, index / 30)})
            (body,) = people.estimate(image, index / 30)
            # His right is on the picture's left.
            for hand, side in zip(
                sorted(hands, key=lambda hand: hand.image[WRIST, 0]), ("right", "left"), strict=True
            ):
                wrist = body.image[MEDIAPIPE_33.index(f"{side}_wrist")]
                assert np.linalg.norm(hand.image[WRIST] - wrist) < 45, (index, side)
                assert hand.frame_size == clips.HANDS_SIZE
                assert hand.layout is MEDIAPIPE_HAND_21 and (hand.visibility == 1).all()
    assert all(set(each) == {0, 1} for each in ids), "two hands, and each keeps its id"
    assert len({each[0] < 600 for each in ids}) == 1, "and its side"


def test_a_real_hand_as_shrec_has_its_size_and_its_thumb_up(estimator: MediaPipeHands) -> None:
    (image,) = clips.hands(430, 431)
    right, left = sorted(estimator.estimate(image, 0.0), key=lambda hand: hand.image[WRIST, 0])
    for hand, outwards in ((right, 1), (left, -1)):  # x grows towards the right of somebody who faces us
        joints, _ = to_shrec22(hand)
        tips = joints[[9, 13, 17, 21]].mean(axis=0)
        assert 0.06 < np.linalg.norm(joints[10]) < 0.13, "metres from the wrist to the middle knuckle"
        assert outwards * tips[0] > 0.05, "the fingers point away from the body"
        assert joints[5, 1] > tips[1], "the thumb is above them"


def test_a_new_clip_is_seen_from_its_first_picture(estimator: MediaPipeHands) -> None:
    """After a cut, told by a timestamp that runs backwards, both hands are where they are now."""
    first, second = clips.hands(430, 431)[0], np.ascontiguousarray(clips.hands(350, 351)[0])
    assert len(estimator.estimate(first, 9.0)) == 2
    fresh = [hand.image for hand in estimator.estimate(second, 0.0)]
    estimator.reset()
    again = [hand.image for hand in estimator.estimate(second, 20.0)]
    assert len(fresh) == 2
    np.testing.assert_allclose(fresh, again, atol=1e-3)


def test_one_hand_where_one_is_asked_for() -> None:
    (image,) = clips.hands(430, 431)
    with MediaPipeHands(hands=1) as estimator:
        assert len(estimator.estimate(image, 0.0)) == 1


def test_native_chatter_is_silent(tmp_path: Path) -> None:
    """A whole process, since most of it comes once in a process."""
    image = tmp_path / "image.npy"
    np.save(image, clips.hands(430, 431)[0])
    program = (
        "import sys, numpy as np\n"
        "from pose.hands import MediaPipeHands\n"
        "with MediaPipeHands() as estimator:\n"
        "    for t in range(3):\n"
        "        estimator.estimate(np.load(sys.argv[1]), t)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(image)], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stderr == ""
