"""Kinect v1 -> NTU-25, and the axes of all four Kinect data sets."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from pose.layouts import NTU_25
from recognizer.data.clip import DataError
from recognizer.data.kinect import KINECT_20, kinect_sequence, ntu25_from_kinect20
from recognizer.data.msr_action3d import JOINT_ORDER as MSR_ORDER
from recognizer.data.msr_action3d import read_msr_action3d
from recognizer.data.nw_ucla import read_nw_ucla
from recognizer.data.utd_mhad import JOINT_ORDER as UTD_ORDER
from recognizer.data.utd_mhad import read_utd_mhad
from recognizer.data.utkinect import read_utkinect

READERS = {
    "utd_mhad": read_utd_mhad,
    "nw_ucla": read_nw_ucla,
    "msr_action3d": read_msr_action3d,
    "utkinect": read_utkinect,
}
PATH = Path("clip.txt")


def test_every_joint_lands_where_the_layouts_say() -> None:
    joints = np.arange(60.0).reshape(1, 20, 3)
    out, _ = ntu25_from_kinect20(joints, np.ones((1, 20)))
    # By hand from the Kinect v1 and v2 joint lists.
    v1_to_v2 = {0: 0, 1: 1, 2: 20, 3: 3, 12: 12, 13: 13, 14: 14, 15: 15, 16: 16, 17: 17, 18: 18, 19: 19}
    v1_to_v2 |= {4: 4, 5: 5, 6: 6, 7: 7, 8: 8, 9: 9, 10: 10, 11: 11}
    for v1, v2 in v1_to_v2.items():
        np.testing.assert_array_equal(out[0, v2], joints[0, v1])
    np.testing.assert_array_equal(out[0, 2], (joints[0, 2] + joints[0, 3]) / 2)
    for tip in (21, 22):
        np.testing.assert_array_equal(out[0, tip], joints[0, 7])
    for tip in (23, 24):
        np.testing.assert_array_equal(out[0, tip], joints[0, 11])


@pytest.mark.parametrize("order", [KINECT_20, UTD_ORDER, MSR_ORDER])
def test_orders_name_the_same_twenty_joints(order: tuple[str, ...]) -> None:
    assert sorted(order) == sorted(KINECT_20)
    # The same body in another order gives the same sequence.
    body = np.random.default_rng(0).normal(size=(3, 20, 3))
    shuffled = body[:, [KINECT_20.index(name) for name in order]]
    times = np.arange(3) / 30
    expected = kinect_sequence(body, times, PATH)
    np.testing.assert_array_equal(kinect_sequence(shuffled, times, PATH, order).joints, expected.joints)


def test_a_joint_at_the_origin_was_not_seen() -> None:
    body = np.ones((2, 20, 3))
    body[1, KINECT_20.index("head")] = 0
    sequence = kinect_sequence(body, np.arange(2) / 30, PATH)
    assert sequence.confidence[0, 0].min() == 1
    unseen = np.flatnonzero(sequence.confidence[0, 1] == 0)
    assert [NTU_25.joints[j] for j in unseen] == ["neck", "head"]
    assert not sequence.joints[0, 1, unseen].any()


def test_no_frames_and_nan_are_refused() -> None:
    with pytest.raises(DataError, match="clip.txt.*no frames"):
        kinect_sequence(np.zeros((0, 20, 3)), np.zeros(0), PATH)
    with pytest.raises(DataError, match="clip.txt.*finite"):
        kinect_sequence(np.full((2, 20, 3), np.nan), np.arange(2.0), PATH)


@pytest.mark.parametrize("name", list(READERS))
def test_real_people_stand_upright_and_face_the_sensor(name: str, real_data) -> None:
    upright, sides = [], []
    hand_work: dict[str, list[bool]] = {}
    index = NTU_25.index
    for clip in READERS[name](real_data(name)):
        sequence = clip.sequence
        assert np.isfinite(sequence.joints).all() and sequence.layout is NTU_25 and sequence.duration >= 0
        joints = sequence.joints[0][sequence.confidence[0].min(axis=-1) > 0].astype(np.float64)
        if not len(joints):
            continue
        y = joints[..., 1]
        upright.append(np.mean((y[:, index("head")] > y[:, 0]) & (y[:, 0] > y[:, index("left_ankle")])))
        x = joints[..., 0]
        sides.append(np.mean(x[:, index("left_shoulder")] < x[:, index("right_shoulder")]))
        left, right = (
            np.linalg.norm(np.diff(joints[:, index(f"{side}_wrist")] - joints[:, 0], axis=0), axis=1).sum()
            for side in ("left", "right")
        )
        hand_work.setdefault(clip.action, []).append(bool(right > left))
    assert np.mean(upright) > 0.98
    # The right shoulder has the larger x for someone who faces the sensor.
    assert np.mean(sides) > 0.98
    right_handed = {
        "utd_mhad": ("wave", "throw", "knock", "catch", "draw_x", "swipe_left", "swipe_right"),
        "msr_action3d": ("high_arm_wave", "hammer", "draw_circle", "forward_punch", "high_throw"),
        "utkinect": ("throw", "push", "pull"),
        "nw_ucla": (),  # seen from three sides, with left and right swapped where people turn away
    }
    for action in right_handed[name]:
        assert np.mean(hand_work[action]) >= 0.9, action
