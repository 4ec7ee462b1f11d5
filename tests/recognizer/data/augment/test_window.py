"""Random windows for training: labels stay true, and nothing but what was asked for is changed."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pose.layouts import KINETICS_18, NTU_25, SkeletonLayout
from pose.skeleton import SkeletonSequence
from recognizer.data.augment.strength import Augmentation
from recognizer.data.clip import Clip
from recognizer.data.corpus import Example
from recognizer.data.views import project_to_kinetics18, rotate_about, rotation
from recognizer.preprocess import Preprocessing, network_input
from tests.recognizer.data.augment.draws import LABELS, NONE, K, example, window


@pytest.mark.parametrize(
    "label,wanted",
    [
        ("swipe_left", "swipe_right"),
        ("swipe_right", "swipe_left"),
        ("wave", "wave"),
        ("draw_tick", "draw_tick"),
    ],
)
def test_labels_of_mirrored_clips(wave, label, wanted):
    always = NONE.model_copy(update={"mirror": 1.0})
    array, targets = window(example(wave(), label), augmentation=always)
    assert targets == (LABELS.index(wanted),)
    left_hand_is_up = array[1, :, K("left_wrist")].max() < array[1, :, K("nose")].min()
    assert left_hand_is_up == (label != "draw_tick"), "a mirrored tick is no tick: it stays as it is"


def test_a_clip_of_no_label_has_no_targets(wave):
    assert window(example(wave()))[1] == ()


@pytest.mark.parametrize("layout", [NTU_25, KINETICS_18], ids=lambda layout: layout.name)
@given(seed=st.integers(0, 10_000), seconds=st.floats(0, 8), fps=st.sampled_from([7.0, 15.0, 30.0]))
@settings(max_examples=60)
def test_every_window_is_finite_small_and_reproducible(wave, layout, seed, seconds, fps):
    of = example(wave(seconds, fps), "wave")
    array, targets = window(of, layout, seed)
    assert array.shape == (layout.coordinates + 1, 32, len(layout))
    assert np.isfinite(array).all()
    assert np.abs(array).max() < 5
    assert set(np.unique(array[-1])) <= {0.0, 1.0}
    assert targets == (LABELS.index("wave"),)
    again, _ = window(of, layout, seed)
    np.testing.assert_array_equal(again, array)


def test_windows_differ_from_draw_to_draw(wave):
    of = example(wave(), "wave")
    assert not np.array_equal(window(of, seed=0)[0], window(of, seed=1)[0])


@pytest.mark.parametrize(
    "layout, origin",
    [
        *((NTU_25, origin) for origin in ("torso", "spine", "first", "extent")),
        *((KINETICS_18, origin) for origin in ("torso", "first", "extent")),
    ],
    ids=lambda each: getattr(each, "name", each),
)
def test_without_augmentation_training_sees_what_the_recogniser_sees(standing, layout, origin):
    times = np.arange(300) / 30
    still = SkeletonSequence(np.repeat(standing[None], 300, 0)[None], np.ones((1, 300, 25)), times, NTU_25)
    array, _ = window(
        example(still, "wave"), layout, augmentation=NONE, origin=origin
    )  # whatever 3 s it takes, all are alike
    matrix = rotation(elevation=np.radians(4.0))
    joints, confidence = still.joints[0, :32], still.confidence[0, :32]
    if layout is KINETICS_18:
        joints, confidence = project_to_kinetics18(joints, confidence, matrix, 3.0)
    else:
        joints = rotate_about(joints, matrix, standing[0])
    live = network_input(joints, confidence, layout, Preprocessing(origin=origin))
    np.testing.assert_allclose(array[:-1], live[:-1], atol=1e-4)
    np.testing.assert_array_equal(array[-1, -1], live[-1, -1])


def test_a_window_has_no_picture():
    with pytest.raises(ValueError, match="no picture"):
        window(None, origin="picture")


def test_a_projected_right_handed_wave_stays_right_handed_in_training(wave):
    """From the front, with everything but mirroring on: the raised wrist is on the picture's left."""
    front = Augmentation(mirror=0, frontal_views=1, close_up=0, drop_arm=0, drop_joint=0, other_arm=0, roll=0)
    for seed in range(20):
        array, _ = window(example(wave(), "wave"), seed=seed, augmentation=front)
        assert array[0, :, K("right_wrist")].mean() < array[0, :, K("left_wrist")].mean()
        assert array[1, :, K("right_wrist")].mean() < array[1, :, K("neck")].mean()


