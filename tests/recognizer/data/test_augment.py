"""Random windows for training: labels stay true, and each measure does what its name says."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pose.layouts import KINETICS_18, NTU_25
from pose.skeleton import MAX_GAP, SkeletonSequence
from recognizer.data import augment
from recognizer.data.augment import Augmentation, interpolated, mirrored, training_window
from recognizer.data.clip import Clip
from recognizer.data.corpus import Example
from recognizer.data.views import project_to_kinetics18, rotate_about, rotation
from recognizer.preprocess import Preprocessing, network_input
from recognizer.windows import window_times

N = NTU_25.index
K = KINETICS_18.index
LABELS = ("arm_curl", "draw_tick", "idle", "swipe_left", "swipe_right", "walk", "wave")
NONE = Augmentation(
    speed=0, mirror=0, frontal_views=0, azimuth=0, any_azimuth=0, elevation=(4.0, 4.0001), roll=0,
    distance=(3, 3), other_arm=0, stretch=0, zoom_drift=0, height_drift=0, noise=0, slow_noise=0, drop_legs=0,
    close_up=0, desk=0, hide_seen=0, drop_arm=0, drop_joint=0, short=0, onset=0,
)  # fmt: skip


def example(sequence: SkeletonSequence, *labels: str) -> Example:
    clip = Clip("clip", "utd_mhad", "action", "s1", "train", sequence)
    return Example(clip, tuple(LABELS.index(label) for label in labels), "train")


def window(
    of: Example,
    layout=KINETICS_18,
    seed: int = 0,
    augmentation: Augmentation = Augmentation(),
    **preprocessing,
) -> tuple[np.ndarray, tuple[int, ...]]:
    rng = np.random.default_rng(seed)
    return training_window(of, layout, LABELS, 3.0, 32, Preprocessing(**preprocessing), augmentation, rng)


@pytest.mark.parametrize("layout", [NTU_25, KINETICS_18], ids=lambda layout: layout.name)
def test_mirroring_twice_gives_the_clip_back(layout):
    rng = np.random.default_rng(0)
    joints = rng.normal(size=(4, len(layout), layout.coordinates)).astype(np.float32)
    confidence = rng.random((4, len(layout))).astype(np.float32)
    once = mirrored(joints, confidence, layout)
    twice = mirrored(*once, layout)
    np.testing.assert_array_equal(twice[0], joints)
    np.testing.assert_array_equal(twice[1], confidence)
    assert not np.array_equal(once[0], joints)


def test_a_mirrored_right_hand_is_a_left_hand(wave):
    clip = wave()
    joints, _ = mirrored(clip.joints[0], clip.confidence[0], NTU_25)
    assert (joints[:, N("left_wrist"), 1] > joints[:, N("head"), 1]).all()
    assert (joints[:, N("right_wrist"), 1] < joints[:, N("right_shoulder"), 1]).all()
    assert (joints[:, N("left_shoulder"), 0] < joints[:, N("right_shoulder"), 0]).all(), (
        "still faces the sensor"
    )


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


@pytest.mark.parametrize("origin, torso", [("torso", 1.0), ("first", 1.0), ("spine", 0.5)])
def test_noise_is_in_torso_lengths_and_on_what_is_seen_alone(standing, origin, torso):
    """Of a body that stands still, 0.5 m from the hips to the shoulders."""
    still = SkeletonSequence(
        np.repeat(standing[None], 300, 0)[None], np.ones((1, 300, 25)), np.arange(300) / 30, NTU_25
    )
    noisy = NONE.model_copy(update={"noise": 0.1, "drop_legs": 1.0})
    found = []
    for seed in range(40):
        array, _ = window(example(still, "wave"), NTU_25, seed, noisy, origin=origin)
        assert not array[:, :, N("left_ankle")].any()
        seen = array[-1, :, N("right_shoulder")] > 0
        found.append(array[:3, seen, N("right_shoulder")].std(1).mean())
    # Up to a tenth of a torso, evenly.
    assert np.mean(found) == pytest.approx(0.05 * torso, rel=0.25)
    assert max(found) < 0.13 * torso


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


def test_both_arms_wave_when_one_is_copied_onto_the_other(wave):
    clip = wave()
    joints = augment._other_arm(clip.joints[0], ["wave"], NTU_25, np.random.default_rng(0))
    for name in ("wrist", "elbow", "hand"):
        right, left = joints[:, N(f"right_{name}")], joints[:, N(f"left_{name}")]
        np.testing.assert_allclose(left, right * [-1, 1, 1], atol=1e-5)  # the body stands upright at x = 0
    np.testing.assert_array_equal(joints[:, N("right_wrist")], clip.joints[0][:, N("right_wrist")])


def test_one_arm_rests_in_a_curl_with_one_arm(standing):
    times = np.arange(61) / 30
    joints = np.repeat(standing[None], len(times), 0)
    lift = 0.25 * (1 - np.cos(2 * np.pi * times))
    for side in ("left", "right"):
        joints[:, N(f"{side}_wrist"), 1] += lift
    result = augment._other_arm(joints, ["arm_curl"], NTU_25, np.random.default_rng(0))
    moved = {side: np.ptp(result[:, N(f"{side}_wrist"), 1]) for side in ("left", "right")}
    assert sorted(moved.values()) == pytest.approx([0, 0.5], abs=1e-4)
    lowest = min(moved, key=moved.get)
    np.testing.assert_allclose(
        result[:, N(f"{lowest}_wrist")], np.repeat(standing[None, N(f"{lowest}_wrist")], 61, 0), atol=1e-5
    )


def test_other_actions_keep_their_arms(wave):
    joints = wave().joints[0]
    assert augment._other_arm(joints, ["swipe_left"], NTU_25, np.random.default_rng(0)) is joints


def test_dropped_legs_are_zero_and_marked(wave):
    always = Augmentation(drop_legs=1.0, close_up=0, hide_seen=0, drop_arm=0, drop_joint=0)
    ankles_only = 0
    for seed in range(30):
        array, _ = window(example(wave(), "wave"), seed=seed, augmentation=always)
        ankles = [K("left_ankle"), K("right_ankle")]
        knees = [K("left_knee"), K("right_knee")]
        assert not array[:, :, ankles].any()
        ankles_only += bool(array[:, :, knees].any())
        assert array[2, :, K("neck")].any()
    assert 0 < ankles_only < 30


def test_dropped_arm_and_joints(wave):
    array, _ = window(example(wave(), "wave"), augmentation=NONE.model_copy(update={"drop_arm": 1.0}))
    gone = [not array[:, :, [K(f"{side}_elbow"), K(f"{side}_wrist")]].any() for side in ("left", "right")]
    assert sorted(gone) == [False, True]
    array, _ = window(example(wave(), "wave"), augmentation=NONE.model_copy(update={"drop_joint": 1.0}))
    assert not array.any()


def test_a_close_up_shows_only_the_upper_body(wave):
    always = NONE.model_copy(update={"close_up": 1.0})
    hands = 0
    for seed in range(16):
        array, _ = window(example(wave(), "walk"), seed=seed, augmentation=always)
        below = [K(f"{side}_{joint}") for side in ("left", "right") for joint in ("hip", "knee", "ankle")]
        assert not array[:, :, below].any()
        assert array[2, :, [K("nose"), K("neck"), K("left_shoulder")]].any(1).all()
        hands += bool(array[:, :, K("right_wrist")].any())
    assert 0 < hands < 16, "now and then the hands are below the picture's edge too"


def test_what_the_arms_tell_has_a_close_view_of_its_own(wave):
    close = NONE.model_copy(update={"close_up": 1.0})
    desk = NONE.model_copy(update={"desk": 1.0})
    knee = K("left_knee")
    for label in ("wave", "idle"):
        assert window(example(wave(), label), augmentation=close)[0][:, :, knee].any()
        assert not window(example(wave(), label), augmentation=desk)[0][:, :, knee].any()
    assert window(example(wave(), "walk"), augmentation=desk)[0][:, :, knee].any(), "legs tell a walk"


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


def test_of_somebody_who_has_just_come_in_only_a_piece_is_seen(wave):
    of = example(wave(8.0), "wave")
    options = NONE.model_copy(update={"short": 1.0, "slow_camera": 0.0, "short_seconds": (0.7, 2.0)})
    known = []
    for seed in range(30):
        array, _ = window(of, NTU_25, seed, options)
        seen = array[-1].min(1) > 0
        first, last = np.flatnonzero(seen)[[0, -1]]
        assert seen[first : last + 1].all()
        known.append((last - first) * 3 / 31)
        hidden = array[:3, ~seen]
        if first:
            np.testing.assert_array_equal(hidden[:, 0], array[:3, first], "before it, the body stands still")
    # What is outside of the piece is bridged for half a second on either side, as live.
    assert 0.7 - 0.1 <= min(known) < 1.8 and 1.8 < max(known) <= 2.0 + 2 * MAX_GAP
    whole, _ = window(of, NTU_25, 0, NONE.model_copy(update={"slow_camera": 0.0}))
    assert whole[-1].all()


def test_of_an_action_that_begins_only_the_start_is_seen(wave):
    clip = wave(8.0)
    options = NONE.model_copy(update={"onset": 1.0, "slow_camera": 0.0, "short_seconds": (0.7, 2.0)})
    moving = []
    for seed in range(30):
        array, _ = window(example(clip, "wave"), NTU_25, seed, options)
        assert array[-1].all(), "somebody stood there before"
        begins = np.flatnonzero(np.abs(np.diff(array[:3], axis=1)).max((0, 2)) > 0)[0]
        moving.append((31 - begins) * 3 / 31)
        np.testing.assert_array_equal(array[:3, 0], array[:3, begins])
    assert 0.7 <= min(moving) + 0.1 and min(moving) < 1.0 and 1.7 < max(moving) <= 2.0 + 0.1


def test_speed_stretches_the_window(wave):
    fast = NONE.model_copy(update={"speed": 0.5})
    of = example(wave(20.0), "wave")

    def beats(augmentation: Augmentation, seed: int) -> int:
        x = window(of, seed=seed, augmentation=augmentation)[0][0, :, K("right_wrist")]
        return int((np.diff(np.sign(x - x.mean())) != 0).sum())

    plain = {beats(NONE, seed) for seed in range(20)}
    varied = {beats(fast, seed) for seed in range(20)}
    assert plain <= {8, 9, 10}  # 1.5 waves a second for 3 s cross their middle 9 times
    assert min(varied) < min(plain) and max(varied) > max(plain)


# Pictures that change and errors that stay


def square(frames: int = 33) -> tuple[np.ndarray, np.ndarray]:
    """Corners of a square of 2 about (5, 3), all seen: (T, 4, 2), (T, 4)."""
    corners = np.array([[4, 2], [6, 2], [4, 4], [6, 4]], np.float32)
    return corners[None].repeat(frames, 0), np.ones((frames, 4), bool)


def moved(**measures: float) -> list[np.ndarray]:
    options = NONE.model_copy(update=measures)
    return [augment._moving_camera(*square(), options, np.random.default_rng(seed)) for seed in range(200)]


def test_stretching_widens_or_narrows_the_picture_and_leaves_its_height():
    found = moved(stretch=0.3)
    widths = np.array([np.ptp(each[..., 0], axis=1) for each in found]) / 2
    np.testing.assert_allclose(widths, widths[:, :1].repeat(33, 1), rtol=1e-5, err_msg="all the time alike")
    assert np.exp(-0.3) <= widths.min() < 0.77 and 1.3 < widths.max() <= np.exp(0.3) + 1e-6
    for each in found:
        np.testing.assert_allclose(np.ptp(each[..., 1], axis=1), 2, rtol=1e-5)


def test_the_height_drifts_evenly_in_two_windows_of_five():
    found = np.array([each[..., 1].mean(1) for each in moved(height_drift=0.5)])
    drift = found[:, -1] - found[:, 0]
    assert 0.25 < (np.abs(drift) > 1e-6).mean() < 0.55
    # Normal, of 0.4 times half the body's size of 2.
    assert drift[np.abs(drift) > 1e-6].std() == pytest.approx(0.4 * 0.5 * 2, rel=0.2)
    np.testing.assert_allclose(np.diff(found, 2, axis=1), 0, atol=1e-5)
    assert np.ptp([each[..., 0].mean() for each in moved(height_drift=0.5)]) < 1e-5, "not to the side"


def test_slow_noise_goes_straight_from_one_of_four_errors_to_the_next():
    options = NONE.model_copy(update={"slow_noise": 0.1})
    still = np.zeros((31, 5, 2))
    found = [augment._noisy(still, 1.0, options, np.random.default_rng(seed)) for seed in range(300)]
    for each in found:
        bends = np.abs(np.diff(each, 2, axis=0)).max((1, 2)) > 1e-12
        assert set(np.flatnonzero(bends) + 1) <= {10, 20} and bends.any()
    # Normal, of a deviation that is itself even up to 0.1: a square of 0.1^2 / 3 in the mean.
    assert np.mean([each[0] ** 2 for each in found]) == pytest.approx(0.01 / 3, rel=0.2)
    assert np.mean([each[-1] ** 2 for each in found]) == pytest.approx(0.01 / 3, rel=0.2)
    for each in (augment._noisy(still, 0.0, options, np.random.default_rng(0)),):
        assert not each.any()


# Interpolation in time


def test_interpolated_agrees_with_resample(wave):
    clip = wave(4.0, 12.0)
    times = window_times(3.71, 3.0, 32)
    joints, confidence = interpolated(clip, times)
    slow = clip.resample(times)
    np.testing.assert_allclose(joints, slow.joints[0], atol=1e-5)
    np.testing.assert_array_equal(confidence, slow.confidence[0])


@pytest.mark.parametrize("end", [0.3, 1.0, 2.2, 3.4])
def test_interpolated_outside_the_clip_agrees_with_resample(wave, end):
    clip = wave(2.0)
    times = window_times(end, 3.0, 32)
    joints, confidence = interpolated(clip, times)
    slow = clip.resample(times)
    np.testing.assert_allclose(joints, slow.joints[0], atol=1e-5)
    np.testing.assert_array_equal(confidence > 0, slow.confidence[0] > 0)
    outside = (times < -MAX_GAP - 1e-9) | (times > 2.0 + MAX_GAP + 1e-9)
    np.testing.assert_array_equal(confidence[:, 0] == 0, outside)


def test_interpolated_of_a_single_frame(wave):
    clip = wave(0.0)
    joints, confidence = interpolated(clip, np.array([-1.0, 0.0, 0.4]))
    np.testing.assert_array_equal(joints, np.repeat(clip.joints[0], 3, 0))
    assert (confidence > 0).all(1).tolist() == [False, True, True]
