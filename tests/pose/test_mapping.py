"""Mapping on a body of known geometry: someone who faces the camera and raises the right hand.

The body is built twice by hand from the same positions: in metres as MediaPipe's world landmarks (x right in
the image, y down, z away from the camera), and in pixels as a pinhole camera sees it.
"""

import csv
from pathlib import Path

import numpy as np
import pytest

from pose.layouts import KINETICS_18, LAYOUTS, MEDIAPIPE_33, MEDIAPIPE_HAND_21, NTU_25, SHREC_22
from pose.mapping import from_landmarks, landmarks_for, to_layout, to_shrec22
from pose.skeleton import PersonPose
from tests.doubles import open_hand

REAL_LANDMARKS = Path(__file__).parents[2] / "../shared/data/real_landmarks"
DISTANCE, FOCAL, CENTRE = 3.0, 600.0, np.array([320.0, 240.0])

# Metres from the middle of the hips, as seen in the image: the person's right is on the image's left (x < 0).
# The right arm is raised and reaches a little forward, the left one hangs.
ONE_SIDE = {
    "eye": (0.03, -0.68, -0.10), "eye_inner": (0.02, -0.68, -0.10), "eye_outer": (0.04, -0.68, -0.09),
    "ear": (0.08, -0.66, 0.0), "mouth": (0.02, -0.61, -0.10), "shoulder": (0.18, -0.50, 0.0),
    "hip": (0.10, 0.0, 0.0), "knee": (0.11, 0.42, -0.02), "ankle": (0.11, 0.82, 0.02),
    "heel": (0.11, 0.86, 0.05), "foot_index": (0.13, 0.87, -0.12),
}  # fmt: skip
HANGING = {
    "elbow": (0.22, -0.24, 0.0), "wrist": (0.24, 0.0, -0.02), "little": (0.26, 0.08, 0.0),
    "index": (0.24, 0.10, -0.03), "thumb": (0.22, 0.05, -0.05),
}  # fmt: skip
RAISED = {
    "elbow": (0.30, -0.70, -0.05), "wrist": (0.28, -0.95, -0.10), "little": (0.31, -1.02, -0.10),
    "index": (0.27, -1.05, -0.11), "thumb": (0.24, -1.0, -0.12),
}  # fmt: skip


def world_landmarks(raised: str = "right") -> np.ndarray:
    landmarks = {"nose": (0.0, -0.65, -0.12)}
    for side, sign in (("left", 1), ("right", -1)):
        for part, (x, y, z) in {**ONE_SIDE, **(RAISED if side == raised else HANGING)}.items():
            landmarks[f"{side}_{part}"] = (sign * x, y, z)
    return np.array([landmarks[name] for name in MEDIAPIPE_33.joints])


def body(raised: str = "right", visibility: np.ndarray | None = None) -> PersonPose:
    world = world_landmarks(raised)
    image = FOCAL * world[:, :2] / (world[:, 2:] + DISTANCE) + CENTRE
    return PersonPose(image, world, np.ones(33) if visibility is None else visibility, (640, 480))


def to_kinetics18(pose: PersonPose) -> tuple[np.ndarray, np.ndarray]:
    return to_layout(pose, KINETICS_18)


def to_ntu25(pose: PersonPose) -> tuple[np.ndarray, np.ndarray]:
    return to_layout(pose, NTU_25)


@pytest.mark.parametrize("side", ["left", "right"])
def test_the_raised_hand_is_above_the_head_in_both_layouts(side) -> None:
    other = "left" if side == "right" else "right"
    pixels, _ = to_kinetics18(body(raised=side))
    nose = pixels[KINETICS_18.index("nose"), 1]
    assert pixels[KINETICS_18.index(f"{side}_wrist"), 1] < nose  # y down
    assert pixels[KINETICS_18.index(f"{other}_wrist"), 1] > nose

    metres, _ = to_ntu25(body(raised=side))
    head = metres[NTU_25.index("head"), 1]
    for part in ("wrist", "hand", "hand_tip", "thumb"):
        assert metres[NTU_25.index(f"{side}_{part}"), 1] > head  # y up
        assert metres[NTU_25.index(f"{other}_{part}"), 1] < head