def test_hiding_which_joints_were_seen_keeps_their_places(wave):
    legs = NONE.model_copy(update={"drop_legs": 1.0})
    hidden = legs.model_copy(update={"hide_seen": 1.0})
    told, array = (window(example(wave(), "wave"), augmentation=each)[0] for each in (legs, hidden))
    np.testing.assert_array_equal(array[:-1], told[:-1])
    assert (array[-1] == 1).all()
    assert not told[-1, :, K("left_ankle")].any()


def test_without_that_channel_there_is_nothing_to_hide(wave):
    hidden = NONE.model_copy(update={"hide_seen": 1.0})
    told, array = (
        window(example(wave(), "wave"), augmentation=each, confidence=False)[0] for each in (NONE, hidden)
    )
    assert array.shape == (2, 32, 18)
    np.testing.assert_array_equal(array, told)


def test_ignored_joints_carry_no_noise(wave):
    clip = wave()
    joints, confidence = project_to_kinetics18(clip.joints[0], clip.confidence[0], rotation(), 3.0)
    confidence[:, 14:] = 1
    flat = SkeletonSequence(joints[None] * 500, confidence[None], clip.timestamps, KINETICS_18)
    array, _ = window(example(flat, "wave"), ignored_joints=(14, 15, 16, 17))
    assert not array[:-1, :, 14:].any()


def lender(of: np.ndarray, layout: SkeletonLayout) -> Example:
    """Somebody who stands still before a real camera, (25, 3)."""
    joints, sure = np.repeat(of[None], 90, 0), np.ones((90, 25), np.float32)
    if layout is KINETICS_18:
        joints, sure = project_to_kinetics18(joints, sure, rotation(), 3.0)
    body = SkeletonSequence(joints[None], sure[None], np.arange(90) / 30, layout)
    return Example(Clip("b", "real_landmarks", "idle_standing", "p", "train", body), (), "train")


@pytest.mark.parametrize("layout", [NTU_25, KINETICS_18], ids=lambda layout: layout.name)
@pytest.mark.parametrize("made_up", [0.0, 1.0], ids=["recorded", "made up"])
def test_only_gestures_of_depth_sensors_borrow_a_body(wave, standing, layout, made_up):
    clip = wave()
    tall = standing * np.array([1.0, 2.0, 1.0], np.float32)  # twice the height, the same shoulders
    always = NONE.model_copy(update={"real_body": 1.0, "made_up_wave": made_up})

    def drawn(of: Example) -> np.ndarray:
        return window(of, layout, augmentation=always, bodies=[lender(tall, layout)])[0][: layout.coordinates]

    def shoulders(array: np.ndarray) -> float:
        across = array[:, :, layout.index("left_shoulder")] - array[:, :, layout.index("right_shoulder")]
        return float(np.linalg.norm(across, axis=0).mean())  # in torso lengths

    lent, own = drawn(example(clip, "wave")), drawn(example(clip, "walk"))
    assert shoulders(lent) < 0.6 * shoulders(own)
    hand = lent[:, :, [layout.index("left_wrist"), layout.index("right_wrist")]]
    assert np.ptp(hand, axis=1).max() > 0.1, "it waves"
    if layout is NTU_25:
        of_a_camera = Example(
            Clip("c", "real_landmarks", "wave", "q", "train", clip), (LABELS.index("wave"),), "train"
        )
        assert shoulders(drawn(of_a_camera)) > 0.9 * shoulders(own), "that has its own body"


@pytest.mark.parametrize("layout", [NTU_25, KINETICS_18], ids=lambda layout: layout.name)
def test_claps_on_a_borrowed_body_are_made_up_as_often_as_wanted(wave, standing, layout):
    both = [layout.index("left_wrist"), layout.index("right_wrist")]

    def least_apart(made_up: float) -> float:
        strength = NONE.model_copy(update={"real_body": 1.0, "made_up_clap": made_up})
        bodies = [lender(standing, layout)]
        array, _ = window(example(wave(), "clap"), layout, augmentation=strength, bodies=bodies)
        hands = array[: layout.coordinates][:, :, both]
        return float(np.linalg.norm(hands[..., 0] - hands[..., 1], axis=0).min())  # in torso lengths

    assert least_apart(1.0) < 0.4 < 0.7 < least_apart(0.0), "the one recorded is none"
