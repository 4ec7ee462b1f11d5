"""What the network is shown: independent of place and size, finite whatever comes in."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from pose.layouts import KINETICS_18, NTU_25, SHREC_22
from pose.mapping import to_layout
from recognizer.data.views import project_to_kinetics18, rotation
from recognizer.preprocess import COORDINATE_LIMIT, Preprocessing, channels, network_input, normalise, placed
from tests.doubles import open_hand

PLAIN = Preprocessing()
HIPS = [KINETICS_18.index("left_hip"), KINETICS_18.index("right_hip")]
SHOULDERS = [KINETICS_18.index("left_shoulder"), KINETICS_18.index("right_shoulder")]
NECK = KINETICS_18.index("neck")


@pytest.fixture
def picture(wave) -> tuple[np.ndarray, np.ndarray]:
    """The wave seen from the front by a camera, in pixels: (T, 18, 2), (T, 18)."""
    clip = wave()
    joints, confidence = project_to_kinetics18(clip.joints[0], clip.confidence[0], rotation(), 3.0)
    return joints * 600 + np.array([320, 240], np.float32), confidence


def test_by_hand():
    joints = np.zeros((2, 18, 2), np.float32)
    confidence = np.zeros((2, 18), np.float32)
    places = {
        "neck": (100, 100), "left_shoulder": (110, 100), "right_shoulder": (90, 100),
        "left_hip": (108, 150), "right_hip": (92, 150), "right_wrist": (75, 50),
    }  # fmt: skip
    for name, place in places.items():
        joints[0, KINETICS_18.index(name)] = place
        joints[1, KINETICS_18.index(name)] = np.add(place, (30, 10))  # walks and sinks
        confidence[:, KINETICS_18.index(name)] = 1
    values, seen = normalise(joints, confidence, KINETICS_18, PLAIN)
    # Torso 50 pixels; the hips' middle is at x 100 and 130; its height, 150 and 160, has the median 155.
    np.testing.assert_allclose(values[0, NECK], [0, -55 / 50], atol=1e-6)
    np.testing.assert_allclose(values[1, NECK], [0, -45 / 50], atol=1e-6)
    np.testing.assert_allclose(values[1, KINETICS_18.index("right_wrist")], [-25 / 50, -95 / 50], atol=1e-6)
    np.testing.assert_array_equal(seen, confidence)


def test_the_height_is_that_of_most_frames(picture):
    """Somebody who jumps once is not below the origin all the rest of the window."""
    joints, confidence = picture
    joints = joints.copy()
    values, _ = normalise(joints, confidence, KINETICS_18, PLAIN)
    joints[: len(joints) // 4, :, 1] -= 150
    jumped, _ = normalise(joints, confidence, KINETICS_18, PLAIN)
    rest = slice(len(joints) // 4, None)
    np.testing.assert_allclose(jumped[rest, HIPS], values[rest, HIPS], atol=1e-4)
    assert (jumped[: len(joints) // 4, HIPS, 1] < -0.5).all()


def test_three_dimensions_by_hand(standing):
    walking = np.stack([standing, standing + np.array([0.5, 0.1, -1.0], np.float32)])
    values, _ = normalise(walking, np.ones((2, 25)), NTU_25, PLAIN)
    np.testing.assert_allclose(values[0], values[1], atol=1e-5)
    np.testing.assert_allclose(values[0, NTU_25.index("spine_base")], 0, atol=1e-6)
    head, torso = NTU_25.index("head"), 0.5
    np.testing.assert_allclose(values[0, head], [0, 0.72 / torso, 0], atol=1e-5)
    assert values[0, NTU_25.index("right_wrist"), 0] > 0 > values[0, NTU_25.index("left_wrist"), 0]


@given(
    x=st.floats(-5000, 5000),
    y=st.floats(-5000, 5000),
    size=st.floats(0.05, 20),
    data=st.integers(0, 5),
)
def test_place_and_size_do_not_matter_in_a_picture(x, y, size, data):
    rng = np.random.default_rng(data)
    joints = rng.uniform(0, 400, (8, 18, 2)).astype(np.float32)
    confidence = rng.choice([0.0, 0.1, 0.5, 1.0], (8, 18)).astype(np.float32)
    confidence[:, [NECK, *HIPS]] = 1
    values, seen = normalise(joints, confidence, KINETICS_18, PLAIN)
    moved, moved_seen = normalise(joints * size + np.array([x, y]), confidence, KINETICS_18, PLAIN)
    np.testing.assert_allclose(moved, values, atol=2e-3)
    np.testing.assert_array_equal(moved_seen, seen)


def test_place_and_size_do_not_matter_in_a_room(wave):
    clip = wave()
    values, _ = normalise(clip.joints[0], clip.confidence[0], NTU_25, PLAIN)
    moved, _ = normalise(clip.joints[0] * 1.3 + np.array([2, 1, 4]), clip.confidence[0], NTU_25, PLAIN)
    np.testing.assert_allclose(moved, values, atol=1e-4)


def test_sideways_camera_drift_is_removed_and_jumping_is_kept(picture):
    joints, confidence = picture
    values, _ = normalise(joints, confidence, KINETICS_18, PLAIN)
    drift = np.linspace(0, 200, len(joints))[:, None]
    sideways, upwards = joints.copy(), joints.copy()
    sideways[..., 0] += drift
    np.testing.assert_allclose(
        normalise(sideways, confidence, KINETICS_18, PLAIN)[0][:, :14], values[:, :14], atol=1e-4
    )
    upwards[..., 1] -= drift
    rise = normalise(upwards, confidence, KINETICS_18, PLAIN)[0][:, NECK, 1] - values[:, NECK, 1]
    torso = np.linalg.norm(joints[0, NECK] - joints[0, HIPS].mean(0))
    np.testing.assert_allclose(rise[0] - rise[-1], 200 / torso, rtol=1e-3)


def test_without_hips_the_shoulders_give_place_and_size(picture):
    joints, confidence = picture
    values, _ = normalise(joints, confidence, KINETICS_18, PLAIN)
    below = [KINETICS_18.index(f"{side}_{j}") for side in ("left", "right") for j in ("hip", "knee", "ankle")]
    cut, hidden = joints.copy(), confidence.copy()
    cut[:, below], hidden[:, below] = 0, 0  # the picture's lower edge
    upper, seen = normalise(cut, hidden, KINETICS_18, PLAIN)
    assert not upper[:, below].any()
    assert not seen[:, below].any()
    # The body is nearly as large and at nearly the same place as with hips.
    shown = [NECK, *SHOULDERS, KINETICS_18.index("right_wrist")]
    np.testing.assert_allclose(upper[:, shown], values[:, shown], atol=0.35)


def test_a_wrong_guess_of_the_hips_changes_neither_size_nor_place(picture):
    """Of somebody at a desk pose estimators guess the hips below the picture, near or far."""
    joints, confidence = picture
    shown = [NECK, *SHOULDERS, KINETICS_18.index("right_wrist")]
    below = [KINETICS_18.index(f"{side}_{j}") for side in ("left", "right") for j in ("knee", "ankle")]
    found = []
    for stretch in (0.5, 1.0, 2.5):
        guessed, sure = joints.copy(), confidence.copy()
        guessed[:, HIPS] = joints[:, [NECK]] + stretch * (joints[:, HIPS] - joints[:, [NECK]])
        sure[:, HIPS], sure[:, below] = 0.05, 0
        values, seen = normalise(guessed, sure, KINETICS_18, PLAIN)
        assert not seen[:, HIPS].any()
        found.append(values[:, shown])
    np.testing.assert_allclose(found[0], found[1], atol=1e-4)
    np.testing.assert_allclose(found[2], found[1], atol=1e-4)


@pytest.mark.parametrize("far", ["left", "right"])
def test_the_near_hip_is_enough_for_someone_seen_from_the_side(picture, far):
    joints, confidence = picture
    side = joints.copy()
    side[..., 0] *= 0.2  # the body's width all but vanishes
    whole, _ = normalise(side, confidence, KINETICS_18, PLAIN)
    hidden = confidence.copy()
    hidden[:, [KINETICS_18.index(f"{far}_{joint}") for joint in ("hip", "shoulder")]] = 0
    values, seen = normalise(side, hidden, KINETICS_18, PLAIN)
    shown = np.flatnonzero(hidden.max(0))
    assert seen[:, shown].all()
    np.testing.assert_allclose(values[:, shown], whole[:, shown], atol=0.15)


def test_without_shoulders_the_limbs_give_the_size(picture):
    joints, confidence = picture
    whole = normalise(joints, confidence, KINETICS_18, PLAIN)[0]
    behind = confidence.copy()
    behind[:, [KINETICS_18.index(name) for name in ("neck", "left_shoulder", "right_shoulder")]] = 0
    values, seen = normalise(joints, behind, KINETICS_18, PLAIN)
    assert seen.sum() == behind.sum() > 0
    knee, ankle = (KINETICS_18.index(f"left_{joint}") for joint in ("knee", "ankle"))
    shank, wanted = (np.linalg.norm(each[0, knee] - each[0, ankle]) for each in (values, whole))
    assert 0.6 * wanted < shank < 1.6 * wanted


def test_without_the_torso_the_limbs_give_place_and_size(picture):
    joints, confidence = picture
    names = ("neck", "left_shoulder", "right_shoulder", "left_hip", "right_hip")
    behind = confidence.copy()
    behind[:, [KINETICS_18.index(name) for name in names]] = 0
    values, seen = normalise(joints + 1000, behind, KINETICS_18, PLAIN)
    assert seen.sum() == behind.sum() > 0
    assert (
        np.abs(values).max() < COORDINATE_LIMIT
    )  # somewhere around the body, not around the picture's corner


def test_hips_missing_for_some_frames_only_make_no_jump(picture):
    joints, confidence = picture
    confidence = confidence.copy()
    confidence[10:20, HIPS] = 0
    values, _ = normalise(joints, confidence, KINETICS_18, PLAIN)
    whole, _ = normalise(joints, np.maximum(confidence, (confidence.max(0) > 0)[None]), KINETICS_18, PLAIN)
    np.testing.assert_allclose(values[:, SHOULDERS], whole[:, SHOULDERS], atol=0.1)


def test_a_torso_that_points_at_the_camera_does_not_blow_up_the_body(picture):
    joints, confidence = picture
    joints = joints.copy()
    joints[:, HIPS, 1] = joints[:, [NECK], 1] + 2  # push-up from the front: neck and hips nearly coincide
    values, _ = normalise(joints, confidence, KINETICS_18, PLAIN)
    width = np.linalg.norm(values[:, SHOULDERS[0]] - values[:, SHOULDERS[1]], axis=-1)
    assert (width < 1).all()


def test_unsure_joints_are_interpolated_and_marked(picture):
    joints, confidence = picture
    wrist = KINETICS_18.index("right_wrist")
    joints, confidence = joints.copy(), confidence.copy()
    sure, _ = normalise(joints, confidence, KINETICS_18, PLAIN)
    joints[5:9, wrist], confidence[5:9, wrist] = 0, 0.1
    values, seen = normalise(joints, confidence, KINETICS_18, PLAIN)
    part = np.arange(1, 5)[:, None] / 5
    between = sure[4, wrist] * (1 - part) + sure[9, wrist] * part
    np.testing.assert_allclose(values[5:9, wrist], between, atol=1e-5)
    assert seen[:, wrist].tolist() == [float(not 5 <= t < 9) for t in range(len(joints))]
    taken, _ = normalise(joints, confidence, KINETICS_18, Preprocessing(min_confidence=0.05))
    assert np.abs(taken[5:9, wrist] - between).max() > 1


def test_a_joint_never_sure_is_zero(picture):
    joints, confidence = picture
    wrist = KINETICS_18.index("right_wrist")
    confidence = confidence.copy()
    confidence[:, wrist] = 0.1
    values, seen = normalise(joints, confidence, KINETICS_18, PLAIN)
    assert not values[:, wrist].any()
    assert not seen[:, wrist].any()


def test_a_joint_that_outlasts_a_gap_keeps_its_place_but_is_marked_as_not_seen(picture):
    joints, confidence = picture
    wrist = KINETICS_18.index("right_wrist")
    confidence = confidence.copy()
    confidence[20:, wrist] = 0  # what SkeletonSequence.resample gives for longer gaps
    values, seen = normalise(joints, confidence, KINETICS_18, PLAIN)
    assert values[20:, wrist].any()
    assert not seen[20:, wrist].any()


def test_ignored_joints_are_as_if_never_seen(picture):
    joints, confidence = picture
    face = (14, 15, 16, 17)
    confidence = confidence.copy()
    confidence[:, face] = 1
    ignoring, seen = normalise(joints, confidence, KINETICS_18, Preprocessing(ignored_joints=face))
    confidence[:, face] = 0
    never, seen_never = normalise(joints, confidence, KINETICS_18, PLAIN)
    np.testing.assert_array_equal(ignoring, never)
    np.testing.assert_array_equal(seen, seen_never)


def degenerate_clips():
    joints = np.zeros((6, 18, 2), np.float32)
    none = np.zeros((6, 18), np.float32)
    yield "never seen", joints, none
    # Penn Action 1920: neck and hips never annotated, everything else far from the picture's corner.
    joints = np.random.default_rng(0).uniform(200, 400, (6, 18, 2)).astype(np.float32)
    seen = np.ones((6, 18), np.float32)
    for index in (NECK, *HIPS, *SHOULDERS):
        joints[:, index], seen[:, index] = 0, 0
    yield "no neck, hips or shoulders", joints, seen
    seen = seen.copy()
    seen[:, SHOULDERS[0]] = 1
    yield "one shoulder", joints, seen
    yield "all joints in one point", np.full((6, 18, 2), 300, np.float32), np.ones((6, 18), np.float32)
    speck = 300 + np.random.default_rng(0).normal(0, 1e-5, (6, 18, 2)).astype(np.float32)
    yield "a speck", speck, np.ones((6, 18), np.float32)
    wild = np.random.default_rng(0).uniform(0, 400, (6, 18, 2)).astype(np.float32)
    wild[3, 4] = 4e6
    yield "one joint at 4e6", wild, np.ones((6, 18), np.float32)
    huge = np.random.default_rng(0).normal(0, 1e30, (6, 18, 2)).astype(np.float32)
    huge[:, [NECK, *HIPS, *SHOULDERS]] = [[1, 0], [0, 1e-3], [0, 1e-3], [1, 0], [1, 0]]
    yield "coordinates beyond reason", huge, np.ones((6, 18), np.float32)


@pytest.mark.parametrize("stream", ["joint", "bone", "joint_motion", "bone_motion"])
@pytest.mark.parametrize(
    "name,joints,confidence", list(degenerate_clips()), ids=lambda v: v if isinstance(v, str) else ""
)
def test_degenerate_clips_give_small_finite_numbers(name, joints, confidence, stream):
    values, seen = normalise(joints, confidence, KINETICS_18, PLAIN)
    assert np.isfinite(values).all()
    assert np.abs(values).max() <= COORDINATE_LIMIT == 4
    assert set(np.unique(seen)) <= {0.0, 1.0}
    array = network_input(joints, confidence, KINETICS_18, Preprocessing(streams=(stream,)))
    assert np.isfinite(array).all()
    assert np.abs(array).max() <= 4 * COORDINATE_LIMIT  # differences of differences


def test_network_input_has_coordinates_then_seen(picture):
    joints, confidence = picture
    values, seen = normalise(joints, confidence, KINETICS_18, PLAIN)
    array = network_input(joints, confidence, KINETICS_18, PLAIN)
    assert array.shape == (3, len(joints), 18)
    assert array.dtype == np.float32
    np.testing.assert_array_equal(array[1], values[..., 1])
    np.testing.assert_array_equal(array[2], seen)


def test_streams_are_joined_along_the_channels(picture):
    joints, confidence = picture
    confidence = confidence.copy()
    confidence[:, KINETICS_18.index("left_elbow")] = 0
    several = ("joint", "bone", "joint_motion")
    array = network_input(joints, confidence, KINETICS_18, Preprocessing(streams=several))
    alone = [network_input(joints, confidence, KINETICS_18, Preprocessing(streams=(s,))) for s in several]
    assert array.shape[0] == channels(KINETICS_18, Preprocessing(streams=several)) == 7
    np.testing.assert_array_equal(array, np.concatenate([*(a[:2] for a in alone), alone[0][2:]]))
    # The forearm's and the upper arm's bone have no known end at the elbow.
    assert not array[2:4, :, [KINETICS_18.index("left_elbow"), KINETICS_18.index("left_wrist")]].any()


def test_inputs_are_left_alone(picture):
    joints, confidence = picture
    copies = joints.copy(), confidence.copy()
    network_input(joints, confidence, KINETICS_18, Preprocessing(ignored_joints=(0, 3)))
    np.testing.assert_array_equal(joints, copies[0])
    np.testing.assert_array_equal(confidence, copies[1])


@pytest.mark.parametrize(
    "options", [{"streams": ["angle"]}, {"streams": []}, {"min_confidence": 0.0}, {"smooth": True}]
)
def test_options_that_make_no_sense_are_refused(options):
    with pytest.raises(ValidationError):
        Preprocessing(**options)


WRIST_ORIGIN = Preprocessing(origin="spine", confidence=False)


@pytest.mark.parametrize("origin", ["spine", "first"])
def test_a_hand_is_seen_from_where_its_wrist_was_at_first(origin):
    rng = np.random.default_rng(0)
    shape, way = rng.normal(0, 0.05, (1, 22, 3)), rng.normal(0, 0.3, (12, 1, 3))
    options = Preprocessing(origin=origin, confidence=False)
    array = network_input((shape + way).astype(np.float32), np.ones((12, 22)), SHREC_22, options)
    assert array.shape == (channels(SHREC_22, options), 12, 22) == (3, 12, 22)
    palm = np.linalg.norm(shape[0, 10] - shape[0, 0])
    wanted = (shape - shape[:, :1] + way - way[:1]) / palm
    np.testing.assert_allclose(array, wanted.transpose(2, 0, 1), atol=1e-4)


def test_swipes_to_the_left_and_to_the_right_differ():
    shape = np.random.default_rng(0).normal(0, 0.05, (1, 22, 3))
    way = np.linspace([0, 0, 0], [0.4, 0, 0], 12)[:, None]
    left, right = (
        network_input(shape + sign * way, np.ones((12, 22)), SHREC_22, WRIST_ORIGIN) for sign in (-1, 1)
    )
    assert np.abs(right - left)[0, -1].min() > 3


@pytest.mark.parametrize("distance", [1.0, 0.5])
def test_a_swipe_before_a_camera_is_one_from_whatever_distance(distance):
    """300 pixels to the picture's right of a palm of 90: 3.33 palms to the left of who faces the camera."""
    hands = [
        open_hand(wrist=(320 + distance * (x - 150), 240 + distance * 160), palm=distance * 90)
        for x in np.linspace(0, 300, 12)
    ]
    joints, confidence = map(np.stack, zip(*(to_layout(hand, SHREC_22) for hand in hands), strict=True))
    array = network_input(joints, confidence, SHREC_22, WRIST_ORIGIN)
    knuckle = open_hand().world[9] - open_hand().world[0]
    palm = np.linalg.norm(knuckle) / 0.09
    np.testing.assert_allclose(array[0, :, 0], np.linspace(0, -300 / 90 / palm, 12), atol=1e-4)
    np.testing.assert_allclose(array[1:, :, 0], 0, atol=1e-4)