def test_facing_the_camera_right_is_left_in_the_image_and_positive_for_kinect() -> None:
    pixels, _ = to_kinetics18(body())
    metres, _ = to_ntu25(body())
    for layout, joints, sign in ((KINETICS_18, pixels, -1), (NTU_25, metres, 1)):
        for joint, name in enumerate(layout.joints):
            if name.startswith("right_"):
                assert sign * (joints[joint, 0] - joints[layout.mirror[joint], 0]) > 0, name


def test_depth_grows_away_from_the_camera() -> None:
    metres, _ = to_ntu25(body())
    assert metres[NTU_25.index("left_foot"), 2] < metres[NTU_25.index("left_ankle"), 2]  # toes to the camera


def test_kinect_axes_are_a_rotation_of_mediapipes() -> None:
    axes, _ = from_landmarks(np.eye(3)[:, None, :].repeat(33, axis=1), np.ones((3, 33)), NTU_25)
    assert np.linalg.det(axes[:, 0]) == pytest.approx(1)  # -1 would turn left into right


def test_kinect_frame_projects_back_onto_the_image() -> None:
    pixels, _ = to_kinetics18(body())
    metres, _ = to_ntu25(body())
    depth = metres[:, 2] + DISTANCE
    u = FOCAL * -metres[:, 0] / depth + CENTRE[0]
    v = FOCAL * -metres[:, 1] / depth + CENTRE[1]
    shared = sorted(set(NTU_25.joints) & set(KINETICS_18.joints) - {"neck"})  # the two necks differ
    assert len(shared) == 12
    for name in shared:
        j = NTU_25.index(name)
        np.testing.assert_allclose((u[j], v[j]), pixels[KINETICS_18.index(name)], atol=1e-3, err_msg=name)


def test_named_landmarks_are_taken_as_they_are() -> None:
    pose = body()
    pixels, _ = to_kinetics18(pose)
    metres, _ = to_ntu25(pose)
    for layout, joints, source in ((KINETICS_18, pixels, pose.image), (NTU_25, metres, -pose.world)):
        for name in set(layout.joints) & set(MEDIAPIPE_33.joints):
            landmark = source[MEDIAPIPE_33.index(name)]
            np.testing.assert_allclose(joints[layout.index(name), :2], landmark[:2], rtol=1e-6)


def test_derived_joints_lie_where_the_body_has_them() -> None:
    w = dict(zip(MEDIAPIPE_33.joints, world_landmarks() * (-1, -1, 1), strict=True))
    shoulders = (w["left_shoulder"] + w["right_shoulder"]) / 2
    hips = (w["left_hip"] + w["right_hip"]) / 2
    head = (w["left_ear"] + w["right_ear"]) / 2
    expected = {
        "spine_base": hips,
        "spine_shoulder": shoulders,
        "spine_middle": (hips + shoulders) / 2,
        "head": head,
        "neck": (shoulders + head) / 2,
        "right_hand": (w["right_wrist"] + w["right_index"] + w["right_little"]) / 3,
        "left_hand": (w["left_wrist"] + w["left_index"] + w["left_little"]) / 3,
        "left_hand_tip": w["left_index"],
        "right_hand_tip": w["right_index"],
        "left_foot": w["left_foot_index"],
        "right_foot": w["right_foot_index"],
    }
    metres, _ = to_ntu25(body())
    for name, position in expected.items():
        np.testing.assert_allclose(metres[NTU_25.index(name)], position, atol=1e-6, err_msg=name)

    pose = body()
    pixels, _ = to_kinetics18(pose)
    np.testing.assert_allclose(
        pixels[KINETICS_18.index("neck")], pose.image[[11, 12]].mean(axis=0), rtol=1e-6
    )


