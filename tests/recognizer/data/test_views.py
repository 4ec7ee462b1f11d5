"""The axes: a right hand stays a right hand, through a camera and through MediaPipe's landmarks."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pose.layouts import KINETICS_18, MEDIAPIPE_33, NTU_25
from pose.mapping import from_landmarks
from recognizer.data.utd_mhad import read_utd_mhad
from recognizer.data.views import project_to_kinetics18, rotate_about, rotation

K = KINETICS_18.index
N = NTU_25.index
DATA = Path(__file__).resolve().parents[4] / "shared" / "data"


def seen_from(clip, distance: float = 3.0, **angles: float) -> np.ndarray:
    """(T, 18, 2) image of a clip, angles in degrees."""
    matrix = rotation(**{name: np.radians(angle) for name, angle in angles.items()})
    return project_to_kinetics18(clip.joints[0], clip.confidence[0], matrix, distance)[0]


def test_a_right_handed_wave_seen_from_the_front(wave):
    image = seen_from(wave())
    # Unmirrored: the right side of someone who faces the camera is on the left of the picture; y grows down.
    assert (image[:, K("right_wrist"), 0] < image[:, K("right_shoulder"), 0]).all()
    assert (image[:, K("right_shoulder"), 0] < image[:, K("left_shoulder"), 0]).all()
    assert (image[:, K("right_wrist"), 1] < image[:, K("nose"), 1]).all()
    assert (image[:, K("nose"), 1] < image[:, K("neck"), 1]).all()
    assert (image[:, K("left_wrist"), 1] > image[:, K("left_shoulder"), 1]).all()
    assert (image[:, K("left_ankle"), 1] > image[:, K("left_knee"), 1]).all()
    assert np.ptp(image[:, K("right_wrist"), 0]) > 10 * np.ptp(image[:, K("left_wrist"), 0])


def test_from_behind_the_picture_is_the_other_way_round(wave):
    image = seen_from(wave(), azimuth=180)
    assert (image[:, K("right_wrist"), 0] > image[:, K("left_wrist"), 0]).all()
    assert (image[:, K("right_wrist"), 1] < image[:, K("nose"), 1]).all()


def test_pinhole_by_hand(standing):
    joints, confidence = standing[None], np.ones((1, 25))
    image, sure = project_to_kinetics18(joints, confidence, rotation(), distance=2.0)
    # Everything 2 m away, so 0.5 focal lengths a metre; the hips' middle is the origin.
    np.testing.assert_allclose(image[0, K("right_wrist")], [-0.24 / 2, 0.05 / 2], atol=1e-6)
    np.testing.assert_allclose(image[0, K("nose")], [0, -0.72 / 2], atol=1e-6)
    assert sure[0, :14].all()
    assert not sure[0, 14:].any(), "Kinect sees no eyes and ears"
    far, _ = project_to_kinetics18(joints, confidence, rotation(), distance=4.0)
    np.testing.assert_allclose(far[0, :14], image[0, :14] / 2, atol=1e-6)


def test_confidence_goes_with_its_joint(standing):
    confidence = np.ones((2, 25), np.float32)
    confidence[1, N("left_knee")] = 0
    _, sure = project_to_kinetics18(np.stack([standing] * 2), confidence, rotation(), 3.0)
    assert [int(i) for i in np.flatnonzero(sure[1, :14] == 0)] == [K("left_knee")]


def test_a_camera_above_looks_down_and_the_head_comes_nearer(wave):
    clip = wave()
    turned = rotate_about(clip.joints[0, 0], rotation(elevation=np.radians(30)), clip.joints[0, 0, 0])
    assert turned[N("head"), 2] < turned[N("spine_base"), 2] < turned[N("left_ankle"), 2]
    from_above, level = seen_from(clip, elevation=30)[0], seen_from(clip)[0]
    assert np.ptp(from_above[:14, 1]) < np.ptp(level[:14, 1]), "foreshortened"


def test_roll_turns_the_picture(wave):
    level, rolled = seen_from(wave())[0, :14], seen_from(wave(), roll=20)[0, :14]
    c, s = np.cos(np.radians(20)), np.sin(np.radians(20))
    # Turning the person anticlockwise as they see the sensor is one and the same turn in the picture.
    np.testing.assert_allclose(rolled, level @ np.array([[c, s], [-s, c]]), atol=1e-5)


@given(st.floats(-4, 4), st.floats(-1.5, 1.5), st.floats(-4, 4))
def test_rotations_are_proper(azimuth, elevation, roll):
    matrix = rotation(azimuth, elevation, roll)
    np.testing.assert_allclose(matrix @ matrix.T, np.eye(3), atol=1e-5)
    assert np.linalg.det(matrix) == pytest.approx(1, abs=1e-5)  # a mirror would have -1


def test_someone_who_walks_into_the_camera_stays_finite(standing):
    joints = np.stack([standing, standing + np.array([0, 0, -5], np.float32)])
    image, _ = project_to_kinetics18(joints, np.ones((2, 25)), rotation(), 1.0)
    assert np.isfinite(image).all()


def landmarks_of(joints: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """What MediaPipe gives for (T, 25, 3) Kinect joints: image pixels (T, 33, 2) and world metres (T, 33, 3).

    Written from MediaPipe's description alone: x to the right of the unmirrored picture, y down, z away.
    """
    names = {
        "nose": "head", "left_ear": "head", "right_ear": "head", "left_index": "left_hand_tip",
        "right_index": "right_hand_tip", "left_little": "left_hand_tip", "right_little": "right_hand_tip",
    }  # fmt: skip
    world = np.zeros((len(joints), 33, 3))
    for index, name in enumerate(MEDIAPIPE_33.joints):
        source = names.get(name, name)
        if source in NTU_25.joints:
            x, y, z = np.moveaxis(joints[:, N(source)] - joints[:, 0], -1, 0)
            world[:, index] = np.stack([-x, -y, z], -1)
    image = 320 + 600 * world[..., :2] / (world[..., 2:] + 3.0)
    return image, world


def test_the_same_wave_through_mediapipe(wave):
    clip = wave()
    image, world = landmarks_of(clip.joints[0])
    assert (image[:, MEDIAPIPE_33.index("right_wrist"), 0] < 320).all(), "left half of the picture"

    joints, _ = from_landmarks(world, np.ones(world.shape[:2]), NTU_25)
    for name in ("right_wrist", "left_wrist", "right_shoulder", "left_knee", "head", "spine_shoulder"):
        wanted = clip.joints[0][:, N(name)] - clip.joints[0][:, 0]
        np.testing.assert_allclose(joints[:, N(name)] - joints[:, 0], wanted, atol=0.021, err_msg=name)

    flat, _ = from_landmarks(image, np.ones(image.shape[:2]), KINETICS_18)
    projected = 320 + 600 * seen_from(clip)
    for name in ("right_wrist", "left_wrist", "right_shoulder", "left_knee", "nose"):
        np.testing.assert_allclose(flat[:, K(name)], projected[:, K(name)], atol=0.5, err_msg=name)


def test_right_handed_actions_of_real_recordings_stay_right_handed():
    if not (DATA / "utd_mhad").is_dir():
        pytest.skip(f"the data set utd_mhad is not in {DATA}")
    judged = 0
    for clip in read_utd_mhad(DATA / "utd_mhad"):
        if clip.action not in ("wave", "throw", "knock"):
            continue
        image, _ = project_to_kinetics18(
            clip.sequence.joints[0], clip.sequence.confidence[0], rotation(), 3.0
        )
        right, left = image[:, K("right_wrist")], image[:, K("left_wrist")]
        moved = [np.linalg.norm(np.diff(wrist, axis=0), axis=-1).sum() for wrist in (right, left)]
        assert moved[0] > moved[1], f"{clip.name}: the right hand acts"
        assert image[:, K("right_shoulder"), 0].mean() < image[:, K("left_shoulder"), 0].mean(), clip.name
        assert right[:, 1].min() < left[:, 1].min(), f"{clip.name}: the right hand is raised"
        judged += 1
    assert judged == 96