def test_somebody_who_walks_is_seen_to_walk_from_the_first_frame_alone(standing):
    walking = standing + np.linspace([0, 0, 0], [1, 0, -0.5], 6)[:, None].astype(np.float32)
    seen = np.ones((6, 25), np.float32)
    first, spine = (
        network_input(walking, seen, NTU_25, Preprocessing(origin=origin, confidence=False))
        for origin in ("first", "spine")
    )
    torso = 0.5
    base, top = NTU_25.index("spine_base"), NTU_25.index("spine_shoulder")
    np.testing.assert_allclose(first[:, 0, [base, top]], [[0, 0], [0, 1], [0, 0]], atol=1e-5)
    np.testing.assert_allclose(first[:, -1, base], [1 / torso, 0, -0.5 / torso], atol=1e-5)
    np.testing.assert_allclose(spine[:, -1], spine[:, 0], atol=1e-5)


def test_several_people_are_placed_each_by_themselves_or_by_the_first_one(standing):
    pair = np.stack([standing, standing + [1.0, 0, 0]])[:, None].repeat(3, 1).astype(np.float32)
    seen = np.ones((2, 3, 25), np.float32)
    base = NTU_25.index("spine_base")
    for origin, apart in (("torso", 0), ("first", 2), ("spine", 1)):
        values, known = placed(pair, seen, NTU_25, Preprocessing(origin=origin))
        assert np.linalg.norm(values[1, 0, base] - values[0, 0, base]) == pytest.approx(apart, abs=1e-5)
        np.testing.assert_array_equal(known, seen)