def test_a_mirrored_person_is_the_mirrored_skeleton() -> None:
    """Raising the other hand is the same as mirroring the picture and swapping left and right."""
    left, _ = to_kinetics18(body(raised="left"))
    right, _ = to_kinetics18(body(raised="right"))
    mirrored = right[list(KINETICS_18.mirror)] * (-1, 1) + (2 * CENTRE[0], 0)
    np.testing.assert_allclose(left, mirrored, atol=1e-3)

    left, _ = to_ntu25(body(raised="left"))
    right, _ = to_ntu25(body(raised="right"))
    np.testing.assert_allclose(left, right[list(NTU_25.mirror)] * (-1, 1, 1), atol=1e-6)


@pytest.mark.parametrize("layout", [KINETICS_18, NTU_25], ids=lambda layout: layout.name)
def test_mirrored_landmarks_give_the_mirrored_joints_and_confidence(layout) -> None:
    generator = np.random.default_rng(1)
    landmarks, visibility = generator.normal(size=(33, layout.coordinates)), generator.random(33)
    flip = np.array([-1, 1, 1])[: layout.coordinates]
    swap = list(MEDIAPIPE_33.mirror)
    joints, confidence = from_landmarks(landmarks, visibility, layout)
    mirrored_joints, mirrored_confidence = from_landmarks(landmarks[swap] * flip, visibility[swap], layout)
    np.testing.assert_allclose(mirrored_joints, joints[list(layout.mirror)] * flip, atol=1e-6)
    np.testing.assert_array_equal(mirrored_confidence, confidence[list(layout.mirror)])


def test_a_derived_joint_is_as_certain_as_its_least_certain_landmark() -> None:
    visibility = np.ones(33)
    for name, value in (("left_hip", 0.2), ("right_index", 0.3), ("left_ear", 0.4), ("right_shoulder", 0.5)):
        visibility[MEDIAPIPE_33.index(name)] = value
    _, ntu = to_ntu25(body(visibility=visibility))
    expected = {
        "left_hip": 0.2, "spine_base": 0.2, "spine_middle": 0.2, "right_hand": 0.3, "right_hand_tip": 0.3,
        "head": 0.4, "neck": 0.4, "right_shoulder": 0.5, "spine_shoulder": 0.5,
    }  # fmt: skip
    for name, confidence in zip(NTU_25.joints, ntu, strict=True):
        assert confidence == pytest.approx(expected.get(name, 1.0)), name

    _, kinetics = to_kinetics18(body(visibility=visibility))
    expected = {"left_hip": 0.2, "left_ear": 0.4, "right_shoulder": 0.5, "neck": 0.5}
    for name, confidence in zip(KINETICS_18.joints, kinetics, strict=True):
        assert confidence == pytest.approx(expected.get(name, 1.0)), name


def test_whole_clips_map_as_their_frames_do() -> None:
    generator = np.random.default_rng(2)
    world, visibility = generator.normal(size=(2, 5, 33, 3)), generator.random((2, 5, 33))
    image = world[..., :2] * 100
    kinetics = from_landmarks(image, visibility, KINETICS_18)
    ntu = from_landmarks(world, visibility, NTU_25)
    assert [a.shape for a in (*kinetics, *ntu)] == [(2, 5, 18, 2), (2, 5, 18), (2, 5, 25, 3), (2, 5, 25)]
    for clip, frame in np.ndindex(2, 5):
        pose = PersonPose(image[clip, frame], world[clip, frame], visibility[clip, frame], (640, 480))
        for whole, single in ((kinetics, to_kinetics18(pose)), (ntu, to_ntu25(pose))):
            np.testing.assert_allclose(whole[0][clip, frame], single[0], rtol=1e-5, atol=1e-5)
            np.testing.assert_allclose(whole[1][clip, frame], single[1], rtol=1e-6)


def test_hand_landmarks_gain_a_palm_and_turn_upright() -> None:
    hand = np.random.default_rng(3).normal(size=(4, 21, 3))
    upright = from_landmarks(hand, np.ones((4, 21)), SHREC_22)[0]
    assert upright.shape == (4, 22, 3)
    turned = hand * (-1, -1, 1)
    np.testing.assert_allclose(upright[:, SHREC_22.index("wrist")], turned[:, 0], rtol=1e-6)
    np.testing.assert_allclose(upright[:, SHREC_22.index("palm")], turned[:, [0, 9]].mean(axis=1), atol=1e-6)
    np.testing.assert_allclose(upright[:, 2:], turned[:, 1:], rtol=1e-6)  # fingers, in the same order


def test_a_hand_by_hand() -> None:
    """A hand 0.4 m beside the middle of what MediaPipe measures from, whose knuckles lie 9 cm above it."""
    world = np.zeros((21, 3))
    world[:] = (0.4, 0.2, 0.1)  # the wrist
    world[1:] += (0.03, -0.09, 0.02)  # to the right in the picture, up, away from the camera
    hand = PersonPose(np.zeros((21, 2)), world, np.full(21, 0.7), (640, 480), MEDIAPIPE_HAND_21)
    joints, confidence = to_shrec22(hand)
    np.testing.assert_array_equal(joints[0], 0)
    np.testing.assert_allclose(joints[SHREC_22.index("palm")], [-0.015, 0.045, 0.01], atol=1e-6)
    np.testing.assert_allclose(joints[2:], np.tile([-0.03, 0.09, 0.02], (20, 1)), atol=1e-6)
    np.testing.assert_allclose(confidence, 0.7)


def moved(hand: PersonPose, pixels: tuple[float, float]) -> PersonPose:
    return PersonPose(hand.image + pixels, hand.world, hand.visibility, hand.frame_size, hand.layout)


def test_a_hand_by_itself_is_the_same_everywhere() -> None:
    np.testing.assert_array_equal(to_shrec22(moved(open_hand(), (50, -70)))[0], to_shrec22(open_hand())[0])


def test_the_place_of_a_hand_by_hand() -> None:
    """A palm of 90 pixels and 9 cm has 1 mm a pixel; the wrist is 180 pixels below the picture's middle."""
    joints, _ = to_layout(open_hand(wrist=(320, 420), palm=90), SHREC_22)
    np.testing.assert_allclose(joints[0, :2], [0, -0.18], atol=1e-5)
    np.testing.assert_allclose(joints - joints[0], to_shrec22(open_hand())[0], atol=1e-6)
    # 100 pixels to the picture's right are 10 cm to the left of somebody who faces the camera.
    swiped, _ = to_layout(open_hand(wrist=(420, 370), palm=90), SHREC_22)
    np.testing.assert_allclose(swiped - joints, np.tile([-0.1, 0.05, 0], (22, 1)), atol=1e-5)
    # Twice as far away: half as large in the picture, and half as many pixels from its middle.
    far, _ = to_layout(open_hand(wrist=(320, 330), palm=45), SHREC_22)
    np.testing.assert_allclose(far, joints, atol=1e-5)


def test_the_place_of_a_hand_does_not_hang_on_what_its_metres_are_measured_from() -> None:
    hand = open_hand(wrist=(200, 100))
    other = PersonPose(hand.image, hand.world + (0.1, -0.2, 0.3), hand.visibility, (640, 480), hand.layout)
    np.testing.assert_allclose(to_layout(other, SHREC_22)[0], to_layout(hand, SHREC_22)[0], atol=1e-6)


def test_a_hand_of_one_point_has_no_place_and_no_infinity() -> None:
    point = PersonPose(np.full((21, 2), 7.0), np.zeros((21, 3)), np.ones(21), (640, 480), MEDIAPIPE_HAND_21)
    assert not to_layout(point, SHREC_22)[0].any()