def test_metres_are_no_pixels():
    with pytest.raises(ValueError, match="origin spine is in metres, and kinetics-18 is in pixels"):
        channels(KINETICS_18, Preprocessing(origin="spine"))


def test_of_unsure_joints_there_is_no_place(standing):
    confidence = np.ones((4, 25), np.float32)
    wrist = NTU_25.index("left_wrist")
    confidence[1:, wrist] = 0.1
    for origin in ("spine", "first"):
        array = network_input(standing[None].repeat(4, 0), confidence, NTU_25, Preprocessing(origin=origin))
        assert array[:, 0, wrist].any() and not array[:, 1:, wrist].any()


def test_a_hand_that_was_not_there_yet_is_zero():
    joints, confidence = np.ones((4, 22, 3), np.float32), np.ones((4, 22), np.float32)
    joints[:, 5:] += 0.1
    confidence[:2] = 0
    array = network_input(joints, confidence, SHREC_22, WRIST_ORIGIN)
    assert not array[:, :2].any() and array[:, 2:, 5:].all()


@pytest.mark.parametrize("use", [lambda o: channels(SHREC_22, o), lambda o: network_input(
    np.zeros((4, 22, 3), np.float32), np.ones((4, 22), np.float32), SHREC_22, o)])  # fmt: skip
def test_a_hand_has_no_torso(use):
    with pytest.raises(ValueError, match="origin torso needs shoulders, and shrec-22 has none; choose spine"):
        use(Preprocessing())