class TestToLayout:
    @pytest.mark.parametrize("choice", ["kinetics-18", KINETICS_18])
    def test_kinetics(self, choice) -> None:
        joints, confidence = to_layout(body(), choice)
        np.testing.assert_array_equal(joints, from_landmarks(body().image, np.ones(33), KINETICS_18)[0])
        assert confidence.shape == (18,)

    @pytest.mark.parametrize("choice", ["ntu-25", NTU_25])
    def test_ntu(self, choice) -> None:
        joints, confidence = to_layout(body(), choice)
        np.testing.assert_array_equal(joints, from_landmarks(body().world, np.ones(33), NTU_25)[0])
        assert confidence.shape == (25,)

    @pytest.mark.parametrize("choice", ["coco-17", LAYOUTS["shrec-22"]])
    def test_other_layouts_get_a_sentence_with_those_that_exist(self, choice) -> None:
        with pytest.raises(ValueError, match=r"A body pose .* use one of: kinetics-18, ntu-25\."):
            to_layout(body(), choice)

    @pytest.mark.parametrize("choice", ["shrec-22", SHREC_22])
    def test_hand(self, choice) -> None:
        joints, confidence = to_layout(open_hand(), choice)
        np.testing.assert_allclose(joints - joints[0], to_shrec22(open_hand())[0], atol=1e-6)
        assert confidence.shape == (22,)

    @pytest.mark.parametrize("choice", [KINETICS_18, NTU_25, "coco-17"])
    def test_a_hand_is_no_body(self, choice) -> None:
        with pytest.raises(ValueError, match=r"A hand pose .* use one of: shrec-22\."):
            to_layout(open_hand(), choice)

    def test_every_layout_tells_its_landmarks(self) -> None:
        assert landmarks_for(KINETICS_18) is landmarks_for(NTU_25) is MEDIAPIPE_33
        assert landmarks_for(SHREC_22) is MEDIAPIPE_HAND_21
        with pytest.raises(ValueError, match="'mediapipe-33'; use one of: kinetics-18, ntu-25, shrec-22"):
            landmarks_for(MEDIAPIPE_33)


@pytest.mark.skipif(not REAL_LANDMARKS.exists(), reason="the landmarks of real clips are not on this machine")
def test_real_people_keep_their_sides() -> None:
    """In real landmarks, whichever shoulder is further right in the image has the smaller Kinect x."""
    data = np.load(REAL_LANDMARKS / "real_landmarks.npz")
    with (REAL_LANDMARKS / "real_landmarks.csv").open() as file:
        widths = [float(row["width"]) for row in csv.DictReader(file)]
    landmarks, world = data["landmarks"][::20], data["world"][::20]
    width = np.repeat(widths, data["lengths"])[::20]
    pixels, _ = from_landmarks(landmarks[..., :2] * width[:, None, None], landmarks[..., 3], KINETICS_18)
    metres, confidence = from_landmarks(world[..., :3], world[..., 3], NTU_25)
    kinetics = [KINETICS_18.index(f"{side}_shoulder") for side in ("left", "right")]
    ntu = [NTU_25.index(f"{side}_shoulder") for side in ("left", "right")]
    across = metres[:, ntu[1], 0] - metres[:, ntu[0], 0]
    clear = data["detected"][::20].astype(bool) & (np.abs(across) > 0.1) & (confidence[:, ntu].min(1) > 0.5)
    assert clear.sum() > 300
    agrees = np.sign(across) == np.sign(pixels[:, kinetics[0], 0] - pixels[:, kinetics[1], 0])
    assert agrees[clear].mean() > 0.98
    head, hips = metres[:, NTU_25.index("head"), 1], metres[:, NTU_25.index("spine_base"), 1]
    assert (head > hips)[clear].mean() > 0.8  # the others lie, do push-ups or bend
